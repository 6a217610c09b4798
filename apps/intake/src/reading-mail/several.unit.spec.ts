import { describe, expect, it } from '@jest/globals';
import { detectSeveral } from './several.js';

type Row = readonly [text: string, subject?: string];

/** Written before the rules were tuned, and kept as they were. */
const SEVERAL_FIRST: readonly Row[] = [
  [
    'Vi chiediamo:\n1. di aggiornare gli orari nella pagina Contatti;\n2. di organizzare due ore di formazione sulla newsletter;\n3. di sistemare l’avviso dei cookie.',
  ],
  [
    'Hi,\n- the returns page shows the old address, please correct it\n- two colleagues need training on the order screen\n- can you find out why the label export fails?',
  ],
  [
    "Vorremmo preparare la pagina della mostra. Inoltre ci servirebbe un'ora di formazione sul calendario. Infine, potete verificare perché le conferme finiscono nello spam?",
  ],
  [
    'Potete cambiare il numero di telefono nei contatti? Un’altra cosa: il modulo di iscrizione non invia più le e-mail.',
  ],
  ['Please update the price of the mugs. Also, could you set up a new user for our accountant?'],
  [
    'Vi chiediamo di pubblicare il bando in allegato.\n\nGià che ci siamo, potete rinnovare il certificato del dominio?',
  ],
  ['Could you fix the broken checkout? One more thing: we would like a banner for the summer sale.'],
  [
    'Buongiorno, due richieste: potete sostituire il logo in testata? E vorremmo sapere quante ore restano nel pacchetto.',
  ],
  ['Potete aggiungere il link alla pagina Facebook? In secondo luogo vorremmo le statistiche di ottobre.'],
  [
    'The map on the contact page is wrong, please move the pin. Secondly, can you translate the menu into German?',
  ],
  ['Come si aggiunge un evento al calendario? Quando scade il certificato del dominio?'],
  ['How do we export the order list? Which plugin sends the booking confirmations?'],
  [
    'a) aggiornare il listino prezzi\nb) creare una casella di posta per il nuovo collega\nc) tradurre la pagina Chi siamo in inglese',
    'Varie richieste',
  ],
  [
    'Approfitto per chiedervi anche un preventivo per la nuova app. Intanto potete correggere il titolo della home?',
  ],
  ['Vorremmo inserire la galleria della festa. Poi ci servirebbe la fattura di settembre.'],
  [
    'Please add the new product photos. While you are at it, can you change the password of the shop account?',
  ],
  [
    '1) Il modulo prenotazioni non funziona\n2) Serve un corso per i nuovi redattori\n3) Potete aggiungere Instagram nel piè di pagina?',
  ],
  [
    'Buongiorno,\npotreste sistemare il banner dei cookie?\n\nVi chiediamo anche di organizzare un corso sulla newsletter per tre colleghi.',
  ],
  ['We need the Christmas banner online by Friday. We also need an hour of training on the statistics.'],
  ['P.S. potete anche dirci quante ore ci restano?\nIntanto vi chiedo di pubblicare il comunicato allegato.'],
];

const ONE_FIRST: readonly Row[] = [
  [
    'La pagina è lenta. Succede sempre così:\n1. apro la home;\n2. scelgo Collezioni;\n3. clicco sul filtro;\n4. la rotellina gira.\nPotete capire da che cosa dipende?',
  ],
  [
    'Ecco i testi per la pagina "Come arrivare":\n- In treno: dalla stazione a piedi.\n- In auto: uscita Nord.\n- In bici: la ciclabile.\nLa pagina resta una sola.',
  ],
  ['Vorremmo un modulo di iscrizione con questi campi:\n- nome\n- cognome\n- e-mail\n- data di nascita'],
  ['Vi chiediamo di sostituire il banner della home. Inoltre il banner deve essere cliccabile.'],
  ['Potete aggiungere queste date al calendario?\n- 3 dicembre\n- 10 dicembre\n- 17 dicembre'],
  [
    'Vorremmo un’ora di formazione. Argomenti:\n- inserire un evento\n- caricare le foto\n- inviare la newsletter',
  ],
  ['Please publish the attached programme on the family workshops page, instead of last year’s.'],
  [
    'Steps to reproduce:\n1. open the shop\n2. add a mug to the cart\n3. press Pay\nThe page stays white. Could you look into it?',
  ],
  ['Potete correggere il prezzo dei laboratori? Da quando sarà visibile?'],
  ['Dear all, from 1 December we open 10 am to 7 pm. Please put the new hours on the contact page.'],
  ['Nelle seguenti pagine va cambiato il numero di telefono:\n- Contatti\n- Chi siamo\n- Biglietteria'],
  [
    'Buongiorno, vi giro il messaggio: potete occuparvene voi?\n\nCiao, servirebbero titolo e descrizione SEO nuovi per le pagine dei borghi.',
  ],
  ['Could you translate these product names into German?\n1. Blue mug\n2. Lighthouse towel\n3. Rope basket'],
  ['Il modulo non invia le e-mail. Potete controllare? È possibile averlo per venerdì?'],
  ['In allegato tre foto da caricare nella galleria della festa:\n* palco.jpg\n* piazza.jpg\n* banda.jpg'],
  [
    'Since last night the sync stops with HTTP 401. Could you please look into it ASAP? The sale starts on Wednesday.',
  ],
  ['Vorremmo aggiungere il modulo di iscrizione nel piè di pagina. Non è urgente.'],
  [
    'Vi proponiamo un’ora di consulenza giovedì. Vorremmo capire insieme come presentare le manifestazioni che durano più giorni.',
  ],
  [
    'Nella pagina della mostra vi chiediamo di:\n- cambiare la foto di apertura\n- aggiornare le date\n- aggiungere il link ai biglietti',
  ],
  ['On the contact page please:\n- replace the photo\n- add the new phone number\n- remove the old map'],
  [
    'Ordine del giorno della formazione:\n1. creare una pagina\n2. gestire gli utenti\n3. leggere le statistiche',
  ],
  ['Please change the shop logo. It should also appear on the same page in the footer.'],
  [
    'Potete pubblicare il comunicato? Il testo è in allegato, le foto sono nella cartella condivisa. Quanto tempo serve?',
  ],
];

/** Written after the first tuning. */
const SEVERAL_SECOND: readonly Row[] = [
  [
    'Buongiorno,\nvi chiedo di:\n• aggiornare i recapiti dello sportello\n• organizzare un incontro di formazione per i nuovi colleghi\n• verificare il certificato SSL',
  ],
  [
    'Ciao,\nper la prossima settimana servirebbe la pagina del concerto di Natale.\nSegnalo poi che il modulo contatti non funziona da ieri.\nGrazie',
  ],
  [
    'Primo: il logo nel piè di pagina è vecchio, va sostituito.\nSecondo: vorremmo un corso sulla newsletter.',
  ],
  [
    'Potreste creare la casella di posta per la nuova collega? Avremmo inoltre bisogno di tradurre in inglese la pagina dei musei.',
  ],
  [
    'Please change the opening hours on the contact page.\n\nOn a different note, the newsletter signup sends no confirmation.',
  ],
  ['Can you add the returns policy to the footer? Additionally, we need an export of all October orders.'],
  [
    'Vi chiediamo di caricare le foto della sagra nella galleria. Oltre a questo servirebbe una consulenza sulla strategia social.',
  ],
  [
    '1. Potete togliere il banner dei mercatini?\n2. Potete dirci quante ore restano nel pacchetto?\n3. Potete attivare le statistiche?',
  ],
  ['Hello, two things: the search returns no products, and please set up an account for Anna.', 'Two things'],
  ['Vorremmo cambiare il logo in testata.\nVorremmo anche attivare la vendita dei biglietti online.'],
  [
    'Dovreste pubblicare il bando allegato. Colgo l’occasione per chiedervi come si esportano gli iscritti alla newsletter.',
  ],
  ['Please fix the checkout error on mobile. Finally, could you translate the shipping page into German?'],
  [
    '* new product photos for the mugs, please upload\n* the newsletter template needs the new logo\n* could you renew the domain?',
  ],
  [
    'Potete modificare il titolo della home? Come mai le prenotazioni dei laboratori non arrivano in segreteria?',
  ],
  [
    'Abbiamo bisogno di aggiornare il plugin delle prenotazioni e, già che ci siete, di rifare la grafica del logo.\nUn’altra richiesta: il link a Instagram è sbagliato.',
  ],
  ['Who can reset the password of our shop user? And how can we download the visitor statistics?'],
  [
    'Buongiorno, tre cose.\nServe un modulo di iscrizione al corso di cucina.\nIl calendario mostra eventi vecchi, potete rimuoverli?\nVorremmo un preventivo per un sito in tedesco.',
    'Tre cose',
  ],
  [
    'Vi segnaliamo che la mappa non si carica. Inoltre vorremmo aggiungere i loghi degli sponsor nella pagina del festival.',
  ],
  [
    'I need an invoice copy for September. Another thing: the banner on the home page links to the wrong product.',
  ],
  [
    '- Aggiornare WordPress\n- Formazione: un’ora per la redazione\n- Preventivo per la newsletter',
    'Richieste di novembre',
  ],
];

const ONE_SECOND: readonly Row[] = [
  ['Vorremmo una pagina per la mostra. Inoltre la pagina deve avere il link ai biglietti.'],
  ['Potete sostituire il banner? Poi il clic deve portare alla pagina dei mercatini.'],
  [
    'Potete sostituire la locandina nella pagina dei laboratori? Vi mando anche il programma, da mettere nella stessa pagina.',
  ],
  [
    'Il carrello non funziona: dopo il pagamento la pagina resta bianca. Potete verificare? Abbiamo provato con due browser.',
  ],
  [
    'We would like a form for school visits with the fields:\n- school name\n- number of children\n- preferred date',
  ],
  [
    'Please add these events to the calendar:\n1) 3 December, choir\n2) 10 December, puppet theatre\n3) 17 December, market',
  ],
  [
    'Buongiorno, chiedo di correggere l’indirizzo nella pagina Contatti: via Roma 2 e non via Roma 12. Grazie mille e buon lavoro.',
  ],
  ['La newsletter di ieri non è arrivata a nessuno. Come mai? Cosa possiamo fare?'],
  [
    'Could you please train two colleagues on the order screen? They work in the mornings. When would you have time?',
  ],
  ['Potete pubblicare il bando? Fateci sapere quando è online, per favore.'],
  [
    'Abbiamo già provato a:\n- svuotare la cache\n- cambiare browser\n- riavviare il computer\nmi dite cosa altro fare? Il modulo non si apre.',
  ],
  [
    'Testo da pubblicare nella home:\n\nLa biblioteca resta chiusa dal 24 al 26 dicembre. Inoltre il 31 dicembre chiude alle 12.',
  ],
  ['Vi chiediamo di togliere dalla home l’avviso di chiusura, perché il museo riapre domani.'],
  [
    'Vorremmo tradurre in inglese le schede delle collezioni. Sono circa quaranta schede, di mezza pagina l’una.',
  ],
  ['The label printer export leaves out the house number. Please find out why. It worked until last Monday.'],
  [
    'Per la pagina del festival:\n- il titolo diventa "Festival d’autunno"\n- la data è il 12 ottobre\n- la foto è quella allegata',
  ],
  ['Vi inviamo i documenti richiesti:\n- delibera\n- capitolato\n- planimetria'],
  [
    'Serve una galleria con le foto della festa. Le immagini sono nella cartella condivisa. Potete mettere anche le didascalie alle foto?',
  ],
  ['Salve, cambiate l’indirizzo dell’amministratore del sito e mandate lì la nuova password.'],
  ['I tre punti della consulenza di giovedì:\n1. strategia social\n2. calendario editoriale\n3. newsletter'],
  [
    'Please put the new hours on the contact page. Thanks in advance, and let me know if you need anything else.',
  ],
  ['Potete anche voi verificare il pagamento? A noi risulta bloccato.'],
  ['Approfitto della vostra disponibilità per chiedervi di sostituire il logo nel piè di pagina.'],
  [
    'Il sito risponde lentamente. Potreste controllare se il server ha problemi? Da ieri anche la home impiega molto.',
  ],
];

const withSubject = (rows: readonly Row[]) =>
  rows.map(([text, subject = '']): [string, string] => [text, subject]);

describe('R8 several requests in one mail', () => {
  it.each(withSubject([...SEVERAL_FIRST, ...SEVERAL_SECOND]))('several: %s', (text, subject) => {
    const found = detectSeveral(subject, text);
    expect(found.possiblySeveral).toBe(true);
    expect(found.evidence.length).toBeGreaterThan(0);
  });

  it.each(withSubject([...ONE_FIRST, ...ONE_SECOND]))('one: %s', (text, subject) => {
    expect(detectSeveral(subject, text)).toEqual({ possiblySeveral: false, evidence: [] });
  });

  it('does not take the announcement of a reply’s subject for its own', () => {
    const text = 'Potete sostituire il banner? Il link va alla pagina dei mercatini, potete metterlo?';
    expect(detectSeveral('Re: Alcune richieste', text).possiblySeveral).toBe(false);
  });

  it('stays quick on hostile texts', () => {
    const started = performance.now();
    for (const piece of ['- potete\n', 'potete? ', '1. ', 'inoltre ', 'a ', 'vorremmo x. ', '\n- \n']) {
      detectSeveral(piece.repeat(50_000), piece.repeat(200_000));
    }
    expect(performance.now() - started).toBeLessThan(10_000);
  });
});
