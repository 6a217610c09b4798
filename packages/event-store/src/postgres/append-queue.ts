import { StoreUnavailableError } from '../port.js';
import type { PreparedAppend } from '../validation.js';
import type { CallOutcome } from './append-batch.js';

/** A call to append that waits for its answer. */
export interface PendingAppend {
  readonly prepared: PreparedAppend;
  readonly expiresAt: number;
  settle(outcome: CallOutcome): void;
  fail(error: unknown): void;
}

export interface QueueLimits {
  /** Calls that may wait; further ones are refused. */
  readonly calls: number;
  /** The longest a call waits before it is sent. */
  readonly waitMilliseconds: number;
  readonly batchCalls: number;
  readonly batchBytes: number;
  readonly batchesInFlight: number;
}

/** Fewer calls are not worth a commit of their own. */
const SMALLEST_SHARE = 8;

/**
 * Gathers concurrent appends into batches. A stream is in one batch at a time and once in it, and calls for one
 * stream keep their order, so the batches in flight cannot disturb each other.
 */
export class AppendQueue {
  #waiting: PendingAppend[] = [];
  readonly #busyStreams = new Set<string>();
  readonly #running = new Set<Promise<void>>();
  #scheduled = false;
  #expiry: NodeJS.Timeout | undefined;

  constructor(
    private readonly limits: QueueLimits,
    private readonly send: (batch: readonly PendingAppend[]) => Promise<void>,
  ) {}

  /** Throws StoreUnavailableError when too many wait. */
  add(append: PendingAppend): void {
    if (this.#waiting.length >= this.limits.calls)
      throw new StoreUnavailableError(`${this.limits.calls} appends are waiting already`);
    this.#waiting.push(append);
    this.#watchExpiry();
    this.#schedule();
  }

  /** Refuses those that wait and resolves when those in flight are answered. */
  async close(): Promise<void> {
    clearTimeout(this.#expiry);
    const refused = this.#waiting;
    this.#waiting = [];
    for (const append of refused) append.fail(new StoreUnavailableError('it is being closed'));
    await Promise.all(this.#running);
  }

  /** After what is at hand in this turn of the event loop: callers that were answered together come back together. */
  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#dispatch();
    });
  }

  #dispatch(): void {
    while (this.#running.size < this.limits.batchesInFlight) {
      const batch = this.#take(this.#share());
      if (batch.length === 0) return;
      const streams = batch.flatMap(({ prepared }) => prepared.appends.map((append) => append.streamId));
      for (const stream of streams) this.#busyStreams.add(stream);
      const running = this.send(batch).finally(() => {
        for (const stream of streams) this.#busyStreams.delete(stream);
        this.#running.delete(running);
        this.#schedule();
      });
      this.#running.add(running);
    }
  }

  /**
   * How many calls the next batch takes. Callers that are answered together come back together: if one batch took them
   * all, this process and the server would for ever work by turns.
   */
  #share(): number {
    const free = this.limits.batchesInFlight - this.#running.size;
    const share = Math.max(SMALLEST_SHARE, Math.ceil(this.#waiting.length / free));
    return Math.min(share, this.limits.batchCalls);
  }

  #take(calls: number): readonly PendingAppend[] {
    const batch: PendingAppend[] = [];
    const left: PendingAppend[] = [];
    const held = new Set(this.#busyStreams);
    let bytes = 0;
    for (const append of this.#waiting) {
      const { appends, sizeBytes } = append.prepared;
      const fits =
        batch.length < calls &&
        (batch.length === 0 || bytes + sizeBytes <= this.limits.batchBytes) &&
        !appends.some(({ streamId }) => held.has(streamId));
      (fits ? batch : left).push(append);
      if (fits) bytes += sizeBytes;
      // Held also when left behind: a later call for the stream must not overtake this one.
      for (const { streamId } of appends) held.add(streamId);
    }
    this.#waiting = left;
    return batch;
  }

  /** All wait equally long, so the first in the queue is the first to expire. */
  #watchExpiry(): void {
    const first = this.#waiting[0];
    if (this.#expiry !== undefined || first === undefined) return;
    this.#expiry = setTimeout(
      () => {
        this.#expiry = undefined;
        const now = performance.now();
        const expired = this.#waiting.filter(({ expiresAt }) => expiresAt <= now);
        this.#waiting = this.#waiting.filter(({ expiresAt }) => expiresAt > now);
        for (const append of expired)
          append.fail(new StoreUnavailableError('earlier appends are not answered'));
        this.#watchExpiry();
      },
      Math.max(1, first.expiresAt - performance.now()),
    );
  }
}
