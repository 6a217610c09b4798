import { randomUUID } from 'node:crypto';
import type { BatchAppendReq, BatchAppendResp } from '@eventstore/db-client/generated/streams_pb.js';
import { StoreUnavailableError } from '../port.js';
import {
  type Answer,
  answerOf,
  batchRequest,
  correlationIdOf,
  type DatabaseAppend,
} from './append-requests.js';
import { BatchSession } from './batch-session.js';
import type { Link } from './connection.js';
import { asStoreError, classify, NoAnswerError } from './errors.js';

export interface AppenderLimits {
  /** Appends that may be under way or wait; further ones are refused. */
  readonly queuedAppends: number;
  /** How long one waits to be sent, and how long the server may be silent about one that was. */
  readonly answerMilliseconds: number;
  /** How long an unclear outcome is pursued. */
  readonly settleMilliseconds: number;
}

export type SettledAnswer = Extract<Answer, { kind: 'appended' | 'conflict' }>;

interface PendingAppend {
  readonly correlationId: string;
  readonly request: BatchAppendReq;
  readonly sizeBytes: number;
  readonly since: number;
  sentAt: number;
  /** An earlier sending may have been stored. */
  unclear: boolean;
  settle(answer: SettledAnswer): void;
  fail(error: unknown): void;
}

const FIRST_PAUSE_MILLISECONDS = 50;
const LONGEST_PAUSE_MILLISECONDS = 1_000;
const APPENDS_IN_FLIGHT = 512;
const BYTES_IN_FLIGHT = 16 * 1024 * 1024;
const NOT_KNOWN = 'it is not known whether the events were stored';

/**
 * Sends appends over one call at a time, many under way together, in the order in which they came. When the call is
 * lost, those without an answer are sent again over the next, byte for byte and before any other: with an exact
 * version and the same ids the server stores them once, and its second answer is the truth about both.
 */
export class Appender {
  #waiting: PendingAppend[] = [];
  /** In the order of their sending. */
  readonly #inFlight = new Map<string, PendingAppend>();
  #bytesInFlight = 0;
  #session: BatchSession | undefined;
  #opening = false;
  #pauseMilliseconds = FIRST_PAUSE_MILLISECONDS;
  #pausing: NodeJS.Timeout | undefined;
  #watch: NodeJS.Timeout | undefined;
  #closing: { readonly done: Promise<void>; resolve(): void } | undefined;

  constructor(
    private readonly link: Link,
    private readonly limits: AppenderLimits,
  ) {}

  /** Throws StoreUnavailableError for all that passes, AppendTooLargeError, and Error for what the database refuses. */
  append(append: DatabaseAppend): Promise<SettledAnswer> {
    if (this.#closing !== undefined) throw new StoreUnavailableError('it is closed');
    if (this.#waiting.length + this.#inFlight.size >= this.limits.queuedAppends)
      throw new StoreUnavailableError(`${this.limits.queuedAppends} appends are waiting already`);
    const correlationId = randomUUID();
    const request = batchRequest(correlationId, append);
    const sizeBytes = append.events.reduce(
      (sum, { data, metadata }) => sum + data.length + metadata.length,
      0,
    );
    const since = performance.now();
    return new Promise((settle, fail) => {
      this.#waiting.push({
        correlationId,
        request,
        sizeBytes,
        since,
        sentAt: 0,
        unclear: false,
        settle,
        fail,
      });
      this.#watchTimes();
      this.#send();
    });
  }

  /** Refuses what was never sent, and resolves when the rest is answered, or was tried as often as it may be. */
  async close(): Promise<void> {
    if (this.#closing === undefined) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#closing = { done: promise, resolve };
      this.#failNeverSent(() => new StoreUnavailableError('it is being closed'));
      this.#endWhenDone();
    }
    await this.#closing.done;
  }

  #send(): void {
    if (this.#pausing !== undefined || this.#waiting.length === 0) return;
    const session = this.#session;
    if (session === undefined) {
      void this.#open();
      return;
    }
    while (this.#waiting.length > 0 && this.#inFlight.size < APPENDS_IN_FLIGHT) {
      const next = this.#waiting[0]!;
      if (this.#inFlight.size > 0 && this.#bytesInFlight + next.sizeBytes > BYTES_IN_FLIGHT) return;
      this.#waiting.shift();
      next.sentAt = performance.now();
      this.#inFlight.set(next.correlationId, next);
      this.#bytesInFlight += next.sizeBytes;
      session.send(next.request);
    }
  }

  async #open(): Promise<void> {
    if (this.#opening) return;
    this.#opening = true;
    try {
      this.#session = await BatchSession.open(this.link, this.limits.answerMilliseconds, {
        answered: (response) => this.#answered(response),
        lost: (error) => this.#lost(error),
      });
    } catch (error) {
      this.#lost(error);
    } finally {
      this.#opening = false;
    }
    this.#send();
    this.#endWhenDone();
  }

  #answered(response: BatchAppendResp): void {
    const append = this.#inFlight.get(correlationIdOf(response));
    // The answer to a sending that was given up.
    if (append === undefined) return;
    this.#landed(append);
    const answer = answerOf(response, append.sizeBytes);
    switch (answer.kind) {
      case 'appended':
      case 'conflict':
        this.#pauseMilliseconds = FIRST_PAUSE_MILLISECONDS;
        append.settle(answer);
        break;
      case 'refused':
        append.fail(answer.error);
        break;
      case 'unclear':
        append.unclear = true;
        this.#again([append]);
        break;
      case 'unavailable':
        if (append.unclear) this.#again([append]);
        else append.fail(new StoreUnavailableError(answer.reason));
        break;
    }
    this.#send();
    this.#endWhenDone();
  }

  /** The call is gone. What was under way is sent again, unless it never left or would fail again. */
  #lost(error: unknown): void {
    this.#session = undefined;
    const underWay = [...this.#inFlight.values()];
    this.#inFlight.clear();
    this.#bytesInFlight = 0;
    const failure = classify(error);
    if (failure === 'permanent') {
      for (const append of [...underWay, ...this.#waiting.splice(0)]) append.fail(error);
    } else {
      if (failure === 'unclear') for (const append of underWay) append.unclear = true;
      this.#again(underWay, error);
      if (failure === 'not-sent') this.#failNeverSent(() => asStoreError(error));
    }
    this.#endWhenDone();
  }

  /** It is under way no more. */
  #landed(append: PendingAppend): void {
    this.#inFlight.delete(append.correlationId);
    this.#bytesInFlight -= append.sizeBytes;
  }

  /** Takes out of the queue what is `wanted`. */
  #takeWaiting(wanted: (append: PendingAppend) => boolean): readonly PendingAppend[] {
    const taken = this.#waiting.filter(wanted);
    if (taken.length > 0) this.#waiting = this.#waiting.filter((append) => !wanted(append));
    return taken;
  }

  #failNeverSent(why: () => unknown): void {
    for (const append of this.#takeWaiting(({ unclear }) => !unclear)) append.fail(why());
  }

  /** Before all that waits, in their order, after a pause that grows until something is answered. */
  #again(appends: readonly PendingAppend[], cause?: unknown): void {
    this.#waiting.unshift(...appends);
    if (this.#closing !== undefined) {
      for (const append of this.#waiting.splice(0))
        append.fail(new StoreUnavailableError(NOT_KNOWN, { cause }));
      return;
    }
    this.#pausing ??= setTimeout(() => {
      this.#pausing = undefined;
      this.#send();
    }, this.#pauseMilliseconds);
    this.#pauseMilliseconds = Math.min(this.#pauseMilliseconds * 2, LONGEST_PAUSE_MILLISECONDS);
  }

  /** Looks after the time limits for as long as anything is under way. */
  #watchTimes(): void {
    const { answerMilliseconds } = this.limits;
    this.#watch ??= setInterval(
      () => this.#lookAtTheClock(),
      Math.min(Math.max(answerMilliseconds / 20, 10), 100),
    );
  }

  #lookAtTheClock(): void {
    const now = performance.now();
    const { answerMilliseconds, settleMilliseconds } = this.limits;
    const waitsTooLong = ({ unclear, since }: PendingAppend) => !unclear && now - since > answerMilliseconds;
    for (const append of this.#takeWaiting(waitsTooLong))
      append.fail(new StoreUnavailableError('earlier appends are not answered'));
    const isPursuedTooLong = ({ since }: PendingAppend) => now - since > settleMilliseconds;
    const givenUp = [...this.#inFlight.values()].filter(isPursuedTooLong);
    for (const append of givenUp) this.#landed(append);
    for (const append of [...givenUp, ...this.#takeWaiting(isPursuedTooLong)])
      append.fail(new StoreUnavailableError(NOT_KNOWN));
    const [oldest] = this.#inFlight.values();
    if (oldest !== undefined && now - oldest.sentAt > answerMilliseconds) {
      this.#session?.abandon();
      this.#lost(new NoAnswerError(`an append was not answered in ${answerMilliseconds} ms`));
    }
    if (this.#waiting.length === 0 && this.#inFlight.size === 0) {
      clearInterval(this.#watch);
      this.#watch = undefined;
    }
    this.#endWhenDone();
  }

  #endWhenDone(): void {
    if (this.#closing === undefined || this.#waiting.length > 0 || this.#inFlight.size > 0) return;
    clearInterval(this.#watch);
    clearTimeout(this.#pausing);
    this.#session?.abandon();
    this.#session = undefined;
    this.link.close();
    this.#closing.resolve();
  }
}
