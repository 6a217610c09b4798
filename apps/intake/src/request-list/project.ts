import type { StoredEvent } from '@monteore/event-store';
import { type Blobs, cancelDue, type ServiceTransaction, scheduleDue } from '@monteore/service';
import { loadContent } from '../request/content.js';
import type {
  MailEvent,
  MailFactsByType,
  RequestEvent,
  RequestFactsByType,
  ThreadEvent,
  ThreadFactsByType,
} from '../request/events.js';
import { mailEventOf, requestEventOf, threadEventOf } from '../request/streams.js';

/** R9: what falls due for a request that nobody has taken in charge. */
export const DEADLINE_NEAR = 'deadline-near';
export const DEADLINE_MISSED = 'request-missed';

/** Folds one of intake's own events into the rows, and into what falls due. */
export async function projectRequestList(
  event: StoredEvent,
  tx: ServiceTransaction,
  blobs: Blobs,
): Promise<void> {
  if (event.streamId.startsWith('request-')) {
    await projectRequest(requestEventOf(event), event, tx, blobs);
  } else if (event.streamId.startsWith('thread-')) {
    const thread = threadEventOf(event);
    if (thread.type === 'ActivityReplyReceived') await insertReply(thread.data, tx, blobs);
    else await projectReplyHandled(thread, event, tx);
  } else if (event.streamId.startsWith('mail-')) {
    await projectMail(mailEventOf(event), tx, blobs);
  }
}

async function projectRequest(
  event: RequestEvent,
  { recordedAt }: StoredEvent,
  tx: ServiceTransaction,
  blobs: Blobs,
): Promise<void> {
  if (event.type === 'ReplySeen' || event.type === 'ReplyMadeRequest') {
    return projectReplyHandled(event, { recordedAt }, tx);
  }
  if (event.type === 'RequestReceived') return insertRequest(event.data, tx, blobs);
  const { requestId, packageId, clientId, state, activityIds } = event.data.request;
  await tx.query(
    'UPDATE requests SET package_id = $2, client_id = $3, state = $4, activity_ids = $5 WHERE request_id = $1',
    [requestId, packageId ?? null, clientId ?? null, state, activityIds],
  );
  if (state !== 'received') {
    await cancelDue(tx, DEADLINE_NEAR, requestId);
    await cancelDue(tx, DEADLINE_MISSED, requestId);
  }
  if (event.type === 'ReplyReceived') await insertReply(event.data, tx, blobs);
}

async function insertRequest(
  { request, contentRef, remindAt }: RequestFactsByType['RequestReceived'],
  tx: ServiceTransaction,
  blobs: Blobs,
): Promise<void> {
  const content = await loadContent(blobs, contentRef);
  await tx.query(
    `INSERT INTO requests (request_id, number, package_id, client_id, contact_id, state, channel, urgent,
       urgency_evidence, possibly_several, several_evidence, received_at, take_in_charge_by, part_of, from_email,
       from_name, subject, message_id, message_references)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)
     ON CONFLICT DO NOTHING`,
    [
      request.requestId,
      request.number,
      request.packageId ?? null,
      request.clientId ?? null,
      request.contactId ?? null,
      request.state,
      request.channel,
      request.urgent,
      content.urgencyEvidence,
      request.possiblySeveral,
      content.severalEvidence,
      request.receivedAt,
      request.takeInChargeBy,
      request.partOf ?? null,
      content.from?.email ?? '',
      content.from?.name ?? null,
      content.subject,
      content.messageId ?? null,
      content.references,
    ],
  );
  const entityId = request.requestId;
  await scheduleDue(tx, { kind: DEADLINE_NEAR, entityId, dueAt: remindAt });
  await scheduleDue(tx, { kind: DEADLINE_MISSED, entityId, dueAt: request.takeInChargeBy });
}

async function insertReply(
  reply: RequestFactsByType['ReplyReceived'] | ThreadFactsByType['ActivityReplyReceived'],
  tx: ServiceTransaction,
  blobs: Blobs,
): Promise<void> {
  const content = await loadContent(blobs, reply.contentRef);
  const thread =
    'request' in reply ? { ...reply.request, activityId: undefined } : { ...reply, requestId: undefined };
  await tx.query(
    `INSERT INTO replies (reply_id, request_id, activity_id, contact_id, urgent, flag, received_at, from_email,
       from_name, subject, body, message_id, message_references, package_id, client_id)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15) ON CONFLICT DO NOTHING`,
    [
      reply.replyId,
      thread.requestId ?? null,
      thread.activityId ?? null,
      reply.contactId,
      reply.urgent,
      reply.flag ?? null,
      reply.receivedAt,
      content.from?.email ?? '',
      content.from?.name ?? null,
      content.subject,
      content.text,
      content.messageId ?? null,
      content.references,
      thread.packageId ?? null,
      thread.clientId ?? '',
    ],
  );
}

async function projectReplyHandled(
  event: Extract<RequestEvent | ThreadEvent, { type: 'ReplySeen' | 'ReplyMadeRequest' }>,
  { recordedAt }: Pick<StoredEvent, 'recordedAt'>,
  tx: ServiceTransaction,
): Promise<void> {
  const madeRequestId = event.type === 'ReplyMadeRequest' ? event.data.requestId : null;
  await tx.query(
    `UPDATE replies SET seen_at = coalesce(seen_at, $2), made_request_id = coalesce(made_request_id, $3)
     WHERE reply_id = $1`,
    [event.data.replyId, recordedAt, madeRequestId],
  );
}

async function projectMail(event: MailEvent, tx: ServiceTransaction, blobs: Blobs): Promise<void> {
  switch (event.type) {
    case 'MailAccepted':
      return insertMail(event.data, tx, blobs);
    case 'MailReleased':
      await tx.query(
        "UPDATE mails SET state = 'released', request_id = $2, contact_id = coalesce($3, contact_id) WHERE mail_id = $1",
        [event.data.mailId, event.data.requestId, event.data.contactId ?? null],
      );
      return;
    case 'MailDiscarded':
      await tx.query("UPDATE mails SET state = 'discarded' WHERE mail_id = $1", [event.data.mailId]);
  }
}

/** The row is that of the first time; the same mail once more only counts. */
async function insertMail(
  mail: MailFactsByType['MailAccepted'],
  tx: ServiceTransaction,
  blobs: Blobs,
): Promise<void> {
  const content = await loadContent(blobs, mail.contentRef);
  const waits = mail.disposition === 'quarantined' || mail.disposition === 'unreadable';
  await tx.query(
    `INSERT INTO mails AS known (mail_id, disposition, reason, state, request_id, contact_id, client_id, referent_id,
       received_at, raw_sha256, content_sha256, message_id, message_references, sent_at, from_email, from_name,
       subject, deliveries, activity_id)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, 1,
       (SELECT activity_id FROM replies WHERE reply_id = $18))
     ON CONFLICT (mail_id) DO UPDATE SET deliveries = known.deliveries + 1`,
    [
      mail.mailId,
      mail.disposition,
      mail.reason ?? null,
      waits ? 'waiting' : 'taken',
      mail.requestId ?? null,
      mail.contactId ?? null,
      mail.clientId ?? null,
      mail.referentId ?? null,
      mail.receivedAt,
      mail.rawSha256,
      content.contentSha256 ?? null,
      content.messageId ?? null,
      content.references,
      content.sentAt ?? null,
      content.from?.email ?? null,
      content.from?.name ?? null,
      content.subject,
      mail.replyId ?? null,
    ],
  );
}
