import { setTimeout as pauseFor } from 'node:timers/promises';
import {
  type AppendOutcome,
  StoreUnavailableError,
  type StreamAppend,
  type VersionConflict,
} from '../port.js';
import { type PreparedAppend, prepareAppend } from '../validation.js';
import { type CallOutcome, findStored, sendBatch } from './append-batch.js';
import { AppendQueue, type PendingAppend } from './append-queue.js';
import { asStoreError, classify } from './errors.js';
import type { Ask, Statements } from './reads.js';

export interface AppenderLimits {
  /** Calls that may wait to be sent. */
  readonly queuedAppends: number;
  /** How long one waits to be sent. */
  readonly queueMilliseconds: number;
  /** How long an unclear outcome is pursued. */
  readonly settleMilliseconds: number;
  readonly batchesInFlight: number;
}

/** A failure to get a connection: nothing was sent. */
export class NotSentError extends Error {}

const FIRST_PAUSE_MILLISECONDS = 50;
const LONGEST_PAUSE_MILLISECONDS = 1_000;

/**
 * The write side of the store. An append whose answer was lost is sent again, byte for byte, until the store says
 * what became of it: if the first sending was committed, the second meets a conflict with its own events, which are
 * recognised by id, place and hash; if the first is still under way in the server, one of the two meets the other.
 */
export class Appender {
  readonly #queue: AppendQueue;
  readonly #closing = new AbortController();

  constructor(
    private readonly ask: Ask,
    private readonly statements: Statements,
    private readonly limits: AppenderLimits,
    private readonly onAppended: () => void,
    private readonly onSentAgain: (error: unknown) => void,
  ) {
    this.#queue = new AppendQueue(
      {
        calls: limits.queuedAppends,
        waitMilliseconds: limits.queueMilliseconds,
        batchCalls: 128,
        batchBytes: 2 * 1024 * 1024,
        batchesInFlight: limits.batchesInFlight,
      },
      async (batch) => {
        await this.#settle(batch, false);
      },
    );
  }

  async append(appends: readonly StreamAppend[]): Promise<AppendOutcome> {
    if (this.#closing.signal.aborted) throw new StoreUnavailableError('it is closed');
    const prepared = prepareAppend(appends);
    const outcome = await new Promise<CallOutcome>((settle, fail) => {
      const expiresAt = performance.now() + this.limits.queueMilliseconds;
      this.#queue.add({ prepared, expiresAt, settle, fail });
    });
    switch (outcome.kind) {
      case 'appended':
        return { appended: true, streams: outcome.streams };
      case 'conflict':
        return { appended: false, conflict: outcome.conflict };
      case 'other-history':
        throw new Error(
          `the events for stream ${outcome.streamId} do not continue what is stored: their base is of another history`,
        );
    }
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#queue.close();
  }

  /**
   * Answers every call of the batch; never rejects, false when the store was not available.
   * `unclear`: an earlier sending may have been committed.
   */
  async #settle(batch: readonly PendingAppend[], unclear: boolean): Promise<boolean> {
    const prepared = batch.map((append) => append.prepared);
    try {
      const outcomes = await this.#insist(unclear, () => sendBatch(this.ask, this.statements, prepared));
      if (outcomes.some(({ kind }) => kind === 'appended')) this.onAppended();
      await Promise.all(outcomes.map((outcome, call) => this.#answer(batch[call]!, outcome)));
      return true;
    } catch (error) {
      const answer = asStoreError(unwrap(error));
      const unavailable = answer instanceof StoreUnavailableError;
      if (!unavailable && batch.length > 1) return this.#settleOneByOne(batch);
      for (const append of batch) append.fail(answer);
      return !unavailable;
    }
  }

  /** One call's fault (an event id that another stream has) fails the statement of all: the others are sound. */
  async #settleOneByOne(batch: readonly PendingAppend[]): Promise<boolean> {
    let available = true;
    for (const append of batch) {
      if (available) available = await this.#settle([append], true);
      else append.fail(new StoreUnavailableError('it is not known whether the events were stored'));
    }
    return available;
  }

  async #answer({ prepared, settle, fail }: PendingAppend, outcome: CallOutcome): Promise<void> {
    if (outcome.kind !== 'conflict' || !maybeStored(prepared, outcome.conflict)) return settle(outcome);
    try {
      const stored = await this.#insist(true, () => findStored(this.ask, this.statements, prepared));
      settle(stored === undefined ? outcome : { kind: 'appended', streams: stored });
    } catch (error) {
      fail(asStoreError(unwrap(error)));
    }
  }

  /**
   * Repeats while the outcome is unclear, for a bounded time. What surely was not committed is not repeated: its
   * caller may do that.
   */
  async #insist<T>(unclearBefore: boolean, work: () => Promise<T>): Promise<T> {
    let unclear = unclearBefore;
    let pause = FIRST_PAUSE_MILLISECONDS;
    const end = performance.now() + this.limits.settleMilliseconds;
    for (;;) {
      try {
        return await work();
      } catch (error) {
        const failure = classify(unwrap(error));
        if (failure === 'permanent') throw error;
        unclear ||= failure === 'unclear' && !(error instanceof NotSentError);
        if (!unclear) throw error;
        if (this.#closing.signal.aborted || performance.now() + pause > end)
          throw new StoreUnavailableError('it is not known whether the events were stored', {
            cause: unwrap(error),
          });
        this.onSentAgain(unwrap(error));
      }
      await pauseFor(pause, undefined, { signal: this.#closing.signal }).catch(() => {});
      pause = Math.min(pause * 2, LONGEST_PAUSE_MILLISECONDS);
    }
  }
}

/** Only a stream that is long enough can hold the events already. */
function maybeStored({ appends }: PreparedAppend, { streamId, actualVersion }: VersionConflict): boolean {
  const append = appends.find((each) => each.streamId === streamId)!;
  return actualVersion >= append.expectedVersion + append.events.length;
}

function unwrap(error: unknown): unknown {
  return error instanceof NotSentError ? error.cause : error;
}
