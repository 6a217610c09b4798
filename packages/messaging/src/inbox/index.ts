import { setTimeout as pause } from 'node:timers/promises';
import { undecodableReason } from '../cloud-event.js';
import { isTransient } from '../errors.js';
import type {
  Consumption,
  Delivery,
  DeliveryBatch,
  Message,
  MessageHandler,
  MessageHandlers,
  SqlTransaction,
  Subscriber,
  TransactionRunner,
} from '../port.js';
import { projectMessages } from '../projecting.js';
import { IgnoredTypes } from './ignored-types.js';
import { Marks, type SourcePosition } from './marks.js';
import { ParkedMessages } from './parked.js';
import { KnownSources, UnknownSourceError } from './sources.js';

export { type ContinuedSource, continueSources } from './continuing.js';
export type { SourcePosition } from './marks.js';
export type { ParkedMessage } from './parked.js';
export { inboxTables } from './tables.js';

export interface InboxOptions<Tx extends SqlTransaction> {
  readonly database: TransactionRunner<Tx>;
  readonly subscriber: Subscriber;
  /** The service's schema, in which inboxTables were made. */
  readonly schema: string;
  readonly group: string;
  readonly handlers: MessageHandlers<Tx>;
  readonly onParked?: (topic: string, message: Message, error: unknown) => void;
  readonly onUnknownSource?: (topic: string, source: string) => void;
  readonly onError?: (error: unknown) => void;
  /** A message failed by itself and is tried once more, after a pause. */
  readonly onRetry?: (topic: string, message: Message, error: unknown) => void;
  /** These messages of a topic had their effect, which is committed. */
  readonly onHandled?: (topic: string, messages: readonly Message[]) => void;
  /** Runs the handling of messages that somebody handles, for whoever traces it: calls `work` once, and throws what it throws. */
  readonly around?: (topic: string, messages: readonly Message[], work: () => Promise<void>) => Promise<void>;
  /** How often a message that fails by itself is tried, and the first pause between; it doubles. Default 4 and 100 ms. */
  readonly attempts?: number;
  readonly firstDelayMillis?: number;
}

type Around = NonNullable<InboxOptions<SqlTransaction>['around']>;

/** Ends the waiting of parked messages, in a transaction; those that still waited are to have their effect in it. */
type Settle<Tx extends SqlTransaction> = (tx: Tx) => Promise<readonly Message[]>;

/**
 * The consumer of a service. Offsets and one mark per (source, key) are written in the transaction of the effects;
 * a message at or below its mark is a repeat. A message that fails by itself parks its key; all other failures pause.
 */
export class Inbox<Tx extends SqlTransaction> {
  readonly parked: ParkedMessages<Tx>;
  private readonly marks: Marks;
  private readonly sources: KnownSources;
  private readonly ignored: IgnoredTypes;
  private consumption: Consumption | null = null;

  constructor(private readonly options: InboxOptions<Tx>) {
    this.marks = new Marks(options.database, options.schema);
    this.sources = new KnownSources(options.schema, options.onUnknownSource);
    this.ignored = new IgnoredTypes(options.schema);
    this.parked = new ParkedMessages(options.database, {
      schema: options.schema,
      standsAlone: (topic, message) => this.handlerOf(topic, message)?.react !== undefined,
      handle: (topic, messages, settle) => this.handleParked(topic, messages, settle),
      markPassed: (tx, message) => this.marks.write(tx, [message]),
    });
  }

  /** The types that have a handler, by topic; every other one is noted and passed over. */
  consumedTypes(): ReadonlyMap<string, readonly string[]> {
    const byTopic = Object.entries(this.options.handlers);
    return new Map(byTopic.map(([topic, handlers]) => [topic, Object.keys(handlers)]));
  }

  async start(): Promise<void> {
    this.consumption = await this.options.subscriber.consume({
      group: this.options.group,
      topics: Object.keys(this.options.handlers),
      startAt: (topic, partition) => this.nextOffset(this.options.database, topic, partition),
      handle: (batch) => this.handle(batch),
      ...(this.options.onError === undefined ? {} : { onError: this.options.onError }),
    });
  }

  async stop(): Promise<void> {
    await this.consumption?.stop();
  }

  /** True as soon as the effects up to this position of this source and key are committed; false after the time. */
  waitFor(wanted: SourcePosition, timeoutMillis: number): Promise<boolean> {
    return this.marks.waitFor(wanted, timeoutMillis);
  }

  /** An operator's word that a new source (a restored store) may be consumed from now on. */
  acceptSource(topic: string, source: string): Promise<void> {
    return this.sources.accept(this.options.database, topic, source);
  }

  private async nextOffset(tx: SqlTransaction, topic: string, partition: number): Promise<bigint> {
    const rows = await tx.query<{ next_offset: string }>(
      `SELECT next_offset FROM ${this.options.schema}.consumer_offsets WHERE topic = $1 AND partition = $2`,
      [topic, partition],
    );
    return rows[0] === undefined ? 0n : BigInt(rows[0].next_offset);
  }

  private handlerOf(topic: string, message: Message): MessageHandler<Tx> | undefined {
    return this.options.handlers[topic]?.[message.type];
  }

  /** Runs without reactions share a transaction; a message with one stands alone, after what was before it. */
  private async handle(batch: DeliveryBatch): Promise<void> {
    let run: Delivery[] = [];
    for (const delivery of batch.deliveries) {
      if (batch.isStale()) break;
      if (this.handlerOf(batch.topic, delivery.message)?.react === undefined) {
        run.push(delivery);
        continue;
      }
      await this.project(run);
      run = [];
      await this.handleAlone(delivery);
      await batch.heartbeat();
    }
    await this.project(run);
  }

  /** One transaction for all; when it fails by a message's own fault, one by one to find it. */
  private async project(deliveries: readonly Delivery[]): Promise<void> {
    if (deliveries.length === 0) return;
    try {
      await this.commit(deliveries);
    } catch (error) {
      if (isTransient(error) || error instanceof UnknownSourceError) throw error;
      for (const delivery of deliveries) await this.handleAlone(delivery);
    }
  }

  /** One message: its reaction, then its projection; parked with its key when it keeps failing by itself. */
  private handleAlone(delivery: Delivery): Promise<void> {
    return this.around(delivery.topic, [delivery.message], () => this.insist(delivery));
  }

  private around: Around = (topic, messages, work) => {
    const { around } = this.options;
    const isHandled = this.handlerOf(topic, messages[0]!) !== undefined;
    return around === undefined || !isHandled ? work() : around(topic, messages, work);
  };

  private async insist(delivery: Delivery): Promise<void> {
    const { attempts = 4, firstDelayMillis = 100 } = this.options;
    for (let attempt = 1; ; attempt += 1) {
      try {
        await this.react(delivery);
        await this.commit([delivery], (_topic, _messages, work) => work());
        return;
      } catch (error) {
        if (isTransient(error) || error instanceof UnknownSourceError) throw error;
        if (attempt >= attempts) return await this.parkFailed(delivery, error);
        this.options.onRetry?.(delivery.topic, delivery.message, error);
        await pause(firstDelayMillis * 2 ** (attempt - 1));
      }
    }
  }

  private async react({ topic, message }: Delivery): Promise<void> {
    const react = this.handlerOf(topic, message)?.react;
    if (react === undefined) return;
    const { database } = this.options;
    await this.sources.check(database, topic, [message]);
    if (await this.parked.isParked(database, topic, message.key)) return;
    if (message.position <= (await this.marks.read(database, message.source, message.key))) return;
    await react(message);
  }

  private async parkFailed({ topic, partition, offset, message }: Delivery, error: unknown): Promise<void> {
    const isOurs = await this.options.database.transaction(async (tx) => {
      if (offset < (await this.lockOffset(tx, topic, partition))) return false;
      await this.moveOn(tx, topic, partition, offset + 1n);
      await this.parked.park(
        tx,
        topic,
        message,
        error instanceof Error ? `${error.name}: ${error.message}` : 'unknown',
      );
      return true;
    });
    if (isOurs) this.options.onParked?.(topic, message, error);
  }

  /**
   * The effects of a run of one partition with its offset and marks, in one transaction. What is asked about each
   * message is asked once for all: the lock on the offset keeps every other instance of this group away meanwhile.
   */
  private async commit(deliveries: readonly Delivery[], around: Around = this.around): Promise<void> {
    const { topic, partition } = deliveries[0]!;
    const { messages, reached } = await this.options.database.transaction(async (tx) => {
      const next = await this.lockOffset(tx, topic, partition);
      const fresh = deliveries.filter(({ offset }) => offset >= next);
      if (fresh.length === 0) return { messages: [], reached: [] };
      const acting = await this.actingAmong(
        tx,
        topic,
        fresh.map(({ message }) => message),
      );
      await this.apply(tx, topic, acting.messages, around);
      await this.moveOn(tx, topic, partition, fresh.at(-1)!.offset + 1n, acting.reached);
      return acting;
    });
    this.committed(topic, messages, reached);
  }

  /** Those that are to have their effect: no repeats, and none of a key that waits, behind which they are put. */
  private async actingAmong(
    tx: SqlTransaction,
    topic: string,
    messages: readonly Message[],
  ): Promise<{ readonly messages: readonly Message[]; readonly reached: readonly SourcePosition[] }> {
    await this.sources.check(tx, topic, messages);
    const marks = await this.marks.of(tx, messages);
    const parkedKeys = await this.parked.keysAmong(tx, topic, messages);
    const acting: Message[] = [];
    for (const message of messages) {
      if (!marks.isBehind(message)) continue;
      if (parkedKeys.has(message.key) && (await this.parked.parkBehind(tx, topic, message))) continue;
      acting.push(message);
      marks.reach(message);
    }
    return { messages: acting, reached: marks.reached() };
  }

  private async apply(tx: Tx, topic: string, messages: readonly Message[], around: Around): Promise<void> {
    for (const message of messages) {
      const unreadable = undecodableReason(message);
      if (unreadable !== null) throw new Error(unreadable);
    }
    const { handled, ignored } = this.divided(topic, messages);
    await this.ignored.note(tx, topic, ignored);
    for (const run of this.runsOf(topic, handled)) {
      const handler = this.handlerOf(topic, run[0]!)!;
      await around(topic, run, () => projectMessages(handler, run, tx));
    }
  }

  /** In order; those that follow one another and are projected by the same function stand together. */
  private runsOf(topic: string, messages: readonly Message[]): readonly (readonly Message[])[] {
    const runs: Message[][] = [];
    let before: MessageHandler<Tx>['projectAll'];
    for (const message of messages) {
      const projectAll = this.handlerOf(topic, message)?.projectAll;
      if (projectAll !== undefined && projectAll === before) runs.at(-1)!.push(message);
      else runs.push([message]);
      before = projectAll;
    }
    return runs;
  }

  private divided(topic: string, messages: readonly Message[]) {
    const isHandled = (message: Message) => this.handlerOf(topic, message) !== undefined;
    return { handled: messages.filter(isHandled), ignored: messages.filter((one) => !isHandled(one)) };
  }

  private committed(topic: string, messages: readonly Message[], reached: readonly SourcePosition[]): void {
    const { handled, ignored } = this.divided(topic, messages);
    this.marks.committed(reached);
    this.ignored.committed(topic, ignored);
    if (handled.length > 0) this.options.onHandled?.(topic, handled);
  }

  /** The next offset of the partition, which nobody else moves until this transaction has ended. */
  private async lockOffset(tx: SqlTransaction, topic: string, partition: number): Promise<bigint> {
    const lock = () =>
      tx.query<{ next_offset: string }>(
        `SELECT next_offset FROM ${this.options.schema}.consumer_offsets
         WHERE topic = $1 AND partition = $2 FOR UPDATE`,
        [topic, partition],
      );
    let rows = await lock();
    if (rows.length === 0) {
      await tx.query(
        `INSERT INTO ${this.options.schema}.consumer_offsets (topic, partition, next_offset) VALUES ($1, $2, 0)
         ON CONFLICT DO NOTHING`,
        [topic, partition],
      );
      rows = await lock();
    }
    return BigInt(rows[0]!.next_offset);
  }

  private async moveOn(
    tx: SqlTransaction,
    topic: string,
    partition: number,
    next: bigint,
    reached: readonly SourcePosition[] = [],
  ): Promise<void> {
    await tx.query(
      `WITH moved AS (
         UPDATE ${this.options.schema}.consumer_offsets SET next_offset = $3 WHERE topic = $1 AND partition = $2
       )
       ${this.marks.statement(4)}`,
      [topic, partition, next, ...this.marks.parameters(reached)],
    );
  }

  /** One with a reaction stands alone. */
  private handleParked(topic: string, messages: readonly Message[], settle: Settle<Tx>): Promise<void> {
    const [first] = messages;
    const react = this.handlerOf(topic, first!)?.react;
    if (react === undefined) return this.release(topic, settle, this.around);
    return this.around(topic, messages, async () => {
      await react(first!);
      await this.release(topic, settle, (_topic, _messages, work) => work());
    });
  }

  private async release(topic: string, settle: Settle<Tx>, around: Around): Promise<void> {
    const { acting, reached } = await this.options.database.transaction(async (tx) => {
      const released = await settle(tx);
      const marks = await this.marks.of(tx, released);
      const acting = released.filter((message) => {
        if (!marks.isBehind(message)) return false;
        marks.reach(message);
        return true;
      });
      await this.apply(tx, topic, acting, around);
      await this.marks.write(tx, marks.reached());
      return { acting, reached: marks.reached() };
    });
    this.committed(topic, acting, reached);
  }
}
