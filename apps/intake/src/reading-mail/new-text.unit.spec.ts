import { describe, expect, it } from '@jest/globals';
import { htmlToText } from './html-text.js';
import { newTextOf } from './new-text.js';

const ASSISTENZA = 'assistenza@agenzia.example';

interface Case {
  readonly name: string;
  readonly subject: string;
  readonly thread?: boolean;
  readonly body?: string;
  readonly html?: string;
  readonly text: string;
}

const QUOTED = '> Gentile Ufficio,\n> le richieste urgenti costano il triplo.\n>\n> Il servizio clienti';
const OUTLOOK_IT = `Da: Assistenza <${ASSISTENZA}>\nInviato: lunedì 9 novembre 2026 10:12\nA: Ufficio Turismo <ufficio.turismo@comune.example>\nOggetto: Orari`;
const OUTLOOK_EN = `From: Assistenza <${ASSISTENZA}>\nSent: Monday, November 9, 2026 10:12 AM\nTo: Shop <shop@harbourgifts.test>\nSubject: Hours`;
const THIRD_IT =
  'Da: Cultura <cultura@comune.example>\nInviato: martedì 10 novembre 2026 16:40\nA: Ufficio Turismo <ufficio.turismo@comune.example>\nOggetto: Orari';

const REPLIES: readonly Case[] = [
  ...[
    'Il giorno lun 9 nov 2026 alle ore 10:12 Assistenza <assistenza@agenzia.example> ha scritto:',
    'Il giorno lun 9 nov 2026 alle ore 10:12 Assistenza <\nassistenza@agenzia.example> ha scritto:',
    'Il giorno 9 nov 2026, alle ore 10:12, Assistenza\n<assistenza@agenzia.example> ha\nscritto:',
    'Il 09/11/26 10:12, Assistenza ha scritto:',
    'Il 09/11/2026 10:12, Assistenza ha scritto:',
    'In data 9 novembre 2026 10:12:31 Assistenza <assistenza@agenzia.example> ha scritto:',
    'Il lunedì 9 novembre 2026 alle ore 10:12:04 CET, Assistenza <assistenza@agenzia.example> ha scritto:',
    'On 09/11/2026 10:12, Assistenza wrote:',
    'On Mon, Nov 9, 2026 at 10:12 AM Assistenza <assistenza@agenzia.example> wrote:',
    'On Mon, Nov 9, 2026 at 10:12 AM Assistenza <assistenza@agenzia.example>\nwrote:',
    'On 9 Nov 2026, at 10:12, Assistenza <assistenza@agenzia.example> wrote:',
    'Le lun. 9 nov. 2026 à 10:12, Assistenza <assistenza@agenzia.example> a écrit :',
    'Am 09.11.26 um 10:12 schrieb Assistenza:',
    'El lun, 9 nov 2026 a las 10:12, Assistenza (<assistenza@agenzia.example>) escribió:',
    'Assistenza <assistenza@agenzia.example> ha scritto:',
    'Assistenza ha scritto il 09/11/26 alle 10:12:',
    'Assistenza wrote:',
    '2026-11-09 10:12 GMT+01:00 Assistenza <assistenza@agenzia.example>:',
  ].map((attribution, index) => ({
    name: `attribution ${index + 1}`,
    subject: 'Re: Orari',
    thread: true,
    body: `Va bene, procedete.\n\n${attribution}\n\n${QUOTED}\n`,
    text: 'Va bene, procedete.',
  })),
  ...[
    OUTLOOK_IT,
    `________________________________\n${OUTLOOK_IT}`,
    `________________________________________\n${OUTLOOK_EN}`,
    `-----Messaggio originale-----\n${OUTLOOK_IT}`,
    `-----Original Message-----\n${OUTLOOK_EN}`,
    `---------- Messaggio originale ----------\nDa: ${ASSISTENZA}\nA: x@comune.example\nData: 9 novembre 2026 alle 10.12\nOggetto: Orari`,
    `----Messaggio originale----\nDa: ${ASSISTENZA}\nData: 9-nov-2026 10.12\nA: <x@comune.example>\nOgg: Orari`,
    `-------- Messaggio originale --------\nOggetto: Orari\nData: Mon, 9 Nov 2026 10:12:00 +0100\nMittente: Assistenza <${ASSISTENZA}>\nA: x@comune.example`,
    `*Da:* Assistenza <${ASSISTENZA}>\n*Inviato:* lunedì 9 novembre 2026 10:12\n*A:* x@comune.example\n*Oggetto:* Orari`,
    `Da: Assistenza <${ASSISTENZA}>\nInviato: lunedì 9 novembre 2026 10:12\nA: Uno <uno@comune.example>; Due\n <due@comune.example>\nCc: Tre <tre@comune.example>\nOggetto: Orari`,
  ].map((block, index) => ({
    name: `Outlook block ${index + 1}`,
    subject: 'R: Orari',
    thread: true,
    body: `Va bene, procedete.\n\nLa Direzione\n\n${block}\n\nGentile Ufficio,\nle richieste urgenti costano il triplo.\n`,
    text: 'Va bene, procedete.\n\nLa Direzione',
  })),
  {
    name: 'iOS footer above a quote',
    subject: 'Re: Orari',
    thread: true,
    body: `Ok per noi\n\nInviato da iPhone\n\nIl giorno 9 nov 2026, alle ore 10:12, Assistenza <${ASSISTENZA}> ha scritto:\n\n${QUOTED}`,
    text: 'Ok per noi',
  },
  {
    name: 'Outlook for iOS',
    subject: 'Re: Hours',
    thread: true,
    body: `Fine for us\n\nGet Outlook for iOS<https://aka.ms/o0ukef>\n________________________________\n${OUTLOOK_EN}\n\nDear shop,`,
    text: 'Fine for us',
  },
  {
    name: 'answer below the quote',
    subject: 'Re: Orari',
    thread: true,
    body: `Il 09/11/26 10:12, Assistenza ha scritto:\n${QUOTED}\n\nProcedete pure,\ngrazie.\n`,
    text: 'Procedete pure,\ngrazie.',
  },
  {
    name: 'answers between the quotes',
    subject: 'Re: Orari',
    thread: true,
    body: 'Il 09/11/26 10:12, Assistenza ha scritto:\n> Quale logo?\nQuello blu.\n> Quale pagina?\n\nLa home.\n',
    text: 'Quello blu.\n\nLa home.',
  },
  {
    name: 'signature above the quote',
    subject: 'Re: Orari',
    thread: true,
    body: `Va bene.\n-- \nMuseo Civico\nPer comunicazioni urgenti: 000 000002\n\nOn 09/11/2026 10:12, Assistenza wrote:\n${QUOTED}`,
    text: 'Va bene.',
  },
  {
    name: 'signature below a bottom post',
    subject: 'Re: Orari',
    thread: true,
    body: `On 09/11/2026 10:12, Assistenza wrote:\n${QUOTED}\n\nVa bene.\n\n-- \nMuseo Civico\n`,
    text: 'Va bene.',
  },
  {
    name: 'a forward inside the quote of a reply is history',
    subject: 'Re: Fwd: Orari',
    thread: true,
    body: 'Approvo.\n\nOn 09/11/2026 10:12, Assistenza wrote:\n> ---------- Forwarded message ---------\n> From: Cultura <cultura@comune.example>\n> Serve subito\n',
    text: 'Approvo.',
  },
  {
    name: 'a changed subject in a known thread',
    subject: 'Nuovi orari',
    thread: true,
    body: `Ecco.\n\n${OUTLOOK_IT}\n\nVecchio testo`,
    text: 'Ecco.',
  },
  {
    name: 'a lost thread and prefix, but the block was written by whom it is sent to',
    subject: 'Nuovi orari',
    body: `Ecco i nuovi orari.\n\n${OUTLOOK_IT}\n\nVecchio testo`,
    text: 'Ecco i nuovi orari.',
  },
  {
    name: 'an own line right above the attribution',
    subject: 'Re: Orari',
    thread: true,
    body: `Il logo va bene\nIl giorno lun 9 nov 2026 alle ore 10:12 Assistenza <\nassistenza@agenzia.example> ha scritto:\n${QUOTED}`,
    text: 'Il logo va bene',
  },
  {
    name: 'Gmail HTML',
    subject: 'Re: Orari',
    thread: true,
    html: '<div dir="ltr">Va bene.<br></div><br><div class="gmail_quote"><div class="gmail_attr">Il giorno lun 9 nov 2026 alle ore 10:12 Assistenza &lt;<a href="mailto:assistenza@agenzia.example">assistenza@agenzia.example</a>&gt; ha scritto:<br></div><blockquote class="gmail_quote">Vecchio<br>testo urgente</blockquote></div>',
    text: 'Va bene.',
  },
  {
    name: 'Outlook HTML',
    subject: 'R: Orari',
    thread: true,
    html: '<p class=MsoNormal>Va bene.<o:p></o:p></p><div id="divRplyFwdMsg"><hr><b>Da:</b> Assistenza &lt;assistenza@agenzia.example&gt;<br><b>Inviato:</b> lunedì 9 novembre 2026 10:12<br><b>A:</b> x@comune.example<br><b>Oggetto:</b> Orari</div><p>Vecchio testo urgente</p>',
    text: 'Va bene.',
  },
  {
    name: 'Thunderbird HTML, answer between',
    subject: 'Re: Orari',
    thread: true,
    html: '<div class="moz-cite-prefix">Il 09/11/26 10:12, Assistenza ha scritto:<br></div><blockquote type="cite"><p>Quale logo?</p></blockquote><p>Quello blu.</p><blockquote type="cite"><p>Quale pagina?</p></blockquote><p>La home.</p><div class="moz-signature">-- <br>Museo Civico</div>',
    text: 'Quello blu.\n\nLa home.',
  },
  {
    name: 'Yahoo HTML',
    subject: 'Re: Orari',
    thread: true,
    html: '<div>Ok.</div><div id="yahoo_quoted_1" class="yahoo_quoted"><div>Il lunedì 9 novembre 2026 alle ore 10:12:04 CET, Assistenza &lt;assistenza@agenzia.example&gt; ha scritto: </div><div><br></div><div>Vecchio testo</div></div>',
    text: 'Ok.',
  },
];

const FORWARDS: readonly Case[] = [
  ...[
    '---------- Forwarded message ---------\nFrom: Cultura <cultura@comune.example>\nDate: Tue, Nov 10, 2026\nSubject: Orari\nTo: x@comune.example',
    '---------- Messaggio inoltrato ----------\nDa: Cultura <cultura@comune.example>\nData: 10/11/2026',
    'Inizio messaggio inoltrato:\n\nDa: Cultura <cultura@comune.example>\nOggetto: Orari',
    'Begin forwarded message:\n\nFrom: Cultura <cultura@comune.example>\nSubject: Orari',
    '-------- Messaggio Inoltrato --------\nOggetto: Orari\nMittente: Cultura <cultura@comune.example>',
    `________________________________\n${THIRD_IT}`,
    THIRD_IT,
    `-----Messaggio originale-----\n${THIRD_IT}`,
  ].map((block, index) => ({
    name: `forward ${index + 1}`,
    subject: 'I: Orari',
    body: `Potete farlo?\n-- \nUfficio Turismo\n\n${block}\n\nServe la pagina degli orari.\n> era già stato chiesto\nCultura`,
    text: `Potete farlo?\n\n${block}\n\nServe la pagina degli orari.\n> era già stato chiesto\nCultura`,
  })),
  {
    name: 'Apple Mail quotes what it forwards',
    subject: 'Fwd: Orari',
    body: 'Potete farlo?\n\n> Inizio messaggio inoltrato:\n> \n> Da: Cultura <cultura@comune.example>\n> Oggetto: Orari\n> \n> Serve la pagina.',
    text: 'Potete farlo?\n\nInizio messaggio inoltrato:\n\nDa: Cultura <cultura@comune.example>\nOggetto: Orari\n\nServe la pagina.',
  },
  {
    name: 'a reply turned into a forward by its words',
    subject: 'R: Orari',
    thread: true,
    body: `Vi giro la richiesta della Cultura, vedi sotto.\n\n${THIRD_IT}\n\nServe la pagina degli orari.`,
    text: `Vi giro la richiesta della Cultura, vedi sotto.\n\n${THIRD_IT}\n\nServe la pagina degli orari.`,
  },
  {
    name: 'the same words above a block of the addressee stay a reply',
    subject: 'R: Orari',
    thread: true,
    body: `Come da mail qui sotto, confermiamo.\n\n${OUTLOOK_IT}\n\nVecchio testo`,
    text: 'Come da mail qui sotto, confermiamo.',
  },
  {
    name: 'a third party block in a plain reply is history',
    subject: 'R: Orari',
    thread: true,
    body: `Va bene così.\n\n${THIRD_IT}\n\nVecchio testo`,
    text: 'Va bene così.',
  },
  {
    name: 'a forward with an edited subject',
    subject: 'Pagina degli orari',
    body: `Da fare per favore.\n\n${THIRD_IT}\n\nServe la pagina degli orari.`,
    text: `Da fare per favore.\n\n${THIRD_IT}\n\nServe la pagina degli orari.`,
  },
];

const WHOLE: readonly Case[] = [
  {
    name: 'a person says that somebody wrote',
    subject: 'Orari',
    body: 'Il sindaco ha scritto:\nservono i nuovi orari.',
    text: 'Il sindaco ha scritto:\nservono i nuovi orari.',
  },
  {
    name: 'labels of a page are no headers',
    subject: 'Pagina',
    body: 'Nella pagina mancano:\nData: 3 dicembre\nA: tutti i cittadini\nGrazie',
    text: 'Nella pagina mancano:\nData: 3 dicembre\nA: tutti i cittadini\nGrazie',
  },
  {
    name: 'a rule of dashes',
    subject: 'Pagina',
    body: 'Testo sopra\n----------\nTesto sotto',
    text: 'Testo sopra\n----------\nTesto sotto',
  },
];

const SIGNATURES: readonly Case[] = [
  { name: 'delimiter', subject: 'A', body: 'Testo\n-- \nUfficio\ntel. 1', text: 'Testo' },
  { name: 'delimiter without blank', subject: 'A', body: 'Testo\n--\nUfficio\ntel. 1', text: 'Testo' },
  { name: 'only a signature', subject: 'A', body: '-- \nUfficio\ntel. 1', text: '' },
  {
    name: 'closing name stays',
    subject: 'A',
    body: 'Testo\n\nGrazie\nLa Direzione',
    text: 'Testo\n\nGrazie\nLa Direzione',
  },
  ...[
    'Inviato da iPhone',
    'Inviato dal mio iPad',
    'Sent from my iPhone',
    'Inviato da Outlook per Android',
    'Ottieni Outlook per iOS<https://aka.ms/o0ukef>',
    'Inviato da Yahoo Mail su Android',
    'Inviato dal mio dispositivo Samsung Galaxy',
    'Sent from Yahoo Mail for iPhone',
    'Sent with Proton Mail',
    'Inviato da Posta per Windows',
    'Mail priva di virus. www.avast.com',
  ].map((footer) => ({ name: footer, subject: 'A', body: `Testo\n\n${footer}`, text: 'Testo' })),
  ...[
    'AVVISO DI RISERVATEZZA: le informazioni contenute in questo messaggio sono riservate.',
    'Questo messaggio è confidenziale e destinato ai soli destinatari indicati.',
    'Questa e-mail e gli allegati sono riservati al destinatario.',
    'This email and any attachments are confidential and intended for the addressee.',
    'CONFIDENTIALITY NOTICE - the contents are privileged.',
    'CONFIDENTIAL: This communication is privileged. For urgent matters call us.',
    'Informativa Privacy - Le informazioni contenute in questo messaggio sono riservate.',
    'Ai sensi del D.Lgs. 196/2003 si precisa che le informazioni contenute in questo messaggio\nsono riservate.',
    'Ai sensi del Regolamento UE 2016/679 (GDPR) questa e-mail è destinata ai soli destinatari.',
    'Le informazioni contenute nella presente comunicazione sono riservate, anche in casi urgenti.',
    'Prima di stampare questa mail pensa all’ambiente',
  ].map((disclaimer) => ({
    name: disclaimer.slice(0, 40),
    subject: 'A',
    body: `Testo della richiesta\n\nLa Direzione\n\n${disclaimer}\nSe lo avete ricevuto per errore, cancellatelo.`,
    text: 'Testo della richiesta\n\nLa Direzione',
  })),
  {
    name: 'contact block after a closing',
    subject: 'A',
    body: 'Testo\n\nCordiali saluti\nMario Rossi\nUfficio Turismo\nVia Roma 1, 00000 Esempio\nTel. 000 000001\nwww.comune.example',
    text: 'Testo\n\nCordiali saluti\nMario Rossi',
  },
  {
    name: 'contact block without closing',
    subject: 'A',
    body: 'Potete aggiornare la pagina?\n\nMario Rossi\nTel. 000 000001\nE-mail: m.rossi@comune.example',
    text: 'Potete aggiornare la pagina?\n\nMario Rossi',
  },
  {
    name: 'contact data that is the request stays',
    subject: 'A',
    body: 'Questi i nuovi recapiti da pubblicare:\n\nTel. 000 000001\nE-mail: info@comune.example',
    text: 'Questi i nuovi recapiti da pubblicare:\n\nTel. 000 000001\nE-mail: info@comune.example',
  },
  {
    name: 'contact data handed over without a colon stays',
    subject: 'A',
    body: 'Potete mettere nel piè di pagina i nuovi contatti? Eccoli\n\nTel. 000 000009\ninfo@museo.example\n\nGrazie',
    text: 'Potete mettere nel piè di pagina i nuovi contatti? Eccoli\n\nTel. 000 000009\ninfo@museo.example\n\nGrazie',
  },
  {
    name: 'a postscript below the signature stays',
    subject: 'A',
    body: 'Testo\n\nCordiali saluti\nAnna Bianchi\nTel. 000 000001\n\nP.S. usate la seconda foto',
    text: 'Testo\n\nCordiali saluti\nAnna Bianchi\n\nP.S. usate la seconda foto',
  },
  {
    name: 'sentences below the signature of a quoted model stay',
    subject: 'A',
    body: 'La mail dice:\n\nCordiali saluti\nIl Museo\nTel. 000 000001\n\nVa cambiato il telefono della sede principale.',
    text: 'La mail dice:\n\nCordiali saluti\nIl Museo\n\nVa cambiato il telefono della sede principale.',
  },
  {
    name: 'data below thanks and a colon stay',
    subject: 'A',
    body: 'Vi mando i dati.\nGrazie\n\nOrari:\nlun-ven 9-13\nTel. prenotazioni: 000 000009',
    text: 'Vi mando i dati.\nGrazie\n\nOrari:\nlun-ven 9-13\nTel. prenotazioni: 000 000009',
  },
  {
    name: 'dashes that part the entries of a menu',
    subject: 'A',
    body: 'Voci di menu\nHome\n--\nOrari\n--\nContatti\nGrazie',
    text: 'Voci di menu\nHome\n--\nOrari\n--\nContatti\nGrazie',
  },
  {
    name: 'dashes below a colon',
    subject: 'A',
    body: 'Testo da pubblicare:\n--\nFesta in piazza',
    text: 'Testo da pubblicare:\n--\nFesta in piazza',
  },
  { name: 'invisible letters inside words', subject: 'A', body: 'Ur\u200bgen\u00adte', text: 'Urgente' },
  {
    name: 'a privacy text to publish stays',
    subject: 'A',
    body: 'Pubblicate il testo:\n\nAi sensi del Regolamento UE 2016/679 i dati del modulo sono conservati un anno.',
    text: 'Pubblicate il testo:\n\nAi sensi del Regolamento UE 2016/679 i dati del modulo sono conservati un anno.',
  },
];

const run = ({ subject, thread, body, html }: Case) =>
  newTextOf(html === undefined ? (body ?? '') : htmlToText(html), {
    subject,
    inThread: thread ?? false,
    recipients: [ASSISTENZA],
  });

describe('R8 what was quoted in a reply is no text of the request', () => {
  it.each(REPLIES)('$name', (given) => expect(run(given)).toBe(given.text));
});

describe('R8 what was forwarded belongs to the text', () => {
  it.each(FORWARDS)('$name', (given) => expect(run(given)).toBe(given.text));
});

describe('R8 what only looks like a quote stays', () => {
  it.each(WHOLE)('$name', (given) => expect(run(given)).toBe(given.text));
});

describe('R8 signatures', () => {
  it.each(SIGNATURES)('$name', (given) => expect(run(given)).toBe(given.text));
});
