import { formatDate, formatInstant } from '@monteore/calendar';
import { type Due, formatMinutes } from '@monteore/kernel';
import type { MailModels, ToldEstimate } from '../models.js';
import { button, type MailText, type Reading, rows, type Wording } from './mail-text.js';

const date = (day: string) => formatDate(day, 'it');
const instant = (at: string) => formatInstant(at, 'it');
const due = ({ date: day, firmness }: Due) =>
  `${date(day)} (${firmness === 'rigid' ? 'rigida' : 'flessibile'})`;

/** R2: quanto costa un'attività urgente. */
function urgentCost(multiplier: number): string {
  if (multiplier === 1) return "l'urgenza non comporta un costo maggiore";
  const times =
    { 2: 'al doppio del tempo', 3: 'al triplo del tempo' }[multiplier] ?? `a ${multiplier} volte il tempo`;
  return `un'attività urgente comporta un dispendio orario pari ${times} effettivo`;
}

const estimateRows = (title: string, estimate: ToldEstimate, { nameOf }: Reading) =>
  rows(
    ['Attività', title],
    ['Tempo stimato', formatMinutes(estimate.minutes)],
    ['Urgente', estimate.urgent ? `sì (× ${estimate.multiplier})` : undefined],
    ['Tempo da scalare dal pacchetto', formatMinutes(estimate.weightedMinutes)],
    ['Se ne occupa', nameOf(estimate.assigneeId)],
    ['Data di completamento', due(estimate.due)],
    ['Versione della stima', String(estimate.version)],
  );

const previousNote = (previous: ToldEstimate | undefined): string[] =>
  previous === undefined
    ? []
    : [
        `Fino alla vostra decisione resta valida la versione ${previous.version}: ${formatMinutes(previous.minutes)} stimati, ${formatMinutes(previous.weightedMinutes)} da scalare, entro ${due(previous.due)}.`,
      ];

const TOP_UP =
  'Per aggiungere ore al pacchetto basta rispondere a questa e-mail indicando quante ne servono.';
const GOES_ON = `${TOP_UP} Appena arrivano, si prosegue automaticamente.`;

const howToDecide = ({ mayDecide }: Reading): string =>
  mayDecide
    ? 'Il pulsante apre una pagina con il dettaglio: la decisione si prende lì. Il link è personale e vale per una sola decisione; una risposta a questa e-mail non vale come approvazione.'
    : 'La decisione spetta a chi approva le stime per il vostro pacchetto, che ha ricevuto un proprio link.';

const REASONS: Readonly<Record<string, string>> = {
  'unknown-sender': 'mittente sconosciuto',
  viewer: 'il contatto può consultare il pacchetto ma non inviare richieste',
  unauthenticated: 'il mittente non risulta autenticato (DMARC)',
};

const deadline = (facts: MailModels['deadline-near'], headline: string, first: string): MailText => ({
  headline,
  paragraphs: [first],
  table: [
    ['Richiesta', `R-${facts.number}`],
    ['Da prendere in carico entro', instant(facts.takeInChargeBy)],
  ],
  buttons: [],
});

function decisionRecorded(facts: MailModels['decision-recorded'], { nameOf }: Reading): MailText {
  const told = {
    approved: {
      headline: `Attività approvata: ${facts.title}`,
      first: "l'attività è approvata e le ore necessarie sono state prenotate.",
    },
    rejected: {
      headline: `Stima non approvata: ${facts.title}`,
      first:
        facts.versionInForce === undefined
          ? 'la stima non è stata approvata: nessuna ora è stata impegnata.'
          : `la nuova stima non è stata approvata: resta valida la versione ${facts.versionInForce}, con le ore già prenotate.`,
    },
    'waiting-for-hours': {
      headline: `Attività approvata, in attesa di ore: ${facts.title}`,
      first:
        "l'approvazione è registrata, ma le ore disponibili non bastano: l'attività resta in attesa e partirà da sola quando le ore arriveranno. Fino ad allora l'approvazione si può ritirare.",
    },
  }[facts.outcome];
  return {
    headline: told.headline,
    paragraphs: [told.first],
    table: rows(
      ['Attività', facts.title],
      ['Versione della stima', String(facts.version)],
      [
        'Tempo da scalare dal pacchetto',
        facts.weightedMinutes === undefined ? undefined : formatMinutes(facts.weightedMinutes),
      ],
      ['Deciso da', facts.decidedById === undefined ? undefined : nameOf(facts.decidedById)],
      ['Registrato da', facts.recordedById === undefined ? undefined : nameOf(facts.recordedById)],
      ['Quando', facts.decidedAt === undefined ? undefined : instant(facts.decidedAt)],
      ['Motivo', facts.reason],
      ['Ore mancanti', facts.missingMinutes === undefined ? undefined : formatMinutes(facts.missingMinutes)],
      [
        'Ore disponibili ora',
        facts.availableMinutes === undefined ? undefined : formatMinutes(facts.availableMinutes),
      ],
    ),
    notes: facts.outcome === 'waiting-for-hours' ? [GOES_ON] : [],
    buttons: [],
  };
}

function requestReceived(facts: MailModels['request-received']): MailText {
  const number = `R-${facts.number}`;
  return {
    headline: `Richiesta ${number} ricevuta`,
    paragraphs: [
      facts.isPart
        ? `la vostra e-mail conteneva più richieste e l'abbiamo divisa: questa parte è registrata con il numero ${number}.`
        : `abbiamo ricevuto la vostra richiesta e l'abbiamo registrata con il numero ${number}.`,
      `La prenderemo in carico entro ${instant(facts.takeInChargeBy)}.`,
    ],
    table: rows(
      ['Numero', number],
      ['Presa in carico entro', instant(facts.takeInChargeBy)],
      ['Urgente', facts.urgent ? 'sì' : 'no'],
    ),
    notes: [
      ...(facts.urgent
        ? [
            `La richiesta risulta urgente: ${urgentCost(facts.urgentMultiplier)}. Se non è urgente, fatecelo sapere rispondendo a questa e-mail.`,
          ]
        : []),
      ...(facts.possiblySeveral
        ? [
            'Ci sembra che la vostra e-mail contenga più richieste. Per seguirle bene una per una, vi chiediamo gentilmente di inviarne una sola per ogni e-mail. Questa volta non occorre scrivere di nuovo: una persona del team la leggerà e, se serve, la dividerà. Nulla andrà perso.',
          ]
        : []),
    ],
    buttons: [],
  };
}

function replyApprovo(facts: MailModels['reply-approvo'], reading: Reading): MailText {
  const byLink = facts.waiting.length > 0;
  return {
    headline: 'Per approvare serve il link',
    paragraphs: [
      'grazie per la risposta. Una e-mail da sola non approva la stima: per decidere occorre il link personale.',
      byLink
        ? reading.mayDecide
          ? 'Qui sotto trovate il link per ogni stima che attende la vostra decisione.'
          : 'La decisione spetta a chi approva le stime per il vostro pacchetto, che ha ricevuto un proprio link.'
        : 'Al momento nessuna stima di questa richiesta attende una decisione: appena sarà pronta, il link arriverà per e-mail a chi approva.',
    ],
    table: rows(['Richiesta', facts.number === undefined ? undefined : `R-${facts.number}`]),
    list: facts.waiting.map(({ title, version }) => `${title} (versione ${version})`),
    buttons: facts.waiting.flatMap(({ activityId, title }) =>
      button(`Decidere: ${title}`, reading.linkTo(activityId)),
    ),
  };
}

/** R11 in Italian. */
export const italian: Wording = {
  greeting: (name) => (name === undefined ? 'Buongiorno,' : `Buongiorno ${name},`),
  signOff: ['Cordiali saluti', 'Il team di assistenza'],
  answerHint: 'Potete rispondere direttamente a questa e-mail: la risposta arriva al referente del progetto.',
  packageLabel: 'Pacchetto orario',
  someone: 'una persona del team',
  templates: {
    'request-received': requestReceived,
    'request-dismissed': ({ number, reason }) => ({
      headline: `Richiesta R-${number} chiusa`,
      paragraphs: [
        `la richiesta R-${number} è stata chiusa senza aprire attività e senza utilizzare ore del pacchetto.`,
      ],
      table: [
        ['Richiesta', `R-${number}`],
        ['Motivo', reason],
      ],
      notes: ['Se non siete d’accordo, rispondete a questa e-mail.'],
      buttons: [],
    }),
    'reply-approvo': replyApprovo,
    'hours-missing': (facts) => ({
      headline: `Ore insufficienti: ${facts.title}`,
      paragraphs: [
        'le ore disponibili del pacchetto non bastano per questa attività, che resta in attesa fuori dalla dashboard. Sarà riproposta da sola quando ci saranno ore sufficienti.',
      ],
      table: [
        ['Attività', facts.title],
        ['Tempo da scalare dal pacchetto', formatMinutes(facts.weightedMinutes)],
        ['Ore disponibili ora', formatMinutes(facts.availableMinutes)],
        ['Ore mancanti', formatMinutes(facts.missingMinutes)],
      ],
      notes: [GOES_ON],
      buttons: [],
    }),
    'estimate-to-decide': (facts, reading) => ({
      headline: `Stima da approvare: ${facts.title}`,
      paragraphs: ['la stima di questa attività attende la vostra approvazione o non approvazione.'],
      table: estimateRows(facts.title, facts.estimate, reading),
      notes: [...previousNote(facts.previous), howToDecide(reading)],
      buttons: button('Vedere la stima e decidere', reading.linkTo(facts.activityId)),
    }),
    'major-extra': (facts, reading) => ({
      headline: `Conferma necessaria: ${facts.title}`,
      paragraphs: [
        'questa attività non era tra quelle concordate e supera la soglia delle richieste minori: per avviarla serve la vostra conferma.',
        "Attenzione: se la confermate, il tempo complessivo per tutte le attività potrebbe successivamente risultare non sufficiente all'ultimazione delle modifiche.",
      ],
      table: [
        ...estimateRows(facts.title, facts.estimate, reading),
        ['Ore disponibili ora', formatMinutes(facts.availableMinutes)],
        ['Ore che resterebbero', formatMinutes(facts.leftMinutes)],
      ],
      list: facts.wouldNotFit.map(
        ({ title, weightedMinutes }) =>
          `Non rientrerebbe più nelle ore: ${title} (${formatMinutes(weightedMinutes)})`,
      ),
      notes: [
        ...(facts.wouldNotFit.length === 0
          ? ['Nessuna attività concordata che oggi rientra nelle ore disponibili ne resterebbe esclusa.']
          : []),
        ...previousNote(facts.previous),
        howToDecide(reading),
      ],
      buttons: button('Vedere la stima e decidere', reading.linkTo(facts.activityId)),
    }),
    'extra-activated': (facts, reading) => ({
      headline: `Attività avviata: ${facts.title}`,
      paragraphs: [
        'questa richiesta minore è stata avviata automaticamente, utilizzando le ore disponibili del pacchetto. Non occorre fare nulla.',
      ],
      table: [
        ...estimateRows(facts.title, facts.estimate, reading),
        ['Ore disponibili dopo la prenotazione', formatMinutes(facts.availableMinutes)],
      ],
      buttons: [],
    }),
    'urgency-lowered': (facts, reading) => ({
      headline: `Attività non più urgente: ${facts.title}`,
      paragraphs: [
        'questa attività viene svolta senza urgenza: le ore prenotate si riducono e la differenza torna disponibile. Non occorre fare nulla.',
      ],
      table: [
        ...estimateRows(facts.title, facts.estimate, reading),
        ['Ore disponibili ora', formatMinutes(facts.availableMinutes)],
      ],
      buttons: [],
    }),
    'decision-recorded': decisionRecorded,
    'overrun-to-decide': (facts, reading) => ({
      headline: `Tempo oltre la stima: ${reading.activityTitle}`,
      paragraphs: [
        'il lavoro su questa attività ha richiesto più tempo di quello prenotato. La parte eccedente non è stata addebitata: decidete se addebitarla al pacchetto.',
      ],
      table: rows(
        ['Attività', reading.activityTitle],
        ['Ore eccedenti da addebitare al pacchetto', formatMinutes(facts.minutes)],
        ['Tempo effettivo utilizzato finora', formatMinutes(facts.actualMinutes)],
        ['Ore disponibili ora', formatMinutes(facts.availableMinutes)],
      ),
      notes: [
        ...(facts.availableMinutes < facts.minutes
          ? [`Le ore disponibili ora non bastano per l'addebito. ${TOP_UP}`]
          : []),
        howToDecide(reading),
      ],
      buttons: button('Vedere e decidere', reading.linkTo(facts.overrunId)),
    }),
    'date-moved': (facts) => ({
      headline: `Nuova data: ${facts.title}`,
      paragraphs: ['la data di completamento di questa attività è cambiata. La stima resta la stessa.'],
      table: [
        ['Attività', facts.title],
        ['Data precedente', due(facts.previousDue)],
        ['Nuova data', due(facts.due)],
        ['Motivo', facts.reason],
      ],
      buttons: [],
    }),
    'assignee-changed': (facts, { nameOf }) => ({
      headline: `Nuova persona in carico: ${facts.title}`,
      paragraphs: ['di questa attività si occupa ora un’altra persona. La stima resta la stessa.'],
      table: rows(
        ['Attività', facts.title],
        ['Prima', facts.previousAssigneeId === undefined ? undefined : nameOf(facts.previousAssigneeId)],
        ['Ora se ne occupa', nameOf(facts.assigneeId)],
      ),
      buttons: [],
    }),
    threshold: ({ thresholdsPercent, consumedPercent, balances }, { packageName }) => ({
      headline: `Pacchetto orario al ${Math.max(...thresholdsPercent)} %: ${packageName}`,
      paragraphs: [`il consumo del pacchetto orario ha raggiunto il ${consumedPercent} %.`],
      table: [
        ['Soglie raggiunte', thresholdsPercent.map((mark) => `${mark} %`).join(', ')],
        ['Ore acquistate', formatMinutes(balances.grantedMinutes)],
        ['Ore addebitate', formatMinutes(balances.chargedMinutes)],
        ['Saldo contabile', formatMinutes(balances.postedMinutes)],
        ['Ore prenotate', formatMinutes(balances.heldMinutes)],
        ['Ore disponibili', formatMinutes(balances.availableMinutes)],
      ],
      notes: [TOP_UP],
      buttons: [],
    }),
    'expiry-near': ({ expiresOn, freeMinutes, heldMinutes }, { packageName }) => ({
      headline: `Ore in scadenza: ${packageName}`,
      paragraphs: [
        `un lotto di ore del pacchetto scade alla fine di ${date(expiresOn)}. Le ore che a quel momento non sono né utilizzate né prenotate andranno perse.`,
      ],
      table: [
        ['Scadenza', date(expiresOn)],
        ['Ore che andrebbero perse oggi', formatMinutes(freeMinutes)],
        ['Ore prenotate da attività approvate', formatMinutes(heldMinutes)],
      ],
      notes: ['Per utilizzarle potete inviare una richiesta o approvare le stime in attesa.'],
      buttons: [],
    }),
    'package-opened': ({ endsOn, agreed }, { packageName, firstLot, linkTo }) => ({
      headline: `Pacchetto orario aperto: ${packageName}`,
      paragraphs: [
        'il vostro pacchetto orario è attivo e la sua dashboard è aperta: vi trovate le attività, chi se ne occupa, le stime, il tempo utilizzato e le ore che restano.',
        'Non occorre registrarsi: il pulsante apre la dashboard in sola lettura con il vostro link personale. Vi preghiamo di non inoltrarlo.',
        'Le richieste di assistenza si inviano per e-mail rispondendo a questo messaggio o scrivendo a questo indirizzo: una sola richiesta per ogni e-mail.',
      ],
      table: rows(
        ['Ore acquistate', firstLot && formatMinutes(firstLot.minutes)],
        ['Scadenza delle ore', firstLot?.expiresOn && date(firstLot.expiresOn)],
        ['Valido fino a', endsOn === undefined ? undefined : date(endsOn)],
      ),
      list: agreed.map(
        ({ title, estimateMinutes }) => `Attività concordata: ${title} (${formatMinutes(estimateMinutes)})`,
      ),
      notes:
        agreed.length === 0
          ? []
          : ['Per ogni attività concordata chi approva riceve la stima con il link per decidere.'],
      buttons: button('Aprire la dashboard', linkTo('board')),
    }),
    'package-closed': ({ fileName }, { packageName }) => ({
      headline: `Pacchetto orario chiuso: ${packageName}`,
      paragraphs: [
        'il pacchetto orario è chiuso e la sua dashboard resta consultabile in sola lettura.',
        "In allegato trovate il foglio Excel con l'elenco delle attività svolte, i movimenti e il riepilogo delle ore.",
      ],
      table: [['Allegato', fileName]],
      buttons: [],
    }),
    'deadline-near': (facts) =>
      deadline(
        facts,
        `R-${facts.number}: resta un giorno lavorativo`,
        'questa richiesta non è ancora stata presa in carico: resta un giorno lavorativo.',
      ),
    'deadline-missed': (facts) =>
      deadline(
        facts,
        `R-${facts.number}: termine superato`,
        'il termine per prendere in carico questa richiesta è passato.',
      ),
    quarantine: ({ receivedAt, reason }, { about }) => ({
      headline: 'Una e-mail attende in quarantena',
      paragraphs: [
        'una e-mail arrivata alla casella non è diventata una richiesta: attende che una persona la rilasci o la scarti. Il termine per la presa in carico decorre dalla ricezione.',
      ],
      table: rows(
        ['Da', about?.from],
        ['Oggetto', about?.subject],
        ['Ricevuta', instant(receivedAt)],
        ['Motivo', REASONS[reason] ?? reason],
      ),
      buttons: [],
    }),
    'viewer-waits': ({ receivedAt }) => ({
      headline: 'La vostra e-mail è in attesa',
      paragraphs: [
        'abbiamo ricevuto la vostra e-mail. Con il vostro ruolo potete consultare il pacchetto ma non inviare richieste: il messaggio attende che una persona del team lo esamini.',
      ],
      table: [['Ricevuta', instant(receivedAt)]],
      buttons: [],
    }),
    'closure-scheduled': ({ closesAt }, { packageName }) => ({
      headline: `Pacchetto esaurito: ${packageName}`,
      paragraphs: [
        'il pacchetto orario è esaurito e non ha nulla in sospeso. Si chiuderà da solo, a meno che non venga ricaricato o si apra qualcosa di nuovo.',
      ],
      table: [['Chiusura', instant(closesAt)]],
      buttons: [],
    }),
  },
};
