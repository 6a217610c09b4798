import { describe, expect, it } from '@jest/globals';
import { detectSeveral } from './several.js';

type Row = readonly [text: string, subject: string];

const SEVERAL: readonly Row[] = [
  [
    'Buongiorno a tutti,\nvi scrivo per due cose diverse:\n\nla prima riguarda il modulo contatti, che non invia le mail; la seconda è la creazione di un account per la nuova collega.',
    '',
  ],
  [
    "Buongiorno,\nsi chiede cortesemente di pubblicare il bando allegato.\nSi chiede altresì di rimuovere l'avviso sulla chiusura estiva.",
    '',
  ],
  [
    "✔ cambiare numero di telefono\n✔ attivare account per Luca\n✔ corso di un'ora sul CRM",
    'Richieste varie',
  ],
  [
    "Potete sistemare il link alla pagina Facebook?\n\nUn'ultima cosa: da ieri non riceviamo gli ordini via mail.",
    '',
  ],
  [
    "Segnaliamo che il motore di ricerca interno non trova i documenti. Cogliamo inoltre l'occasione per richiedere la traduzione in francese della pagina Ospitalità.",
    '',
  ],
  [
    'Primo punto: aggiornare WordPress. Secondo punto: formazione sulla newsletter. Terzo punto: preventivo app.',
    '',
  ],
  [
    'Buongiorno,\n\n1- aggiornare organigramma\n2- inserire link a pagoPA\n3- chiedo quante ore ci restano\n\nGrazie',
    '',
  ],
  [
    'Buonasera, avremmo necessità di rinnovare il dominio. Avremmo inoltre necessità di un corso SEO per la segretaria.',
    '',
  ],
  [
    'Please could you add the new stockist to the map, renew the SSL certificate and train Lucy on the newsletter tool?',
    '',
  ],
  [
    'Gentilissimi, chiediamo: la pubblicazione del bando; la creazione di due caselle di posta; la traduzione della pagina turismo.',
    '',
  ],
  [
    "(1) The German menu is missing. (2) We need two more user accounts. (3) Can we have last month's statistics?",
    '',
  ],
  ['Nr. 1: il modulo iscrizioni è bloccato\nNr. 2: vorremmo un preventivo per la nuova grafica', ''],
  ['Richiesta 1\nAggiornare la pagina dei prezzi.\n\nRichiesta 2\nOrganizzare una formazione sul CRM.', ''],
  ['Potete pubblicare il bando? Mi servirebbe pure sapere come si cancella un utente.', ''],
  [
    'Salve, la pagina privacy va aggiornata con il testo allegato. In più ci servirebbe un corso per usare il gestionale.',
    '',
  ],
  [
    'Could you publish the attached vacancy? We also noticed that the Instagram feed is no longer loading.',
    '',
  ],
  [
    'Hi, 1. please add the new brochure to the downloads 2. reset the password of Jane 3. check the SSL certificate',
    '',
  ],
  [
    'Hello\n\nItem 1 - Please replace the hero video.\nItem 2 - We need a quote for an app.\nItem 3 - The German menu is missing.',
    '',
  ],
];

/** Built like the mails above, and yet one request each. */
const ONE: readonly Row[] = [
  [
    'Please add the following FAQs to the FAQ page:\n\n1. How do I return an item? Use the form.\n2. Where is my order? See the tracking page.\n3. Can I change the address? Yes, write to us.',
    '',
  ],
  [
    'Da aggiungere alla pagina FAQ:\n- Come prenoto? Dal sito.\n- Posso disdire? Sì, entro 24 ore.\n- Dove parcheggio? In piazza.',
    '',
  ],
  [
    "Potete inserire l'evento del 5 dicembre nel calendario? Inoltre va messa la locandina nello stesso evento.",
    '',
  ],
  [
    'Il modulo non invia le mail: abbiamo provato con Chrome e con Firefox. Inoltre compare un avviso rosso in alto.',
    '',
  ],
  ['Could you move the logo to the left? Also make it a bit bigger.', ''],
  [
    'Buongiorno, vorrei fissare un incontro di consulenza per parlare di SEO. Siete disponibili giovedì? Oppure venerdì?',
    '',
  ],
  [
    'Correzioni alla pagina Chi siamo:\n- riga 3: "1987" diventa "1978"\n- riga 8: togliere la virgola\n- ultimo paragrafo: eliminare',
    '',
  ],
  [
    'Corrections for the About page:\n1. line 3: 1987 should read 1978\n2. remove the last paragraph\n3. replace the photo',
    '',
  ],
  [
    'Vorremmo tradurre il sito in inglese. Le pagine sono: Home, Chi siamo, Contatti. Anche il menu va tradotto.',
    '',
  ],
  [
    'Vorremmo due ore di formazione per Anna e Marco. Marco può solo il mattino. Inoltre Anna vorrebbe vedere anche le statistiche.',
    '',
  ],
  [
    'Il modulo di iscrizione ha tre problemi:\n- non accetta gli accenti\n- il pulsante è coperto dal banner\n- la mail di conferma arriva vuota',
    '',
  ],
  [
    'Buongiorno, vi scrivo per la pagina Corsi. Vanno tolti i corsi scaduti, aggiunti quelli nuovi e cambiata la foto.',
    '',
  ],
  ['Possiamo fare la formazione martedì? Quanto dura? Dobbiamo portare qualcosa?', ''],
  ['Please migrate the shop to PHP 8.3. Afterwards please check that the checkout still works.', ''],
  [
    'Testo da mettere in home:\n\n"Inoltre, dal 1 dicembre, vorremmo invitarvi al mercatino. Potete prenotare online. Avete domande? Scriveteci."',
    '',
  ],
  ["Ho due domande sulla newsletter: posso programmare l'invio? E posso vedere chi l'ha aperta?", ''],
  [
    'Quando un utente si iscrive:\n- riceve due mail\n- la seconda è in inglese\n- il link non funziona\nPotete sistemare?',
    '',
  ],
  [
    "L'obiettivo della consulenza:\n- capire i social\n- definire il piano editoriale\n- scegliere le inserzioni",
    '',
  ],
  ['Please add this event: Christmas concert, 20 December 9 pm. Please also show it on the home page.', ''],
  [
    "Vorrei prenotare un'ora di formazione. Siamo in due. Possiamo farla online? Va bene giovedì alle 10?",
    '',
  ],
  ['La home va rivista: via il video, dentro le tre news, sotto il calendario e in fondo i loghi.', ''],
  [
    "Per l'aggiornamento di WordPress: fate prima il backup, poi aggiornate i plugin e infine controllate il negozio.",
    '',
  ],
  [
    'La form ha due issues:\n- il campo data non accetta il formato italiano\n- il pulsante invia è disattivato',
    '',
  ],
  [
    'The booking form has two issues:\n- the date field rejects Italian dates\n- the send button is disabled',
    '',
  ],
  ['9 - 13 mattina\n15 - 18 pomeriggio\nQuesti i nuovi orari, potete metterli in home?', ''],
];

describe('R8 several requests in the words of mails', () => {
  it.each(SEVERAL)('several: %s', (text, subject) => {
    expect(detectSeveral(subject, text).possiblySeveral).toBe(true);
  });

  it.each(ONE)('one: %s', (text, subject) => {
    expect(detectSeveral(subject, text)).toEqual({ possiblySeveral: false, evidence: [] });
  });
});
