import type { StoredEvent } from '@monteore/event-store';
import {
  type Actor,
  derivedId,
  inputHashOf,
  isRefusal,
  type Refusal,
  RefusalError,
  randomId,
  refuse,
  SYSTEM_ACTOR,
  sha256Hex,
  UnavailableError,
} from '@monteore/kernel';
import {
  asOwnWork,
  type CommandEnvelope,
  type CommandResult,
  currentCorrelation,
  eventually,
  type ServiceCore,
} from '@monteore/service';
import type { IntakeOptions } from '../options.js';
import { type ReadMail, readMail } from '../reading-mail/index.js';
import { keepContent } from '../request/content.js';
import { receiveReply, receiveRequest } from '../request/decide.js';
import {
  type Disposition,
  type MailEvent,
  type MailFactsByType,
  streamOfMail,
  streamOfRequest,
  streamOfThread,
} from '../request/events.js';
import { closingDaysOf, nextRequestNumber } from '../request/numbers.js';
import type { ThreadState } from '../request/state.js';
import { asDecided, type IntakeStreams, mailEventOf } from '../request/streams.js';
import { decideInboundMail, type InboundMailDecision } from './decide-inbound-mail.js';
import { gatherFacts } from './gather-facts.js';
import { contentOf, mailIdOf } from './mail-content.js';
import type { Mailbox, Mailboxes } from './mailboxes.js';

export interface Delivery {
  readonly raw: Uint8Array;
  /** The envelope's recipients; absent where there is no envelope: then the mail's own headers say them. */
  readonly recipients?: readonly string[];
  /** The envelope's sender was empty: a machine's report (RFC 5321). */
  readonly hasNullSender?: boolean;
  /** When it reached a mailbox, if that was before it is taken here. */
  readonly receivedAt?: string;
  /** The REST call that brought it: the same call again has the same answer. */
  readonly call?: { readonly commandId: string; readonly actor: Actor; readonly correlationId: string };
}

export interface Accepted {
  readonly mailId: string;
  readonly disposition: Disposition;
  readonly requestId?: string;
  readonly events: readonly StoredEvent[];
}

const ATTEMPTS = 4;

/**
 * Takes a mail (R8): the raw bytes are kept, its disposition is decided, and all that follows from it is committed in
 * one append. A mail's stream has an id of its own content, so the stream itself decides who was first. Throws
 * UnavailableError when that cannot be done now; nothing is acknowledged then.
 */
export class MailAcceptance {
  constructor(
    private readonly core: ServiceCore,
    private readonly options: IntakeOptions,
    private readonly streams: IntakeStreams,
    private readonly mailboxes: Mailboxes,
  ) {}

  accept(delivery: Delivery): Promise<Accepted> {
    const work = () => this.acceptAndTell(delivery);
    return delivery.call === undefined ? asOwnWork(this.core, 'mail', work) : work();
  }

  private async acceptAndTell(delivery: Delivery): Promise<Accepted> {
    const accepted = await this.take(delivery);
    const { mailId, disposition } = accepted;
    this.core.logger.info({ mailId, disposition }, 'a mail was taken');
    return accepted;
  }

  private async take(delivery: Delivery): Promise<Accepted> {
    const rawSha256 = sha256Hex(delivery.raw);
    const earlier = await this.earlierAnswer(delivery, rawSha256);
    if (earlier !== null) return earlier;
    const mail = await this.read(delivery);
    await this.core.blobs.put(delivery.raw);
    const contentRef = await keepContent(this.core.blobs, contentOf(mail));
    const given = { delivery, mail, rawSha256, contentRef };
    for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
      await this.catchUp();
      const accepted = await this.decideAndAppend(given);
      if (accepted !== null) return accepted;
    }
    throw new UnavailableError('intake.mail-busy', 'the same mail is being taken by others; try again');
  }

  /** A call that was answered before gets the same answer; its key with another mail is refused. */
  private async earlierAnswer({ call }: Delivery, rawSha256: string): Promise<Accepted | null> {
    if (call === undefined) return null;
    const [event] = await this.core.store.read(streamOfCall(call.commandId), { limit: 1 });
    if (event === undefined) return null;
    if (event.metadata.inputHash !== inputHashOf(rawSha256)) throw new RefusalError(keyReused());
    return answerOf(event, []);
  }

  private async read({ raw, hasNullSender }: Delivery): Promise<ReadMail> {
    const { trustedAuthservId } = this.options;
    const options = trustedAuthservId === undefined ? {} : { trustedAuthservId };
    const mail = await readMail(raw, options);
    if (mail.kind === 'unreadable' || hasNullSender !== true || mail.automatic !== undefined) return mail;
    // What the envelope says stands in no header yet: the last server on the way would have written it there.
    const withReturnPath = await readMail(Buffer.concat([Buffer.from('Return-Path: <>\r\n'), raw]), options);
    return withReturnPath.kind === 'mail' && withReturnPath.automatic !== undefined
      ? { ...mail, automatic: withReturnPath.automatic }
      : mail;
  }

  /** Facts are rows; they hold what was acknowledged once the projection has come as far as the store. */
  private async catchUp(): Promise<void> {
    const head = await this.core.store.head();
    const reached = await eventually(async () => {
      const [row] = await this.core.database.query<{ position: string }>(
        "SELECT position FROM projection_checkpoints WHERE name = 'own'",
      );
      return BigInt(row?.position ?? 0) >= head ? true : null;
    });
    if (reached === null) {
      throw new UnavailableError('intake.not-that-far-yet', 'the list of mails is behind; try again', 2);
    }
  }

  /** Null when another delivery of the same mail was faster: then it is a duplicate, to be decided anew. */
  private async decideAndAppend(given: Given): Promise<Accepted | null> {
    const { delivery, mail } = given;
    const mailboxes = await this.mailboxesOf(delivery, mail);
    const mailId = mailIdOf(mail, given.rawSha256);
    const facts =
      mail.kind === 'mail'
        ? await gatherFacts(this.core, mail, mailboxes, mailId)
        : await this.unread(mailId);
    const decision = decideInboundMail(facts);
    const now = this.core.clock.now();
    const receivedAt =
      delivery.receivedAt !== undefined && delivery.receivedAt < now ? delivery.receivedAt : now;
    const accepted = (more: Partial<MailFactsByType['MailAccepted']>): MailEvent => ({
      type: 'MailAccepted',
      data: {
        mailId,
        rawSha256: given.rawSha256,
        contentRef: given.contentRef,
        ...(facts.referentIds[0] === undefined ? {} : { referentId: facts.referentIds[0] }),
        receivedAt,
        ...factsOf(decision),
        ...more,
      },
    });
    switch (decision.disposition) {
      case 'request':
        return this.acceptRequest(given, decision, mailId, receivedAt, accepted);
      case 'reply':
        return this.acceptReply(given, decision, mailId, receivedAt, accepted);
      default:
        return this.acceptAlone(given, decision, mailId, accepted({}));
    }
  }

  /** The envelope says whose mailbox it came to; the headers may still hold a tag that a server on the way cut off. */
  private async mailboxesOf({ recipients }: Delivery, mail: ReadMail): Promise<Mailbox[]> {
    const named = mail.kind === 'mail' ? [...mail.deliveredTo, ...mail.to, ...mail.cc] : [];
    const written = await this.mailboxes.find(named);
    if (recipients === undefined) return written;
    const reached = await this.mailboxes.find(recipients);
    const isReached = ({ referentId }: Mailbox) =>
      reached.some((mailbox) => mailbox.referentId === referentId);
    return [...reached, ...written.filter(isReached)];
  }

  private async unread(mailId: string) {
    const { state } = await this.streams.mails.load(streamOfMail(mailId));
    const taken =
      state.status === 'unknown'
        ? null
        : { mailId, ...(state.requestId === undefined ? {} : { requestId: state.requestId }) };
    return {
      isReadable: false,
      isOwnMail: false,
      taken,
      authentication: 'not-failed' as const,
      senders: [],
      referentIds: [],
      tags: [],
      threads: [],
    };
  }

  private async acceptRequest(
    given: Given,
    { contactId, clientId, packageId }: InboundMailDecision & { disposition: 'request' },
    mailId: string,
    receivedAt: string,
    accepted: (more: Partial<MailFactsByType['MailAccepted']>) => MailEvent,
  ): Promise<Accepted | null> {
    const requestId = derivedId('request-of-mail', mailId);
    const { urgent, possiblySeveral } = contentOf(given.mail);
    const received = receiveRequest({
      requestId,
      number: await nextRequestNumber(this.core.database),
      packageId,
      clientId,
      contactId,
      channel: 'mail',
      urgent,
      possiblySeveral,
      receivedAt,
      contentRef: given.contentRef,
      rawSha256: given.rawSha256,
      mailId,
      closingDays: await closingDaysOf(this.core.database, packageId),
    });
    const event = accepted({ requestId });
    const envelope = envelopeFor(given);
    const result = await this.streams.mails.execute({
      ...envelope,
      streamId: streamOfMail(mailId),
      decide: (state, now) =>
        state.status === 'unknown'
          ? {
              events: asDecided([event], now),
              creates: [
                { streamId: streamOfRequest(requestId), events: asDecided([received], now) },
                ...callStream(given, event, now),
              ],
            }
          : { events: [] },
    });
    return this.answer(result, event, streamOfRequest(requestId));
  }

  private async acceptReply(
    given: Given,
    decision: InboundMailDecision & { disposition: 'reply' },
    mailId: string,
    receivedAt: string,
    accepted: (more: Partial<MailFactsByType['MailAccepted']>) => MailEvent,
  ): Promise<Accepted | null> {
    const replyId = derivedId('reply-of-mail', mailId);
    const { contactId, flag, requestId, activityId, packageId, clientId } = decision;
    const reply = {
      replyId,
      contactId,
      urgent: contentOf(given.mail).urgent,
      ...(flag === undefined ? {} : { flag }),
      receivedAt,
      contentRef: given.contentRef,
      rawSha256: given.rawSha256,
      mailId,
    };
    const event = accepted({ replyId });
    const creates = (now: string) => [
      { streamId: streamOfMail(mailId), events: asDecided([event], now) },
      ...callStream(given, event, now),
    ];
    const envelope = envelopeFor(given);
    if (requestId !== undefined) {
      const result = await this.streams.requests.execute({
        ...envelope,
        streamId: streamOfRequest(requestId),
        decide: (state, now) => {
          const events = asDecided(receiveReply(state, reply), now);
          return events.length === 0 ? { events } : { events, creates: creates(now) };
        },
      });
      return this.answer(result, event);
    }
    const data = { ...reply, activityId: activityId!, packageId: packageId!, clientId };
    const result = await this.streams.threads.execute({
      ...envelope,
      streamId: streamOfThread(activityId!),
      decide: (state: ThreadState, now) =>
        state.replies.has(replyId)
          ? { events: [] }
          : {
              events: asDecided([{ type: 'ActivityReplyReceived', data }], now),
              creates: creates(now),
            },
    });
    return this.answer(result, event);
  }

  private async acceptAlone(
    given: Given,
    decision: InboundMailDecision,
    mailId: string,
    event: MailEvent,
  ): Promise<Accepted | null> {
    const isRepeat = decision.disposition === 'duplicate';
    const streamId = streamOfMail(isRepeat ? decision.mailId : mailId);
    const result = await this.streams.mails.execute({
      ...envelopeFor(given),
      streamId,
      decide: (state, now) =>
        state.status === 'unknown' || isRepeat || decision.disposition === 'automatic'
          ? { events: asDecided([event], now), creates: callStream(given, event, now) }
          : { events: [] },
    });
    return this.answer(result, event);
  }

  /** The freshness that a caller is told is that of the request's first event, where there is one. */
  private async answer(
    result: CommandResult<unknown> | Refusal,
    event: MailEvent,
    newStream?: string,
  ): Promise<Accepted | null> {
    if (isRefusal(result)) throw new RefusalError(result);
    if (result.events.length === 0) return null;
    const created = newStream === undefined ? [] : await this.core.store.read(newStream, { limit: 1 });
    // A call that came twice at once is answered by what it made the first time.
    const first = result.events.find(({ type }) => type === 'MailAccepted');
    return answerOf(first ?? event, [...result.events, ...created]);
  }
}

interface Given {
  readonly delivery: Delivery;
  readonly mail: ReadMail;
  readonly rawSha256: string;
  readonly contentRef: string;
}

/** What a decision says of the mail itself. */
function factsOf(
  decision: InboundMailDecision,
): Pick<MailFactsByType['MailAccepted'], 'disposition' | 'reason' | 'requestId' | 'contactId' | 'clientId'> {
  const { disposition } = decision;
  const { reason, requestId, contactId, clientId } = decision as Partial<MailFactsByType['MailAccepted']>;
  return {
    disposition,
    ...(reason === undefined ? {} : { reason }),
    ...(requestId === undefined ? {} : { requestId }),
    ...(contactId === undefined ? {} : { contactId }),
    ...(clientId === undefined ? {} : { clientId }),
  };
}

function envelopeFor({ delivery, rawSha256 }: Given): CommandEnvelope {
  const id = randomId();
  const {
    commandId = id,
    actor = SYSTEM_ACTOR,
    correlationId = currentCorrelation() ?? id,
  } = delivery.call ?? {};
  return { commandId, actor, correlationId, inputHash: inputHashOf(rawSha256) };
}

const streamOfCall = (commandId: string): string => `call-${commandId}`;

/** A call remembers its answer in a stream of its own: the mail's stream is another for another mail. */
const callStream = ({ delivery }: Given, event: MailEvent, now: string) =>
  delivery.call === undefined
    ? []
    : [
        {
          streamId: streamOfCall(delivery.call.commandId),
          events: asDecided([{ type: 'MailDelivered', data: event.data }], now),
        },
      ];

function answerOf(event: { readonly data: object }, events: readonly StoredEvent[]): Accepted {
  const { mailId, disposition, requestId } = mailEventOf(event as StoredEvent)
    .data as MailFactsByType['MailAccepted'];
  return { mailId, disposition, ...(requestId === undefined ? {} : { requestId }), events };
}

const keyReused = (): Refusal =>
  refuse(
    422,
    'service.idempotency-key-reused',
    'The key belongs to another request',
    'This Idempotency-Key was used before with another mail: use a new key for a new mail.',
  );
