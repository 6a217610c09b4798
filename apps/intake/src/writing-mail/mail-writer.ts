import type { ActivitySnapshot } from '@monteore/contracts';
import { type EventTypeOf, estimationEvents, eventsTopicOf, ledgerEvents } from '@monteore/contracts';
import type { StoredEvent } from '@monteore/event-store';
import type { Message, MessageHandler, MessageHandlers } from '@monteore/messaging';
import {
  type DueHandler,
  type DueThing,
  LinkSigner,
  type ServiceCore,
  type ServiceTransaction,
} from '@monteore/service';
import type { IntakeOptions } from '../options.js';
import type { MailEvent, RequestEvent, ThreadEvent } from '../request/events.js';
import { DEADLINE_NEAR } from '../request-list/project.js';
import { requestFacts } from '../request-list/request-facts.js';
import { Addresses } from './addressing.js';
import { Announcing } from './announcing.js';
import { estimationCauses } from './causes/estimation-causes.js';
import { deadlineNearCause, intakeCauses } from './causes/intake-causes.js';
import { closingCause, ledgerCauses } from './causes/ledger-causes.js';
import { rememberActivity, rememberLots } from './copies.js';
import { type Delivery, outboxDelivery, smtpDelivery } from './delivering.js';
import { EXPIRY_NEAR, expiryCause, scheduleExpiryNotices } from './expiry.js';
import { MailRenderer } from './rendering.js';
import { MailSender } from './sending.js';

type Handler = MessageHandler<ServiceTransaction>;

const OWN_STREAMS = /^(?:request|thread|mail)-/;

/**
 * Mails out (R11). Rows are written in the transaction of the mark of what they follow from, so that a projection sends
 * nothing; the sender, which `start` begins, sends them at least once.
 */
export class MailWriter {
  private readonly announcing: Announcing;

  constructor(
    private readonly core: ServiceCore,
    private readonly options: IntakeOptions,
  ) {
    this.announcing = new Announcing(
      new Addresses(core.access),
      core.clock,
      new URL(core.settings.publicUrl).hostname,
    );
  }

  /** What is consumed of estimation, ledger and reporting. Only projections: nothing is sent or commanded. */
  handlers(): MessageHandlers<ServiceTransaction> {
    return {
      [eventsTopicOf('estimation')]: handlersFor(estimationEvents, (type) => this.estimationHandler(type)),
      [eventsTopicOf('ledger')]: handlersFor(ledgerEvents, (type) => this.ledgerHandler(type)),
      [eventsTopicOf('reporting')]: {
        ClosingStatementMade: {
          project: (message, tx) => this.announcing.announce(closingCause(message), tx),
        },
      },
    };
  }

  /** What a stored event of intake itself says to people; to be called after the event has been folded into its rows. */
  async ownEvent(event: StoredEvent, tx: ServiceTransaction): Promise<void> {
    if (!OWN_STREAMS.test(event.streamId)) return;
    const own = { type: event.type, data: event.data } as unknown as RequestEvent | ThreadEvent | MailEvent;
    for (const cause of await intakeCauses(own, event.eventId, tx)) await this.announcing.announce(cause, tx);
  }

  /** The first is scheduled by whoever keeps the requests, with the request's id. */
  dueHandlers(): Record<string, DueHandler> {
    return {
      [DEADLINE_NEAR]: (thing) => this.deadlineNear(thing),
      [EXPIRY_NEAR]: (thing) => this.expiryNear(thing),
    };
  }

  async start(): Promise<{ stop(): Promise<void> }> {
    const signer = await LinkSigner.fromFile(this.options.linkSigningKeyFile);
    const renderer = new MailRenderer(this.core, signer);
    const sender = new MailSender(this.core, this.announcing, renderer, this.delivery());
    sender.start();
    return { stop: () => sender.stop() };
  }

  private delivery(): Delivery {
    const { outbound } = this.options;
    if ('smtpUrl' in outbound) return smtpDelivery(outbound.smtpUrl);
    this.core.logger.info(
      `no SMTP server is configured: mails out are .eml files in ${outbound.outboxDirectory}`,
    );
    return outboxDelivery(outbound.outboxDirectory);
  }

  private estimationHandler(type: EventTypeOf<'estimation'>): Handler {
    const makeCause = estimationCauses[type];
    return {
      project: async (message, tx) => {
        const { activity } = message.data as unknown as { activity?: ActivitySnapshot };
        if (activity !== undefined) await rememberActivity(tx, activity);
        const cause = makeCause?.(message) ?? null;
        if (cause !== null) await this.announcing.announce(cause, tx);
      },
    };
  }

  private ledgerHandler(type: EventTypeOf<'ledger'>): Handler {
    const makeCause = ledgerCauses[type];
    if (makeCause === undefined && type !== 'LotAdded') return { projectAll: rememberLots };
    return {
      project: async (message, tx) => {
        await rememberLots([message], tx);
        if (type === 'LotAdded') await this.lotAdded(message, tx);
        if (makeCause !== undefined) await this.announcing.announce(makeCause(message), tx);
      },
    };
  }

  private async lotAdded(message: Message, tx: ServiceTransaction): Promise<void> {
    const { lotId, expiresOn } = message.data as unknown as { lotId: string; expiresOn?: string };
    if (expiresOn !== undefined) await scheduleExpiryNotices(tx, lotId, expiresOn, message.time);
  }

  private expiryNear(thing: DueThing): Promise<void> {
    return this.core.database.transaction(async (tx) => {
      const cause = await expiryCause(thing, this.core.clock.now(), tx);
      if (cause !== null) await this.announcing.announce(cause, tx);
    });
  }

  /** R9: told only while the request waits, and not once the deadline itself has passed. */
  private deadlineNear({ entityId: requestId }: DueThing): Promise<void> {
    return this.core.database.transaction(async (tx) => {
      const request = await requestFacts(tx, requestId);
      if (request?.state !== 'received' || request.takeInChargeBy <= this.core.clock.now()) return;
      await this.announcing.announce(deadlineNearCause(request), tx);
    });
  }
}

/** One handler for each type of a service's events. */
function handlersFor<Type extends string>(
  schemas: Readonly<Record<Type, unknown>>,
  handlerOf: (type: Type) => Handler,
): Readonly<Record<string, Handler>> {
  return Object.fromEntries((Object.keys(schemas) as Type[]).map((type) => [type, handlerOf(type)]));
}
