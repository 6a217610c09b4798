import { setTimeout as pause } from 'node:timers/promises';
import type { Consumer, EachBatchPayload, Kafka, KafkaMessage } from 'kafkajs';
import { readMessage } from '../cloud-event.js';
import { asTransient } from '../errors.js';
import { BATCH, type Delivery, type Subscriber, TransientError } from '../port.js';
import { disconnect } from './mending-kafkajs.js';

type Options = Omit<Parameters<Subscriber['consume']>[0], 'topics'>;

const FIRST_PAUSE_MILLISECONDS = 100;
const LONGEST_PAUSE_MILLISECONDS = 2000;
/** A member that is silent for so long is taken for dead, and its partitions are given to others. */
const SESSION_MILLISECONDS = 10_000;
const HEARTBEAT_MILLISECONDS = 2000;
/** Without the group's word for so long the client counts as stuck: it is not always told that its link died. */
const SILENCE_MILLISECONDS = 3 * SESSION_MILLISECONDS;
/** How long the others wait for one that is still handling a batch when the group changes. */
const REBALANCE_MILLISECONDS = 15_000;
/** How long the broker holds a question for which nothing new is there; `stop()` may take as long. */
const LONG_POLL_MILLISECONDS = 300;
/** Partitions handled side by side; each one's batches come one after another. */
const PARTITIONS_AT_ONCE = 4;

/** One topic's offset is not there any more: the topic was made anew or cut, and going on would skip messages. */
class LostOffsetError extends Error {
  constructor(topic: string, partition: number, wanted: bigint, found: bigint) {
    super(
      `${topic}, partition ${partition}: offset ${wanted} is beyond the end and the broker has begun again at ` +
        `${found}: the topic was made anew or cut; refill it under a new name, or set the offset back`,
    );
    this.name = 'LostOffsetError';
  }
}

/** Membership in the group from joining to a crash or the end. */
interface Session {
  readonly consumer: Consumer;
  /** Grows when partitions may have changed hands: what was begun under another one is stale. */
  generation: number;
  /** The next offset of each partition that is being read; the others wait for the group's word. */
  readonly next: Map<number, bigint>;
  readonly pauseMillis: Map<number, number>;
  over: boolean;
}

/**
 * Reads one topic for one group. The group's own offsets decide where each partition begins, whenever it is assigned
 * and after each failure; those committed to Kafka only show how far behind the group is. A crash of the client ends
 * a session, and another is begun after a pause.
 */
export class TopicConsumer {
  private readonly stopping = new AbortController();
  private endSession: (error?: unknown) => void = () => {};
  private readonly loop: Promise<void>;

  constructor(
    private readonly kafka: Kafka,
    private readonly topic: string,
    private readonly options: Options,
  ) {
    this.loop = this.run();
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    this.endSession();
    await this.loop;
  }

  private async run(): Promise<void> {
    let pauseMillis = 0;
    while (!this.isStopped()) {
      const begun = performance.now();
      try {
        await this.runSession();
      } catch (error) {
        this.options.onError?.(asTransient(error));
      }
      pauseMillis = performance.now() - begun > SESSION_MILLISECONDS ? 0 : pauseMillis;
      pauseMillis = longer(pauseMillis);
      await this.sleep(pauseMillis);
    }
  }

  /** Resolves when it is stopped, rejects when the client gives up. */
  private async runSession(): Promise<void> {
    const consumer = this.kafka.consumer({
      groupId: `${this.options.group}.${this.topic}`,
      allowAutoTopicCreation: false,
      sessionTimeout: SESSION_MILLISECONDS,
      heartbeatInterval: HEARTBEAT_MILLISECONDS,
      rebalanceTimeout: REBALANCE_MILLISECONDS,
      maxWaitTimeInMs: LONG_POLL_MILLISECONDS,
      retry: { retries: 2, initialRetryTime: 100, restartOnFailure: async () => false },
    });
    const session: Session = {
      consumer,
      generation: 0,
      next: new Map(),
      pauseMillis: new Map(),
      over: false,
    };
    const ended = new Promise<void>((resolve, reject) => {
      this.endSession = (error) => (error === undefined ? resolve() : reject(error));
    });
    ended.catch(() => {});
    if (this.isStopped()) return;
    consumer.on(consumer.events.CRASH, ({ payload }) => this.endSession(payload.error));
    consumer.on(consumer.events.REBALANCING, () => this.leave(session));
    consumer.on(consumer.events.GROUP_JOIN, ({ payload }) =>
      this.join(session, payload.memberAssignment[this.topic] ?? []),
    );
    let heardAt = performance.now();
    const hear = () => {
      heardAt = performance.now();
    };
    consumer.on(consumer.events.GROUP_JOIN, hear);
    consumer.on(consumer.events.HEARTBEAT, hear);
    const watching = setInterval(() => {
      if (performance.now() - heardAt > SILENCE_MILLISECONDS)
        this.endSession(new TransientError(`no word of the group of ${this.topic}`));
    }, HEARTBEAT_MILLISECONDS);
    try {
      await Promise.race([this.begin(session), ended]);
      await ended;
    } finally {
      session.over = true;
      this.leave(session);
      clearInterval(watching);
      await disconnect(consumer);
    }
  }

  /** A session that has ended meanwhile goes no further: whoever ended it has disconnected already. */
  private async begin(session: Session): Promise<void> {
    const { consumer } = session;
    await consumer.connect();
    if (session.over) return disconnect(consumer);
    await consumer.subscribe({ topic: this.topic, fromBeginning: true });
    if (session.over) return disconnect(consumer);
    await consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      partitionsConsumedConcurrently: PARTITIONS_AT_ONCE,
      eachBatch: (payload) => this.take(session, payload),
    });
    if (session.over) await disconnect(consumer);
  }

  private leave(session: Session): void {
    session.generation += 1;
    session.next.clear();
  }

  /** Called by kafkajs before the first fetch of an assignment: nothing is read until the group has said from where. */
  private join(session: Session, partitions: readonly number[]): void {
    this.leave(session);
    for (const partition of partitions) this.reopen(session, partition, 0);
  }

  /** Stops reading a partition, and begins anew where the group says. */
  private reopen(session: Session, partition: number, pauseMillis: number): void {
    session.next.delete(partition);
    session.consumer.pause([{ topic: this.topic, partitions: [partition] }]);
    void this.open(session, partition, pauseMillis);
  }

  private async open(session: Session, partition: number, firstPauseMillis: number): Promise<void> {
    const { generation, consumer } = session;
    const isStale = () => session.over || session.generation !== generation || this.isStopped();
    let pauseMillis = firstPauseMillis;
    while (!isStale()) {
      if (pauseMillis > 0) await this.sleep(pauseMillis);
      try {
        const next = await this.options.startAt(this.topic, partition);
        if (isStale()) return;
        consumer.seek({ topic: this.topic, partition, offset: next.toString() });
        session.next.set(partition, next);
        consumer.resume([{ topic: this.topic, partitions: [partition] }]);
        return;
      } catch (error) {
        this.options.onError?.(asTransient(error));
        pauseMillis = longer(pauseMillis);
      }
    }
  }

  /** One fetch of one partition, handed on in runs. Never throws: kafkajs would let it stop all partitions. */
  private async take(session: Session, payload: EachBatchPayload): Promise<void> {
    const { partition } = payload.batch;
    const { generation } = session;
    // A batch fetched before its partition was set elsewhere.
    if (payload.isStale() || !session.next.has(partition)) return;
    const isStale = () => session.generation !== generation || this.isStopped() || !payload.isRunning();
    const isWhole = await this.handle(session, payload, isStale).catch((error: unknown) => {
      this.options.onError?.(asTransient(error));
      return false;
    });
    if (isWhole) {
      session.pauseMillis.delete(partition);
    } else if (!isStale()) {
      const pauseMillis = longer(session.pauseMillis.get(partition) ?? 0);
      session.pauseMillis.set(partition, pauseMillis);
      this.reopen(session, partition, pauseMillis);
    }
  }

  /** False when the rest must not be handled. Throws what the handler throws. */
  private async handle(
    session: Session,
    { batch, heartbeat, resolveOffset, commitOffsetsIfNecessary }: EachBatchPayload,
    hasChanged: () => boolean,
  ): Promise<boolean> {
    const { topic } = this;
    const { partition } = batch;
    const { generation } = session;
    const { batchSize = BATCH } = this.options;
    const wanted = session.next.get(partition)!;
    const first = BigInt(batch.messages[0]!.offset);
    if (first < wanted) throw new LostOffsetError(topic, partition, wanted, first);
    let isLost = false;
    const isStale = () => isLost || hasChanged();
    // A heartbeat that fails says that the group changes, or that nobody knows whether it does.
    const beat = () =>
      heartbeat().catch(() => {
        isLost = true;
      });
    const beating = setInterval(beat, HEARTBEAT_MILLISECONDS / 2);
    try {
      for (let place = 0; place < batch.messages.length; place += batchSize) {
        if (isStale()) return false;
        const deliveries = batch.messages
          .slice(place, place + batchSize)
          .map((message) => deliveryOf(topic, partition, message));
        await this.options.handle({ topic, partition, deliveries, isStale, heartbeat: beat });
        const last = deliveries.at(-1)!.offset;
        if (session.generation !== generation) return false;
        session.next.set(partition, last + 1n);
        resolveOffset(last.toString());
        await this.show(commitOffsetsIfNecessary, partition, last + 1n);
      }
    } finally {
      clearInterval(beating);
    }
    return true;
  }

  /** Tells Kafka how far the group has come. For displays only: a failure here is none of the messages'. */
  private async show(
    commit: EachBatchPayload['commitOffsetsIfNecessary'],
    partition: number,
    next: bigint,
  ): Promise<void> {
    const offsets = { topics: [{ topic: this.topic, partitions: [{ partition, offset: next.toString() }] }] };
    await commit(offsets).catch(() => {});
  }

  private isStopped(): boolean {
    return this.stopping.signal.aborted;
  }

  private async sleep(millis: number): Promise<void> {
    await pause(millis, undefined, { signal: this.stopping.signal }).catch(() => {});
  }
}

const longer = (pauseMillis: number): number =>
  Math.min(LONGEST_PAUSE_MILLISECONDS, pauseMillis * 2 || FIRST_PAUSE_MILLISECONDS);

function deliveryOf(topic: string, partition: number, { key, value, offset }: KafkaMessage): Delivery {
  const at = { topic, partition, offset: BigInt(offset) };
  return { ...at, message: readMessage(value?.toString() ?? '', key?.toString() ?? '', at) };
}
