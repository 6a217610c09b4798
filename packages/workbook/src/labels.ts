import type { ActivityState, Approval, Kind, WorkStatus } from '@monteore/kernel';
import type { ResidualSettlement, StatementHead, StatementLot, WorkbookLanguage } from './statement.js';

/** A word in both languages, so that neither can be forgotten. */
export type Word = Readonly<Record<WorkbookLanguage, string>>;

const word = (it: string, en: string): Word => ({ it, en });

export const KIND: Readonly<Record<Kind, Word>> = {
  'site-assistance': word('Assistenza al sito', 'Site assistance'),
  consulting: word('Consulenza', 'Consulting'),
  question: word('Domanda', 'Question'),
  training: word('Formazione', 'Training'),
  update: word('Aggiornamento', 'Update'),
  improvement: word('Miglioria', 'Improvement'),
  other: word('Altro', 'Other'),
};

export const WORK_STATUS: Readonly<Record<WorkStatus, Word>> = {
  'to-do': word('Da fare', 'To do'),
  'in-progress': word('In corso', 'In progress'),
  'waiting-for-client': word('In attesa del cliente', 'Waiting for the client'),
  'on-hold': word('Sospesa', 'On hold'),
  done: word('Fatta', 'Done'),
  cancelled: word('Annullata', 'Cancelled'),
};

export const APPROVAL: Readonly<Record<Approval, Word>> = {
  waiting: word('In attesa', 'Waiting'),
  approved: word('Approvata', 'Approved'),
  'not-approved': word('Non approvata', 'Not approved'),
  automatic: word('Automatica', 'Automatic'),
};

export const ACTIVITY_STATE: Readonly<Record<ActivityState, Word>> = {
  'to-estimate': word('Da stimare', 'To be estimated'),
  'waiting-for-decision': word('In attesa di decisione', 'Waiting for a decision'),
  'waiting-for-hours': word('In attesa di ore', 'Waiting for hours'),
  active: word('Attiva', 'Active'),
  done: word('Conclusa', 'Done'),
  rejected: word('Respinta', 'Rejected'),
  cancelled: word('Annullata', 'Cancelled'),
};

export const FIRMNESS: Readonly<Record<'rigid' | 'flexible', Word>> = {
  rigid: word('Rigida', 'Rigid'),
  flexible: word('Flessibile', 'Flexible'),
};

export const PACKAGE_STATUS: Readonly<Record<StatementHead['status'], Word>> = {
  open: word('Aperto', 'Open'),
  closing: word('In chiusura', 'Closing'),
  closed: word('Chiuso', 'Closed'),
};

export const LOT_STATE: Readonly<Record<StatementLot['state'], Word>> = {
  open: word('Aperto', 'Open'),
  expired: word('Scaduto', 'Expired'),
};

export const RESIDUAL: Readonly<Record<ResidualSettlement['kind'], Word>> = {
  expire: word('Ore residue perse', 'Remaining hours lost'),
  rollover: word('Ore residue trasferite a un altro pacchetto', 'Remaining hours moved to another package'),
  'write-off': word('Ore residue regolate a parte', 'Remaining hours settled separately'),
};

const ORIGIN: Readonly<Record<string, Word>> = {
  agreed: word('Concordata', 'Agreed'),
  extra: word('Extra', 'Extra'),
};

const MOVEMENT: Readonly<Record<string, Word>> = {
  PackageOpened: word('Pacchetto aperto', 'Package opened'),
  PolicyChanged: word('Condizioni modificate', 'Policy changed'),
  LotAdded: word('Ore aggiunte', 'Hours added'),
  HoursAvailable: word('Ore sufficienti', 'Hours available'),
  HoursLacking: word('Ore insufficienti', 'Hours lacking'),
  HoursReserved: word('Ore prenotate', 'Hours reserved'),
  ReservationRefused: word('Prenotazione rifiutata', 'Reservation refused'),
  NeedWithdrawn: word('Attesa di ore ritirata', 'Wait for hours withdrawn'),
  ActivityEnded: word('Attività conclusa', 'Activity ended'),
  HoldReleased: word('Prenotazione liberata', 'Reserved hours released'),
  HoldsReleased: word('Prenotazioni liberate', 'Reserved hours released'),
  WorkCharged: word('Lavoro addebitato', 'Work charged'),
  OverrunRecorded: word('Sforamento registrato', 'Overrun recorded'),
  OverrunDecided: word('Sforamento deciso', 'Overrun decided'),
  ChargeReversed: word('Addebito stornato', 'Charge reversed'),
  BalanceAdjusted: word('Rettifica del saldo', 'Balance adjusted'),
  LotExpired: word('Ore scadute', 'Hours expired'),
  TransferExpected: word('Trasferimento atteso', 'Transfer expected'),
  TransferWithdrawn: word('Trasferimento annullato', 'Transfer withdrawn'),
  HoursTransferred: word('Ore trasferite', 'Hours transferred'),
  ThresholdCrossed: word('Soglia raggiunta', 'Threshold reached'),
  PackageClosing: word('Chiusura avviata', 'Closing started'),
  ClosureScheduled: word('Chiusura programmata', 'Closure scheduled'),
  ClosureCalledOff: word('Chiusura revocata', 'Closure called off'),
  PackageClosed: word('Pacchetto chiuso', 'Package closed'),
};

const labelOr = (words: Readonly<Record<string, Word>>, key: string, language: WorkbookLanguage): string =>
  Object.hasOwn(words, key) ? (words[key]?.[language] ?? key) : key;

/** The label of a ledger event type; a type of a later version is shown as it is. */
export const movementLabel = (type: string, language: WorkbookLanguage): string =>
  labelOr(MOVEMENT, type, language);

/** The label of an activity's origin; an unknown one is shown as it is. */
export const originLabel = (origin: string, language: WorkbookLanguage): string =>
  labelOr(ORIGIN, origin, language);

export const SHEET = {
  activities: word('Attività', 'Activities'),
  movements: word('Movimenti', 'Movements'),
  summary: word('Riepilogo', 'Summary'),
} as const;

export const COMMON = {
  yes: word('Sì', 'Yes'),
  total: word('Totale', 'Total'),
  nothing: word('Nessuna riga', 'No rows'),
  page: word('Pagina &P di &N', 'Page &P of &N'),
  howToRead: word(
    'Durate in minuti interi; h:mm sono le stesse in ore e minuti. Orari di Roma (Europe/Rome).',
    'Durations in whole minutes; h:mm are the same in hours and minutes. Times of Rome (Europe/Rome).',
  ),
} as const;

export const ACTIVITY_HEADER = {
  number: word('N.', 'No.'),
  title: word('Attività', 'Activity'),
  kind: word('Tipo', 'Kind'),
  origin: word('Origine', 'Origin'),
  urgent: word('Urgente', 'Urgent'),
  assignee: word('In carico a', 'In charge'),
  workStatus: word('Lavoro', 'Work'),
  approval: word('Approvazione', 'Approval'),
  state: word('Stato', 'State'),
  estimateVersion: word('Stima n.', 'Estimate no.'),
  estimate: word('Stima (min)', 'Estimate (min)'),
  multiplier: word('Molt. ×', 'Mult. ×'),
  weighted: word('Stima pesata (min)', 'Weighted estimate (min)'),
  actual: word('Tempo effettivo (min)', 'Actual time (min)'),
  charged: word('Addebito (min)', 'Charged (min)'),
  overrun: word('Sforamento (min)', 'Overrun (min)'),
  hours: word('h:mm', 'h:mm'),
  dueOn: word('Entro il', 'Due on'),
  dueFirmness: word('Data', 'Date is'),
  unfinished: word('Non finita', 'Not finished'),
} as const;

export const MOVEMENT_HEADER = {
  sequence: word('N.', 'No.'),
  occurredOn: word('Data', 'Date'),
  recordedAt: word('Registrato (ora di Roma)', 'Recorded (time of Rome)'),
  type: word('Movimento', 'Movement'),
  activity: word('Attività', 'Activity'),
  performedBy: word('Svolto da', 'Done by'),
  actor: word('Registrato da', 'Recorded by'),
  actual: word('Tempo effettivo (min)', 'Actual time (min)'),
  multiplier: word('Molt. ×', 'Mult. ×'),
  charged: word('Addebito (min)', 'Charged (min)'),
  posted: word('Saldo ± (min)', 'Posted ± (min)'),
  held: word('Prenotate ± (min)', 'Held ± (min)'),
  postedAfter: word('Saldo dopo (min)', 'Posted after (min)'),
  heldAfter: word('Prenotate dopo (min)', 'Held after (min)'),
  availableAfter: word('Disponibili dopo (min)', 'Available after (min)'),
  hours: word('h:mm', 'h:mm'),
  note: word('Nota', 'Note'),
  hash: word('Impronta (fuori stampa)', 'Hash (not printed)'),
} as const;

export const SUMMARY = {
  client: word('Cliente', 'Client'),
  packageName: word('Pacchetto', 'Package'),
  referent: word('Referente', 'Referent'),
  status: word('Stato', 'Status'),
  openedOn: word('Aperto il', 'Opened on'),
  closedOn: word('Chiuso il', 'Closed on'),
  closingReason: word('Motivo della chiusura', 'Reason for closing'),
  generatedAt: word('Documento del (ora di Roma)', 'Document of (time of Rome)'),
  balances: word('Saldi', 'Balances'),
  minutes: word('Minuti', 'Minutes'),
  hours: word('h:mm', 'h:mm'),
  source: word('Da dove viene', 'Where it comes from'),
  granted: word('Ore concesse', 'Hours granted'),
  charged: word('Ore addebitate', 'Hours charged'),
  posted: word('Saldo', 'Posted balance'),
  held: word('Ore prenotate', 'Hours held'),
  available: word('Ore disponibili', 'Hours available'),
  pending: word('In attesa di decisione', 'Waiting for a decision'),
  fromLedger: word('Dal registro', 'From the ledger'),
  fromMovements: word('Somma dei movimenti', 'Sum of the movements'),
  fromBalances: word('Saldo meno ore prenotate', 'Posted minus held'),
  fromEstimates: word('Stime senza decisione (non sottratte)', 'Undecided estimates (not subtracted)'),
  fromActivities: word('Somma delle attività', 'Sum of the activities'),
  work: word('Attività', 'Activities'),
  activityCount: word('Attività elencate', 'Activities listed'),
  unfinishedCount: word('di cui non finite', 'of which not finished'),
  actual: word('Tempo effettivo', 'Actual time'),
  overrun: word('Sforamenti', 'Overruns'),
  residual: word('Residuo alla chiusura', 'Residual at closing'),
  toPackage: word('Trasferito a', 'Moved to'),
  lots: word('Lotti', 'Lots'),
  lot: word('Lotto', 'Lot'),
  remaining: word('Rimasti (min)', 'Remaining (min)'),
  expiresOn: word('Scadenza', 'Expires on'),
  state: word('Stato', 'State'),
  verification: word('Verifica', 'Verification'),
  entries: word('Movimenti nel registro', 'Entries in the ledger'),
  headHash: word('Ultima impronta', 'Last hash'),
} as const;
