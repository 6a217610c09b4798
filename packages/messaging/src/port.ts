import type { Json } from '@monteore/kernel';

/**
 * One public message: a CloudEvents 1.0 event whose `source` names the store it comes from and whose `position`
 * grows with every message of that source. At most 256 KiB; long text and files go by reference to the blob store.
 */
export interface Message {
  readonly id: string;
  /** `monteore.<service>/<store id>`. A restored or copied store has another id and so another source. */
  readonly source: string;
  readonly type: string;
  /** The client's id (people: the person's; a request without a client: its own). Order is kept per key. */
  readonly key: string;
  readonly position: bigint;
  /** When the fact was recorded, RFC 3339 in UTC. */
  readonly time: string;
  readonly data: Readonly<Record<string, Json | undefined>>;
  readonly correlationId: string;
  readonly causationId?: string;
  readonly traceparent?: string;
}

export const MAX_MESSAGE_BYTES = 256 * 1024;

/** Where a message stands in its topic. The postgres driver has one partition a topic. */
export interface Delivery {
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
  readonly message: Message;
}

export interface Publisher {
  /** Resolves when every message is durable, in order. At least once: a failed call is repeated whole by its caller. */
  publish(topic: string, messages: readonly Message[]): Promise<void>;
  close(): Promise<void>;
}

/** A run of deliveries of one partition, in order, none left out between `offset`s. */
export interface DeliveryBatch {
  readonly topic: string;
  readonly partition: number;
  readonly deliveries: readonly Delivery[];
  /** True once the partition may belong to another instance: nothing more of the batch may be handled. */
  isStale(): boolean;
  heartbeat(): Promise<void>;
}

export interface Consumption {
  /** Ends after the running batch; no further one is started. */
  stop(): Promise<void>;
}

export const BATCH = 500;

/**
 * Brings the messages of topics to one group, each partition's batches one after another, from the offset that
 * `startAt` names (kept by the group itself, in the transaction of its effects; nothing is asked of the broker).
 * A handler that throws gets the same batch again after a pause.
 */
export interface Subscriber {
  consume(options: {
    readonly group: string;
    readonly topics: readonly string[];
    readonly startAt: (topic: string, partition: number) => Promise<bigint>;
    readonly handle: (batch: DeliveryBatch) => Promise<void>;
    /** At most so many deliveries a batch, which a handler may take in one transaction. Default `BATCH`. */
    readonly batchSize?: number;
    readonly onError?: (error: unknown) => void;
  }): Promise<Consumption>;
  close(): Promise<void>;
}

/** How far a partition goes: both are 0 while it never held anything. */
export interface PartitionEnds {
  readonly partition: number;
  /** The oldest offset that is there. */
  readonly first: bigint;
  /** The newest offset + 1: a consumer that has come this far has seen all. */
  readonly next: bigint;
}

export interface Messaging extends Publisher, Subscriber {
  /** Makes the topics where they are missing, and refuses (throws) when one has other settings than architecture.md asks. */
  ensureTopics(topics: readonly { readonly name: string; readonly compacted: boolean }[]): Promise<void>;
  endOffsets(topic: string): Promise<readonly PartitionEnds[]>;
}

/** One open transaction of the service's own database. */
export interface SqlTransaction {
  query<Row extends object = Record<string, unknown>>(
    text: string,
    parameters?: readonly unknown[],
  ): Promise<Row[]>;
}

/** The service's own database. `transaction` commits when `work` resolves and rolls back when it throws. */
export interface TransactionRunner<Tx extends SqlTransaction = SqlTransaction> extends SqlTransaction {
  transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
}

/**
 * What a service does with one type of message. `react` runs first, outside the transaction, and must be idempotent
 * (it sends commands whose ids derive from the message); `project` runs in the transaction that also writes the mark.
 */
export interface MessageHandler<Tx extends SqlTransaction = SqlTransaction> {
  readonly react?: (message: Message) => Promise<void>;
  readonly project?: (message: Message, tx: Tx) => Promise<void>;
  /**
   * Stands for `project` where many messages cost little more than one: it is given those that follow one another and
   * whose handlers have this very function, in order, and leaves what `project` for each of them would have left.
   */
  readonly projectAll?: (messages: readonly Message[], tx: Tx) => Promise<void>;
}

export type MessageHandlers<Tx extends SqlTransaction = SqlTransaction> = Readonly<
  Record<string, Readonly<Record<string, MessageHandler<Tx>>>>
>;

/** A failure of the surroundings, not of the message: the consumer pauses until a probe succeeds and counts no attempt. */
export class TransientError extends Error {
  constructor(detail: string, options?: ErrorOptions) {
    super(detail, options);
    this.name = 'TransientError';
  }
}
