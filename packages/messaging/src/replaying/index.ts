import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { MarksOfRun } from '../inbox/marks.js';
import { type DeliveryBatch, type Message, type Subscriber, TransientError } from '../port.js';
import type { Taken } from './taken.js';

export { type Taken, takenBy, withoutEffect } from './taken.js';

export interface ReplayOptions {
  readonly subscriber: Subscriber;
  /** Reads for itself under a group of its own, whose name begins with this. */
  readonly group: string;
  /** Takes messages of one topic, once each and those of a key in order; what it throws ends the replay. */
  readonly fold: (topic: string, messages: readonly Message[]) => Promise<void>;
  /** Ends it: `catchUp` rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /** How long nothing may come before the replay gives up. Default 30 s. */
  readonly patienceMillis?: number;
}

/** What was left out, because it waited, was released since: its place in the order has passed. A new replay has it. */
export class ReleasedMeanwhileError extends TransientError {
  constructor() {
    super('a parked message that the replay has left out was released meanwhile: replay anew');
    this.name = 'ReleasedMeanwhileError';
  }
}

/** A replay reads far more than a consumer does, and has no transaction to keep short. */
const BATCH_SIZE = 1000;
/** So long a partition rests that has come to its end while others have not. */
const REST_MILLISECONDS = 50;

/**
 * Brings the messages that a consumer has taken once more, from the first one on and as often as it is told to catch
 * up: repeats are passed over, and what had no effect is left out. Any failure ends it: a replay begins anew.
 */
export class Replay {
  private readonly reached = new Map<string, Map<number, bigint>>();
  private readonly marks = new MarksOfRun([]);
  private readonly leftOut = new Set<string>();
  private readonly group: string;
  /** Messages read so far, those that were passed over included. */
  read = 0n;

  constructor(private readonly options: ReplayOptions) {
    this.group = `${options.group}.${randomUUID()}`;
  }

  /** How many messages are missing until the consumer's place. */
  behind({ next }: Pick<Taken, 'next'>): bigint {
    return this.missing(next).reduce((sum, { count }) => sum + count, 0n);
  }

  /** Throws ReleasedMeanwhileError when what was left out has had its effect since. */
  requireUpToDate(without: Taken['without']): void {
    for (const id of this.leftOut) if (!without.has(id)) throw new ReleasedMeanwhileError();
  }

  /** Resolves when every message before the consumer's place was folded. Throws what `fold` throws, and TransientError. */
  async catchUp({ next, without }: Taken): Promise<void> {
    this.requireUpToDate(without);
    const missing = this.missing(next);
    if (missing.length === 0) return;
    const open = new Set(missing.map(({ topic, partition }) => placeOf(topic, partition)));
    const over = Promise.withResolvers<void>();
    const patience = this.watch(over.reject);
    let isOver = false;
    let folding = Promise.resolve();
    const consumption = await this.options.subscriber.consume({
      group: this.group,
      topics: [...new Set(missing.map(({ topic }) => topic))],
      batchSize: BATCH_SIZE,
      startAt: async (topic, partition) => this.reachedOf(topic, partition),
      handle: async (batch) => {
        const place = placeOf(batch.topic, batch.partition);
        if (isOver || !open.has(place)) {
          await pause(REST_MILLISECONDS);
          return;
        }
        folding = folding.then(async () => {
          if (isOver) return;
          const end = next.get(batch.topic)!.get(batch.partition)!;
          await this.take(batch, end, without);
          patience.heard();
          if (this.reachedOf(batch.topic, batch.partition) >= end) open.delete(place);
          if (open.size === 0) over.resolve();
        });
        await folding.catch((error) => over.reject(error));
      },
    });
    await over.promise.finally(async () => {
      isOver = true;
      patience.end();
      await consumption.stop();
    });
  }

  private async take(
    { topic, partition, deliveries }: DeliveryBatch,
    end: bigint,
    without: Taken['without'],
  ): Promise<void> {
    const from = this.reachedOf(topic, partition);
    const wanted = deliveries.filter(({ offset }) => offset >= from && offset < end);
    const messages = wanted.map(({ message }) => message).filter((message) => this.isFirst(message, without));
    if (messages.length > 0) await this.options.fold(topic, messages);
    const last = wanted.at(-1);
    if (last === undefined) return;
    this.reached.get(topic)!.set(partition, last.offset + 1n);
    this.read += BigInt(wanted.length);
  }

  private isFirst(message: Message, without: Taken['without']): boolean {
    if (without.has(message.id)) {
      this.leftOut.add(message.id);
      return false;
    }
    if (!this.marks.isBehind(message)) return false;
    this.marks.reach(message);
    return true;
  }

  private reachedOf(topic: string, partition: number): bigint {
    const ofTopic = this.reached.get(topic) ?? new Map<number, bigint>();
    this.reached.set(topic, ofTopic);
    return ofTopic.get(partition) ?? 0n;
  }

  private missing(next: Taken['next']) {
    return [...next].flatMap(([topic, ends]) =>
      [...ends]
        .map(([partition, end]) => ({ topic, partition, count: end - this.reachedOf(topic, partition) }))
        .filter(({ count }) => count > 0n),
    );
  }

  /** A broker that is away is asked again by its driver, for ever. */
  private watch(giveUp: (reason: unknown) => void) {
    const { patienceMillis = 30_000, signal } = this.options;
    const onAbort = () => giveUp(signal!.reason);
    if (signal?.aborted) onAbort();
    signal?.addEventListener('abort', onAbort);
    const timer = setTimeout(
      () => giveUp(new TransientError(`no message could be read for ${patienceMillis / 1000} s`)),
      patienceMillis,
    );
    return {
      heard: () => timer.refresh(),
      end: () => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', onAbort);
      },
    };
  }
}

const placeOf = (topic: string, partition: number): string => `${topic}/${partition}`;
