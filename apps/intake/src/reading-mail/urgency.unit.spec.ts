import { describe, expect, it } from '@jest/globals';
import { detectUrgency } from './urgency.js';

type Row = readonly [text: string, evidence: string | null];

/** Written before the rules were tuned, and kept as they were. */
const FIRST: readonly Row[] = [
  ['È urgente, il sito non si apre.', 'urgente'],
  ['Vi chiediamo di intervenire urgentemente sulla biglietteria.', 'urgentemente'],
  ['Il modulo contatti è rotto: urgentissimo!', 'urgentissimo'],
  ['Chiediamo di procedere con la massima urgenza.', 'urgenza'],
  ["Serve una correzione d'urgenza alla pagina dei prezzi.", 'urgenza'],
  ["Questa per noi è un'urgenza.", 'urgenza'],
  ['Abbiamo una richiesta urgente: il pagamento non va a buon fine.', 'urgente'],
  ['Potete correggere con urgenza la data?', 'urgenza'],
  ['Riuscite a intervenire in modo urgente sul calendario?', 'urgente'],
  ['Il server è giù, urge un vostro intervento.', 'urge'],
  ['Could you fix the checkout ASAP?', 'ASAP'],
  ['Please restore the page asap, visitors are complaining.', 'asap'],
  ['This is urgent: the shop is down.', 'urgent'],
  ['We urgently need the new prices online.', 'urgently'],
  ['Please treat this as a matter of urgency.', 'urgency'],
  ['We need the banner removed as soon as possible.', 'as soon as possible'],
  ['This is an emergency, the payment page shows customer data.', 'This is an emergency'],
  ["È un'emergenza: il sito mostra dati sbagliati.", "È un'emergenza"],
  ['Potete sistemarlo il prima possibile?', 'il prima possibile'],
  ['[URGENTE] Pagina bianca dopo il pagamento', 'URGENTE'],
  ['Il primo punto non è urgente, il secondo sì è urgente.', 'urgente'],
  ['The logo is not urgent, but the broken checkout is urgent.', 'urgent'],
  ['Sappiamo che costa il triplo, ma è urgente.', 'urgente'],
  ['Se possibile, fatelo con urgenza.', 'urgenza'],
  ['Non solo è urgente, ma riguarda tutti i visitatori.', 'urgente'],
  ['Il modulo non funziona ed è urgente ripristinarlo.', 'urgente'],
  ['Non riusciamo a vendere biglietti: urgente.', 'urgente'],
  ['è diventato urgente sistemare il calendario', 'urgente'],
  ['Sarebbe urgente avere il banner per domani.', 'urgente'],
  ['Il testo è: «Chiuso per lavori». È urgente, grazie.', 'urgente'],
  ['Siamo in emergenza, la pagina delle allerte è vuota.', 'Siamo in emergenza'],
  ['Urgent! Prices are wrong', 'Urgent'],

  ['Non è urgente, va bene anche a dicembre.', null],
  ['Richiesta non urgente: cambiare il logo.', null],
  ['Nessuna urgenza.', null],
  ['Potete farlo con calma, senza urgenza.', null],
  ["Non c'è urgenza, basta entro fine mese.", null],
  ['Non è affatto urgente.', null],
  ['Niente di urgente, quando avete tempo.', null],
  ['Non urgentissimo, ma ci terremmo.', null],
  ['È una cosa poco urgente.', null],
  ['Meno urgente della precedente: il logo nel piè di pagina.', null],
  ['Not urgent at all, but before I forget.', null],
  ["This isn't urgent.", null],
  ['No urgency on this one.', null],
  ['Nothing urgent, just a small fix.', null],
  ['No rush, any time this month is fine.', null],
  ["It's not an emergency.", null],
  ['You can do it without urgency.', null],
  ["There's no urgency whatsoever.", null],
  ['Quanto costa un intervento urgente?', null],
  ['How much does urgent work cost?', null],
  ['Le richieste urgenti costano il triplo?', null],
  ['Vorremmo sapere quanto costerebbe farlo con urgenza.', null],
  ['Se fosse urgente vi avviserei.', null],
  ['In caso di urgenza vi telefoniamo.', null],
  ['Se diventa urgente vi scrivo.', null],
  ['If it becomes urgent we will let you know.', null],
  ['La richiesta urgente di ieri è risolta, grazie.', null],
  ['Pubblicate per favore «Avviso urgente: strada chiusa».', null],
  ['Il testo è: URGENTE, museo chiuso per neve.', null],
  ['Vi chiediamo di pubblicare questo avviso:\n\nAVVISO URGENTE\nLo sportello resta chiuso.', null],
  ['La voce di menu "Avvisi urgenti" porta alla pagina sbagliata.', null],
  ["Nella pagina 'Lavori urgenti' manca una foto.", null],
  ['La sezione urgenze va spostata in alto.', null],
  ['Il numero per le urgenze è cambiato: 000 000003.', null],
  ['Nella tabella la riga pronto soccorso / urgenze è doppia.', null],
  ['The Emergency contacts page has a typo.', null],
  ['Vorremmo aggiungere il numero di emergenza nel piè di pagina.', null],
  ['Potete rispondermi quanto prima? Grazie', null],
  ['Fatemi sapere appena possibile.', null],
  ['Please update the price today.', null],
  ['Correggete subito la data.', null],
  ['È la massima priorità per noi.', null],
  ['Il file si chiama avviso-urgente.pdf.', null],
  ['La pagina è https://www.comune.example/lavori-urgenti', null],
];

/** Written after the first tuning, against what the rules then got wrong. */
const SECOND: readonly Row[] = [
  ['Potete correggere con urgenza i prezzi della biglietteria?', 'urgenza'],
  ['Il biglietto costa 12 euro invece di 10, potete correggerlo con urgenza?', 'urgenza'],
  ['Il biglietto costa 12 euro invece di 10: è urgente.', 'urgente'],
  ['Procedete pure con urgenza, accettiamo che costi il triplo.', 'urgenza'],
  ['È urgente, anche se costa il triplo.', 'urgente'],
  ['Il sito è fermo da ieri, serve un intervento urgente.', 'urgente'],
  ['La pagina è urgente.', 'urgente'],
  ['Vi scrivo per una richiesta urgente.', 'urgente'],
  ['Abbiamo due richieste urgenti per la mostra.', 'urgenti'],
  ['Potete sistemare la pagina con urgenza?', 'urgenza'],
  ['Urgente: il modulo per le segnalazioni non si apre.', 'Urgente'],
  ['La richiesta è "urgente".', 'urgente'],
  ['URGENTE!!! sito giù', 'URGENTE'],
  ['(urgente) aggiornare gli orari', 'urgente'],
  ['Non possiamo aspettare lunedì: è urgente.', 'urgente'],
  ['Non vi avremmo scritto se non fosse importante. La cosa è urgente.', 'urgente'],
  ['Avevo scritto che non era urgente ma ora lo è: è diventato urgente.', 'urgente'],
  ['Vi chiediamo di pubblicare la pagina: è urgente.', 'urgente'],
  ['Pubblicate questo avviso:\nStrada chiusa per neve.\n\nÈ urgente, grazie.', 'urgente'],
  ['We know it costs three times as much, but it is urgent.', 'urgent'],
  ['If you can, please do it urgently.', 'urgently'],
  ['Can you look at it a.s.a.p.?', 'a.s.a.p'],
  ["It's really urgent.", 'urgent'],
  ['Please fix the prices urgently, customers see old ones.', 'urgently'],
  ['Not only urgent, also embarrassing.', 'urgent'],
  ['The page does not load, urgent fix needed.', 'urgent'],
  [
    'Il sito non carica più le immagini e la cosa sta diventando un problema, vi prego di considerarla\nurgente perché domani inaugura la mostra.',
    'urgente',
  ],
  ['Ci serve al più presto possibile il nuovo listino.', 'al più presto possibile'],
  ["Con urgenza vi chiediamo di togliere l'evento annullato.", 'urgenza'],
  ["Il numero di telefono è sbagliato, va corretto d'urgenza.", 'urgenza'],

  ['Non lo considererei urgente.', null],
  ['Non è una richiesta urgente.', null],
  ['Non si tratta di un problema urgente.', null],
  ["Non serve farlo d'urgenza.", null],
  ["Non c'è bisogno di intervenire con urgenza.", null],
  ['Non ho urgenza.', null],
  ['Urgenza: nessuna', null],
  ['Urgente: no', null],
  ['L’urgenza non c’è, fate con comodo.', null],
  ['Anche se non urgente, ci terremmo.', null],
  ['La cosa non riveste carattere di urgenza.', null],
  ['NON URGENTE - cambiare il logo', null],
  ['Non-urgent: swap the logo', null],
  ['I would not call it urgent.', null],
  ["It doesn't need to be done urgently.", null],
  ['There is no need to treat this as urgent.', null],
  ['Not urgent, but please do it as soon as possible.', null],
  ['No hurry, ASAP would be nice but any day works.', null],
  ['This is no longer urgent.', null],
  ['Non è più urgente, grazie.', null],
  ['Era urgente la settimana scorsa.', null],
  ['Thanks for the urgent fix you did last week.', null],
  ['Grazie per il vostro intervento urgente di venerdì scorso.', null],
  ["L'urgenza di ieri è rientrata.", null],
  ['Qual è il costo di un intervento urgente?', null],
  ['Qual è la tariffa per le richieste urgenti?', null],
  ['What is the price for urgent work?', null],
  ['Are urgent requests charged three times?', null],
  ['Se chiediamo un lavoro urgente quante ore vengono scalate?', null],
  ['Quanto costa se è urgente?', null],
  ['Come funziona per le richieste urgenti?', null],
  ['È urgente?', null],
  ['Per comunicazioni urgenti: 000 000002', null],
  ['For urgent matters call 000.', null],
  ['Nel modulo aggiungete la casella "Richiesta urgente".', null],
  ['Aggiungete al modulo il campo urgente.', null],
  ['Vi chiediamo di mettere in home un avviso urgente sulla chiusura.', null],
  ['Please add the heading “Urgent notices” to the page.', null],
  ['Please publish the urgent notice in the news.', null],
  ['Titolo: Lavori urgenti in via Roma', null],
  ['Il nuovo testo della pagina è: in casi urgenti rivolgersi al centralino.', null],
  ['Scrivere: URGENTE cercasi volontari', null],
  ['La pagina dei lavori urgenti è vuota.', null],
  ['Aggiungere alla pagina il modulo per le segnalazioni urgenti.', null],
  ['Potrebbe diventare urgente più avanti.', null],
  ['Qualora fosse urgente vi chiameremo.', null],
  ['Nel caso in cui ci fosse urgenza vi scriveremo.', null],
  ['Unless it becomes urgent, next month is fine.', null],
  ['In case of emergency we call you.', null],
  ['The emergency exit map is missing.', null],
  ['Attendo un riscontro al più presto.', null],
  ['Let me know when you can.', null],
];

describe('R2 urgency said by the client', () => {
  it.each([...FIRST, ...SECOND])('%s', (text, evidence) => {
    const found = detectUrgency('', text);
    expect({ text, evidence: found.evidence[0] ?? null }).toEqual({ text, evidence });
    expect(found.urgent).toBe(evidence !== null);
  });

  it('reads the subject too', () => {
    expect(detectUrgency('URGENTE: modulo rotto', 'Buongiorno').evidence).toEqual(['URGENTE']);
    expect(detectUrgency('Modulo rotto', 'è URGENTE').evidence).toEqual(['URGENTE']);
  });

  it('takes nothing from the subject of a reply, which repeats the first mail', () => {
    expect(detectUrgency('Re: URGENTE: modulo rotto', 'Grazie, funziona.').urgent).toBe(false);
    expect(detectUrgency('R: URGENTE: modulo rotto', 'Grazie, funziona.').urgent).toBe(false);
    expect(detectUrgency('RE: [comune] urgent', 'Thanks').urgent).toBe(false);
    expect(detectUrgency('Re: modulo', 'Adesso è urgente.').urgent).toBe(true);
    expect(detectUrgency('URGENTE Re: modulo', 'Ci siamo.').evidence).toEqual(['URGENTE']);
  });

  it('takes the subject of a forward, whose matter is asked anew', () => {
    expect(detectUrgency('I: URGENTE modulo rotto', 'vi giro').urgent).toBe(true);
    expect(detectUrgency('Fwd: urgent fix', 'see below').urgent).toBe(true);
  });

  it('gives evidence that is found in the text as written', () => {
    const text = 'Serve  con la massima\nURGENZA, cioè ASAP.';
    for (const words of detectUrgency('', text).evidence) expect(text).toContain(words);
    expect(detectUrgency('', text).evidence).toEqual(['URGENZA', 'ASAP']);
  });

  it('stays quick on hostile texts', () => {
    const started = performance.now();
    for (const piece of [
      'urgente ',
      'non ',
      'non è ',
      '"',
      'testo: urgente\n',
      "d'",
      'se urgente, ',
      'a.s.',
      'è ',
      'avviso ',
    ]) {
      detectUrgency(piece.repeat(200_000), `${piece.repeat(100_000)}urgente`);
    }
    expect(performance.now() - started).toBeLessThan(10_000);
  });
});
