import type { SqlTransaction } from '@monteore/messaging';
import { mailFacts, replyFacts, requestFacts } from '../request-list/request-facts.js';
import type { MailModels } from './models.js';
import type { OutboundMailRow } from './outbound-mails.js';

/** Where a mail stands among others (R11). Ids with angle brackets, oldest first. */
export interface Thread {
  /** The subject that the thread goes by; absent where the mail begins one. */
  readonly subject?: string;
  readonly inReplyTo?: string;
  readonly references: readonly string[];
}

const MOST_REFERENCES = 20;
const PREFIXES =
  /^(?:\s*(?:re|r|ris|risp|risposta|rif|aw|sv|fwd?|i|inoltro?|wg|tr)(?:\[\d{1,3}\]|\(\d{1,3}\))?\s{0,3}[:：])+\s*/i;

/** The thread of the mail that is answered, of the request it is about, or of the earlier mails about its activity. */
export async function threadOf(mail: OutboundMailRow, tx: SqlTransaction): Promise<Thread> {
  const answered = await answeredBy(mail, tx);
  const earlier = await earlierMails(mail, tx);
  const known = answered === null ? [] : [...answered.references, answered.messageId].filter(isId);
  const references = bounded([...new Set([...known, ...earlier])]).map((id) => `<${id}>`);
  const inReplyTo = isId(answered?.messageId) ? `<${answered.messageId}>` : references.at(-1);
  return {
    ...(answered === null ? {} : { subject: answered.subject.replace(PREFIXES, '') }),
    ...(inReplyTo === undefined ? {} : { inReplyTo }),
    references,
  };
}

interface Answered {
  readonly subject: string;
  readonly messageId?: string;
  readonly references: readonly string[];
}

function answeredBy(mail: OutboundMailRow, tx: SqlTransaction): Promise<Answered | null> {
  if (mail.kind === 'reply-approvo') {
    return replyFacts(tx, (mail.model as MailModels['reply-approvo']).replyId);
  }
  if (mail.kind === 'viewer-waits') {
    return mailFacts(tx, (mail.model as MailModels['viewer-waits']).mailId);
  }
  return mail.request_id === null ? Promise.resolve(null) : requestFacts(tx, mail.request_id);
}

async function earlierMails(mail: OutboundMailRow, tx: SqlTransaction): Promise<string[]> {
  if (mail.request_id === null && mail.activity_id === null) return [];
  const rows = await tx.query<{ message_id: string }>(
    `SELECT message_id FROM outbound_mails WHERE recipient_id = $1 AND place < $2
       AND CASE WHEN $3::text IS NOT NULL THEN request_id = $3 ELSE activity_id = $4 END
     ORDER BY place DESC LIMIT ${MOST_REFERENCES}`,
    [mail.recipient_id, mail.place, mail.request_id, mail.activity_id],
  );
  return rows.map((row) => row.message_id).reverse();
}

/** An id that came in is repeated only as far as it can stand in a header. */
const isId = (id: string | undefined): id is string =>
  id !== undefined && id.length <= 250 && /^[\x21-\x3b\x3d\x3f-\x7e]+$/.test(id);

/** The first of a thread and its newest: what programs join threads by. */
const bounded = (ids: readonly string[]): readonly string[] =>
  ids.length <= MOST_REFERENCES ? ids : [ids[0]!, ...ids.slice(1 - MOST_REFERENCES)];
