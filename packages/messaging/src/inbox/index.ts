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
import { Marks, type SourcePosition } from './marks.js';
import { ParkedMessages } from './parked.js';

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
  /** Runs the handling of one message that somebody handles, for whoever traces it: calls `work` once, and throws what it throws. */
  readonly around?: (topic: string, message: Message, work: () => Promise<void>) => Promise<void>;
  /** How often a message that fails by itself is tried, and the first pause between; it doubles. Default 4 and 100 ms. */
  readonly attempts?: number;
  readonly firstDelayMillis?: number;
}

type Around = NonNullable<InboxOptions<SqlTransaction>['around']>;

class UnknownSourceError extends Error {
  constructor(topic: string, source: string) {
    super(`${topic}: ${source} is a source nobody has accepted: a store was restored or copied`);
    this.name = 'UnknownSourceError';
  }
}

/**
 * The consumer of a service. Offsets and one mark per (source, key) are written in the transaction of the effects;
 * a message at or below its mark is a repeat. A message that fails by itself parks its key; all other failures pause.
 */
export class Inbox<Tx extends SqlTransaction> {
  readonly parked: ParkedMessages<Tx>;
  private readonly marks: Marks;
  private consumption: Consumption | null = null;

  constructor(private readonly options: InboxOptions<Tx>) {
    this.marks = new Marks(options.database, options.schema);
    this.parked = new ParkedMessages(options.database, {
      schema: options.schema,
      handle: (topic, message, settle) => this.handleParked(topic, message, settle),
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
  async acceptSource(topic: string, source: string): Promise<void> {
    await this.options.database.query(
      `INSERT INTO ${this.options.schema}.consumer_sources (topic, source) VALUES ($1, $2) ON CONFLICT DO NOTHING`,
      [topic, source],
    );
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
    return this.around(delivery.topic, delivery.message, () => this.insist(delivery));
  }

  private around(topic: string, message: Message, work: () => Promise<void>): Promise<void> {
    const { around } = this.options;
    const isHandled = this.handlerOf(topic, message) !== undefined;
    return around === undefined || !isHandled ? work() : around(topic, message, work);
  }

  private async insist(delivery: Delivery): Promise<void> {
    const { attempts = 4, firstDelayMillis = 100 } = this.options;
    for (let attempt = 1; ; attempt += 1) {
      try {
        await this.react(delivery);
        await this.commit([delivery], (_topic, _message, work) => work());
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
    await this.checkSource(database, topic, message);
    if (await this.parked.isParked(database, topic, message.key)) return;
    if (message.position <= (await this.marks.read(database, message.source, message.key))) return;
    await react(message);
  }

  private async parkFailed({ topic, partition, offset, message }: Delivery, error: unknown): Promise<void> {
    const isOurs = await this.options.database.transaction(async (tx) => {
      if (offset < (await this.lockOffset(tx, topic, partition))) return false;
      await this.moveOffset(tx, topic, partition, offset + 1n);
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
  private async commit(
    deliveries: readonly Delivery[],
    around: Around = (topic, message, work) => this.around(topic, message, work),
  ): Promise<void> {
    const { topic, partition } = deliveries[0]!;
    const { handled, reached } = await this.options.database.transaction(async (tx) => {
      const applied: Message[] = [];
      const next = await this.lockOffset(tx, topic, partition);
      const fresh = deliveries.filter(({ offset }) => offset >= next);
      if (fresh.length === 0) return { handled: [], reached: [] };
      const messages = fresh.map(({ message }) => message);
      await this.checkSources(tx, topic, messages);
      const marks = await this.marks.of(tx, messages);
      const parkedKeys = await this.parked.keysAmong(tx, topic, messages);
      for (const message of messages) {
        if (!marks.isBehind(message)) continue;
        if (parkedKeys.has(message.key) && (await this.parked.parkBehind(tx, topic, message))) continue;
        await around(topic, message, () => this.apply(tx, topic, message));
        if (this.handlerOf(topic, message) !== undefined) applied.push(message);
        marks.reach(message);
      }
      await this.marks.write(tx, marks.reached());
      await this.moveOffset(tx, topic, partition, fresh.at(-1)!.offset + 1n);
      return { handled: applied, reached: marks.reached() };
    });
    this.marks.committed(reached);
    if (handled.length > 0) this.options.onHandled?.(topic, handled);
  }

  private async apply(tx: Tx, topic: string, message: Message): Promise<void> {
    const unreadable = undecodableReason(message);
    if (unreadable !== null) throw new Error(unreadable);
    const handler = this.handlerOf(topic, message);
    if (handler === undefined) {
      await tx.query(
        `INSERT INTO ${this.options.schema}.ignored_types (topic, type, source, first_position)
         VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`,
        [topic, message.type, message.source, message.position],
      );
    }
    await handler?.project?.(message, tx);
  }

  /** The next offset of the partition, which nobody else moves until this transaction has ended. */
  private async lockOffset(tx: SqlTransaction, topic: string, partition: number): Promise<bigint> {
    await tx.query(
      `INSERT INTO ${this.options.schema}.consumer_offsets (topic, partition, next_offset) VALUES ($1, $2, 0)
       ON CONFLICT DO NOTHING`,
      [topic, partition],
    );
    const rows = await tx.query<{ next_offset: string }>(
      `SELECT next_offset FROM ${this.options.schema}.consumer_offsets WHERE topic = $1 AND partition = $2 FOR UPDATE`,
      [topic, partition],
    );
    return BigInt(rows[0]!.next_offset);
  }

  private async moveOffset(
    tx: SqlTransaction,
    topic: string,
    partition: number,
    next: bigint,
  ): Promise<void> {
    await tx.query(
      `UPDATE ${this.options.schema}.consumer_offsets SET next_offset = $3 WHERE topic = $1 AND partition = $2`,
      [topic, partition, next],
    );
  }

  private async checkSources(tx: SqlTransaction, topic: string, messages: readonly Message[]): Promise<void> {
    const bySource = new Map(messages.map((message) => [message.source, message]));
    for (const message of bySource.values()) await this.checkSource(tx, topic, message);
  }

  private async checkSource(tx: SqlTransaction, topic: string, message: Message): Promise<void> {
    if (undecodableReason(message) !== null) return;
    const rows = await tx.query<{ source: string }>(
      `SELECT source FROM ${this.options.schema}.consumer_sources WHERE topic = $1`,
      [topic],
    );
    if (rows.some((row) => row.source === message.source)) return;
    if (rows.length > 0) {
      this.options.onUnknownSource?.(topic, message.source);
      throw new UnknownSourceError(topic, message.source);
    }
    await tx.query(
      `INSERT INTO ${this.options.schema}.consumer_sources (topic, source) VALUES ($1, $2) ON CONFLICT DO NOTHING`,
      [topic, message.source],
    );
  }

  private handleParked(topic: string, message: Message, settle: (tx: Tx) => Promise<void>): Promise<void> {
    return this.around(topic, message, () => this.release(topic, message, settle));
  }

  private async release(topic: string, message: Message, settle: (tx: Tx) => Promise<void>): Promise<void> {
    await this.handlerOf(topic, message)?.react?.(message);
    await this.options.database.transaction(async (tx) => {
      await settle(tx);
      if (message.position > (await this.marks.read(tx, message.source, message.key)))
        await this.apply(tx, topic, message);
      await this.marks.write(tx, [message]);
    });
    this.marks.committed([message]);
    if (this.handlerOf(topic, message) !== undefined) this.options.onHandled?.(topic, [message]);
  }
}
