import { formatMinutes, type Language, type Minutes } from '@monteore/kernel';

/** Every word of the page behind a board's link, in both languages. */
export interface Words {
  readonly balances: string;
  readonly granted: string;
  readonly charged: string;
  readonly held: string;
  readonly available: string;
  readonly pending: string;
  readonly pendingNote: string;
  readonly lots: string;
  readonly lotOf: (minutes: string, origin: string) => string;
  readonly left: (minutes: string) => string;
  readonly expires: (date: string) => string;
  readonly noExpiry: string;
  readonly activities: string;
  readonly noActivities: string;
  readonly waiting: string;
  readonly waitingNote: string;
  readonly missing: (needed: string, missing: string) => string;
  readonly inPreparation: string;
  readonly inPreparationNote: string;
  readonly overruns: string;
  readonly overrunNote: string;
  readonly overrunState: Readonly<Record<'open' | 'refused' | 'charged' | 'absorbed', string>>;
  readonly kind: string;
  readonly inCharge: string;
  readonly work: string;
  readonly approval: string;
  readonly estimated: string;
  readonly weighted: (minutes: string, multiplier: number) => string;
  readonly actual: string;
  readonly chargedTime: string;
  readonly due: string;
  readonly urgent: string;
  readonly unfinished: string;
  readonly referent: string;
  readonly opened: string;
  readonly ends: string;
  readonly closesSoon: (instant: string) => string;
  readonly none: string;
  readonly download: string;
  readonly closedNote: (date: string) => string;
  readonly readOnlyNote: string;
  readonly notValidTitle: string;
  readonly notValid: string;
  readonly expiredTitle: string;
  readonly expired: string;
}

const it: Words = {
  balances: 'Le ore',
  granted: 'Acquistate',
  charged: 'Addebitate',
  held: 'Prenotate',
  available: 'Disponibili',
  pending: 'In attesa di approvazione',
  pendingNote: 'Le ore in attesa di approvazione non sono ancora sottratte da quelle disponibili.',
  lots: 'Lotti',
  lotOf: (minutes, origin) => `${minutes}, ${origin}`,
  left: (minutes) => `ne restano ${minutes}`,
  expires: (date) => `scade ${date}`,
  noExpiry: 'senza scadenza',
  activities: 'Attività',
  noActivities: 'Non c’è ancora nessuna attività. Scrivi al referente per chiederne una.',
  waiting: 'In attesa di ore',
  waitingNote: 'Partono da sole appena le ore bastano. Per ricaricare il pacchetto scrivi al referente.',
  missing: (needed, missing) => `servono ${needed}; quando sono state chieste mancavano ${missing}`,
  inPreparation: 'In preparazione',
  inPreparationNote: 'Richieste extra che il team sta stimando.',
  overruns: 'Tempo oltre la stima',
  overrunNote: 'Tempo lavorato oltre le ore prenotate: non è addebitato finché non lo si decide.',
  overrunState: {
    open: 'da decidere',
    refused: 'non accettato, decide il referente',
    charged: 'addebitato',
    absorbed: 'non addebitato',
  },
  kind: 'Tipo',
  inCharge: 'Se ne occupa',
  work: 'Lavorazione',
  approval: 'Approvazione',
  estimated: 'Tempo stimato',
  weighted: (minutes, multiplier) => `${minutes} addebitati (× ${multiplier}, urgente)`,
  actual: 'Tempo effettivo',
  chargedTime: 'Tempo addebitato',
  due: 'Entro',
  urgent: 'urgente',
  unfinished: 'non finita alla chiusura',
  referent: 'Referente',
  opened: 'Aperto',
  ends: 'Termina',
  closesSoon: (instant) => `Le ore sono finite: il pacchetto si chiude ${instant}, se non viene ricaricato.`,
  none: '—',
  download: 'Scarica il foglio di calcolo',
  closedNote: (date) => `Questo pacchetto è stato chiuso ${date}: la pagina non cambia più.`,
  readOnlyNote: 'Pagina personale di sola lettura: non inoltrare il collegamento.',
  notValidTitle: 'Questo collegamento non è valido',
  notValid:
    'Apri il collegamento dall’e-mail, tutto intero. Se non si apre, scrivi al tuo referente e chiedine uno nuovo.',
  expiredTitle: 'Questo collegamento è scaduto',
  expired: 'Scrivi al tuo referente e chiedine uno nuovo.',
};

const en: Words = {
  balances: 'The hours',
  granted: 'Bought',
  charged: 'Charged',
  held: 'Set aside',
  available: 'Available',
  pending: 'Waiting for approval',
  pendingNote: 'Hours that wait for approval are not taken from the available ones yet.',
  lots: 'Lots',
  lotOf: (minutes, origin) => `${minutes}, ${origin}`,
  left: (minutes) => `${minutes} left`,
  expires: (date) => `expires on ${date}`,
  noExpiry: 'no expiry',
  activities: 'Activities',
  noActivities: 'There is no activity yet. Write to the referent to ask for one.',
  waiting: 'Waiting for hours',
  waitingNote:
    'They start by themselves as soon as there are enough hours. To top up, write to the referent.',
  missing: (needed, missing) => `${needed} needed; ${missing} were missing when they were asked for`,
  inPreparation: 'In preparation',
  inPreparationNote: 'Extra requests that the team is estimating.',
  overruns: 'Time beyond the estimate',
  overrunNote: 'Time worked beyond the hours set aside: it is not charged until somebody decides so.',
  overrunState: {
    open: 'to be decided',
    refused: 'not accepted, the referent decides',
    charged: 'charged',
    absorbed: 'not charged',
  },
  kind: 'Kind',
  inCharge: 'In charge',
  work: 'Work',
  approval: 'Approval',
  estimated: 'Estimated time',
  weighted: (minutes, multiplier) => `${minutes} charged (× ${multiplier}, urgent)`,
  actual: 'Actual time',
  chargedTime: 'Charged time',
  due: 'Due',
  urgent: 'urgent',
  unfinished: 'not finished at closing',
  referent: 'Referent',
  opened: 'Opened',
  ends: 'Ends',
  closesSoon: (instant) => `The hours are used up: the package closes on ${instant} unless it is topped up.`,
  none: '—',
  download: 'Download the spreadsheet',
  closedNote: (date) => `This package was closed on ${date}: the page does not change any more.`,
  readOnlyNote: 'A personal page, for reading only: do not pass the link on.',
  notValidTitle: 'This link is not valid',
  notValid:
    'Open the link from the e-mail, all of it. If it does not open, write to your referent and ask for a new one.',
  expiredTitle: 'This link has expired',
  expired: 'Write to your referent and ask for a new one.',
};

export const WORDS: Readonly<Record<Language, Words>> = { it, en };

/** Minutes as a person reads them, or a dash where there are none to speak of. */
export const timeOr = (minutes: Minutes | undefined, none: string): string =>
  minutes === undefined ? none : formatMinutes(minutes);

/** The first of our languages that a browser asks for; Italian where it asks for neither. */
export function languageAsked(acceptLanguage: string | undefined): Language {
  const asked = (acceptLanguage ?? '').toLowerCase().matchAll(/(?:^|,)\s*(it|en)\b/g);
  const [first] = asked;
  return first?.[1] === 'en' ? 'en' : 'it';
}
