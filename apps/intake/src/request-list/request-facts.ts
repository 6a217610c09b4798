import type { RequestSnapshot } from '@monteore/contracts';
import type { SqlTransaction } from '@monteore/messaging';
import type { Disposition, DispositionReason, ReplyFlag } from '../request/events.js';

/** One request with what mails about it need: who wrote it, under which subject, in which thread. */
export interface RequestFacts {
  readonly requestId: string;
  readonly number: number;
  readonly packageId?: string;
  readonly clientId?: string;
  readonly contactId?: string;
  readonly fromEmail: string;
  readonly fromName?: string;
  readonly subject: string;
  readonly messageId?: string;
  readonly references: string[];
  readonly urgent: boolean;
  readonly urgencyEvidence: string[];
  readonly possiblySeveral: boolean;
  readonly severalEvidence: string[];
  readonly receivedAt: string;
  readonly takeInChargeBy: string;
  readonly channel: RequestSnapshot['channel'];
  readonly state: RequestSnapshot['state'];
  readonly partOf?: string;
}

interface RequestRow {
  request_id: string;
  number: string;
  package_id: string | null;
  client_id: string | null;
  contact_id: string | null;
  from_email: string;
  from_name: string | null;
  subject: string;
  message_id: string | null;
  message_references: string[];
  urgent: boolean;
  urgency_evidence: string[];
  possibly_several: boolean;
  several_evidence: string[];
  received_at: Date;
  take_in_charge_by: Date;
  channel: RequestSnapshot['channel'];
  state: RequestSnapshot['state'];
  part_of: string | null;
}

/** The request's row as of the last event folded; null when there is none. */
export async function requestFacts(tx: SqlTransaction, requestId: string): Promise<RequestFacts | null> {
  const [row] = await tx.query<RequestRow>('SELECT * FROM requests WHERE request_id = $1', [requestId]);
  if (row === undefined) return null;
  return {
    requestId: row.request_id,
    number: Number(row.number),
    ...(row.package_id === null ? {} : { packageId: row.package_id }),
    ...(row.client_id === null ? {} : { clientId: row.client_id }),
    ...(row.contact_id === null ? {} : { contactId: row.contact_id }),
    fromEmail: row.from_email,
    ...(row.from_name === null ? {} : { fromName: row.from_name }),
    subject: row.subject,
    ...(row.message_id === null ? {} : { messageId: row.message_id }),
    references: row.message_references,
    urgent: row.urgent,
    urgencyEvidence: row.urgency_evidence,
    possiblySeveral: row.possibly_several,
    severalEvidence: row.several_evidence,
    receivedAt: row.received_at.toISOString(),
    takeInChargeBy: row.take_in_charge_by.toISOString(),
    channel: row.channel,
    state: row.state,
    ...(row.part_of === null ? {} : { partOf: row.part_of }),
  };
}

/** One reply in a thread, with its new text. */
export interface ReplyFacts {
  readonly replyId: string;
  readonly requestId?: string;
  readonly activityId?: string;
  readonly packageId?: string;
  readonly clientId: string;
  readonly contactId: string;
  readonly urgent: boolean;
  readonly flag?: ReplyFlag;
  readonly fromEmail: string;
  readonly subject: string;
  readonly text: string;
  readonly messageId?: string;
  readonly references: string[];
  readonly receivedAt: string;
}

interface ReplyRow {
  reply_id: string;
  request_id: string | null;
  activity_id: string | null;
  package_id: string | null;
  client_id: string;
  contact_id: string;
  urgent: boolean;
  flag: ReplyFlag | null;
  from_email: string;
  subject: string;
  body: string;
  message_id: string | null;
  message_references: string[];
  received_at: Date;
}

/** The reply's row; null when there is none. */
export async function replyFacts(tx: SqlTransaction, replyId: string): Promise<ReplyFacts | null> {
  const [row] = await tx.query<ReplyRow>('SELECT * FROM replies WHERE reply_id = $1', [replyId]);
  if (row === undefined) return null;
  return {
    replyId: row.reply_id,
    ...(row.request_id === null ? {} : { requestId: row.request_id }),
    ...(row.activity_id === null ? {} : { activityId: row.activity_id }),
    ...(row.package_id === null ? {} : { packageId: row.package_id }),
    clientId: row.client_id,
    contactId: row.contact_id,
    urgent: row.urgent,
    ...(row.flag === null ? {} : { flag: row.flag }),
    fromEmail: row.from_email,
    subject: row.subject,
    text: row.body,
    ...(row.message_id === null ? {} : { messageId: row.message_id }),
    references: row.message_references,
    receivedAt: row.received_at.toISOString(),
  };
}

/** One mail that was taken, whatever became of it. */
export interface MailFacts {
  readonly mailId: string;
  readonly disposition: Disposition;
  readonly reason?: DispositionReason;
  /** `waiting`: in quarantine, or unreadable, and nobody has decided. */
  readonly state: 'taken' | 'waiting' | 'released' | 'discarded';
  readonly contactId?: string;
  readonly clientId?: string;
  readonly referentId?: string;
  readonly fromEmail?: string;
  readonly fromName?: string;
  readonly subject: string;
  readonly messageId?: string;
  readonly references: string[];
  readonly receivedAt: string;
}

interface MailRow {
  mail_id: string;
  disposition: Disposition;
  reason: DispositionReason | null;
  state: MailFacts['state'];
  contact_id: string | null;
  client_id: string | null;
  referent_id: string | null;
  from_email: string | null;
  from_name: string | null;
  subject: string;
  message_id: string | null;
  message_references: string[];
  received_at: Date;
}

/** The mail's row; null when there is none. */
export async function mailFacts(tx: SqlTransaction, mailId: string): Promise<MailFacts | null> {
  const [row] = await tx.query<MailRow>('SELECT * FROM mails WHERE mail_id = $1', [mailId]);
  if (row === undefined) return null;
  return {
    mailId: row.mail_id,
    disposition: row.disposition,
    ...(row.reason === null ? {} : { reason: row.reason }),
    state: row.state,
    ...(row.contact_id === null ? {} : { contactId: row.contact_id }),
    ...(row.client_id === null ? {} : { clientId: row.client_id }),
    ...(row.referent_id === null ? {} : { referentId: row.referent_id }),
    ...(row.from_email === null ? {} : { fromEmail: row.from_email }),
    ...(row.from_name === null ? {} : { fromName: row.from_name }),
    subject: row.subject,
    ...(row.message_id === null ? {} : { messageId: row.message_id }),
    references: row.message_references,
    receivedAt: row.received_at.toISOString(),
  };
}
