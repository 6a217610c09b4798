import type { RequestSnapshot } from '@monteore/contracts';
import { DEFAULT_POLICY, derivedId } from '@monteore/kernel';
import type { SqlTransaction } from '@monteore/messaging';
import type { MailEvent, RequestEvent, ThreadEvent } from '../../request/events.js';
import { type ReplyFacts, replyFacts } from '../../request-list/request-facts.js';
import { askedActivitiesOf, type KnownActivity, knownActivity } from '../copies.js';
import type { MailCause } from '../models.js';
import { saysApproval } from '../says-approval.js';

type OwnEvent = RequestEvent | ThreadEvent | MailEvent;

const about = (causeEventId: string, { requestId, packageId, clientId }: RequestSnapshot) => ({
  causeEventId,
  requestId,
  ...(packageId === undefined ? {} : { packageId }),
  ...(clientId === undefined ? {} : { clientId }),
});

/** R8, R9, R11: what is told after an event of intake itself. Reads the rows that the event has been folded into. */
export async function intakeCauses(
  event: OwnEvent,
  causeEventId: string,
  tx: SqlTransaction,
): Promise<readonly MailCause[]> {
  switch (event.type) {
    case 'RequestReceived':
      return [await received(event.data.request, causeEventId, tx)];
    case 'RequestDismissed':
      return [
        {
          ...about(causeEventId, event.data.request),
          kind: 'request-dismissed',
          audience: 'sender',
          facts: { number: event.data.request.number, reason: event.data.reason },
        },
      ];
    case 'RequestDeadlineMissed':
      return [
        {
          ...about(causeEventId, event.data.request),
          kind: 'deadline-missed',
          audience: 'referent',
          facts: {
            number: event.data.request.number,
            takeInChargeBy: event.data.request.takeInChargeBy,
          },
        },
      ];
    case 'ReplyReceived':
    case 'ActivityReplyReceived':
      return replied(event, causeEventId, tx);
    case 'MailAccepted':
      return event.data.disposition === 'quarantined' ? quarantined(event.data, causeEventId) : [];
    case 'RequestTakenInCharge':
    case 'RequestLinked':
    case 'RequestSplit':
    case 'RequestAssigned':
    case 'ReplySeen':
    case 'ReplyMadeRequest':
    case 'MailReleased':
    case 'MailDiscarded':
      return [];
  }
}

async function received(
  request: RequestSnapshot,
  causeEventId: string,
  tx: SqlTransaction,
): Promise<MailCause> {
  const rows = await tx.query<{ multiplier: number }>(
    `SELECT (policy->>'urgentMultiplier')::int AS multiplier FROM packages WHERE package_id = $1`,
    [request.packageId ?? null],
  );
  return {
    ...about(causeEventId, request),
    kind: 'request-received',
    audience: 'sender',
    facts: {
      number: request.number,
      takeInChargeBy: request.takeInChargeBy,
      urgent: request.urgent,
      urgentMultiplier: rows[0]?.multiplier ?? DEFAULT_POLICY.urgentMultiplier,
      possiblySeveral: request.possiblySeveral,
      isPart: request.channel === 'part',
    },
  };
}

/** R8: a reply that says "approvo" decides nothing by itself: the answer points to the link. */
async function replied(
  event: Extract<OwnEvent, { type: 'ReplyReceived' | 'ActivityReplyReceived' }>,
  causeEventId: string,
  tx: SqlTransaction,
): Promise<readonly MailCause[]> {
  const reply = await replyFacts(tx, event.data.replyId);
  if (reply === null || !saysApproval(reply.text)) return [];
  const waiting = await waitingFor(reply, tx);
  return [
    {
      causeEventId,
      kind: 'reply-approvo',
      audience: { contactId: reply.contactId },
      clientId: reply.clientId,
      ...(reply.packageId === undefined ? {} : { packageId: reply.packageId }),
      ...(reply.requestId === undefined ? {} : { requestId: reply.requestId }),
      ...(reply.requestId !== undefined || reply.activityId === undefined
        ? {}
        : { activityId: reply.activityId }),
      facts: {
        replyId: reply.replyId,
        ...(event.type === 'ReplyReceived' ? { number: event.data.request.number } : {}),
        waiting: waiting.map(({ activityId, title, askedVersion }) => ({
          activityId,
          title,
          version: askedVersion!,
        })),
      },
    },
  ];
}

async function waitingFor(reply: ReplyFacts, tx: SqlTransaction): Promise<KnownActivity[]> {
  if (reply.requestId !== undefined) return askedActivitiesOf(tx, reply.requestId);
  const activity = reply.activityId === undefined ? null : await knownActivity(tx, reply.activityId);
  return activity?.askedVersion === undefined ? [] : [activity];
}

/** R8: the referent is told of what waits; of a contact that may only look, the contact as well. */
function quarantined(
  mail: Extract<MailEvent, { type: 'MailAccepted' }>['data'],
  causeEventId: string,
): MailCause[] {
  const { mailId, receivedAt, reason, contactId } = mail;
  const whose = {
    causeEventId,
    ...(mail.clientId === undefined ? {} : { clientId: mail.clientId }),
    ...(mail.referentId === undefined ? {} : { referentId: mail.referentId }),
  };
  const toReferent: MailCause = {
    ...whose,
    kind: 'quarantine',
    audience: 'referent',
    facts: { mailId, receivedAt, reason: reason ?? 'unknown-sender' },
  };
  if (reason !== 'viewer' || contactId === undefined) return [toReferent];
  return [
    toReferent,
    { ...whose, kind: 'viewer-waits', audience: { contactId }, facts: { mailId, receivedAt } },
  ];
}

/** R9: one working day is left. */
export function deadlineNearCause(request: {
  readonly requestId: string;
  readonly packageId?: string;
  readonly clientId?: string;
  readonly number: number;
  readonly takeInChargeBy: string;
}): MailCause {
  const { requestId, packageId, clientId, number, takeInChargeBy } = request;
  return {
    causeEventId: derivedId('deadline-near', requestId),
    requestId,
    ...(packageId === undefined ? {} : { packageId }),
    ...(clientId === undefined ? {} : { clientId }),
    kind: 'deadline-near',
    audience: 'referent',
    facts: { number, takeInChargeBy },
  };
}
