import type { ReadResp } from '@eventstore/db-client/generated/streams_pb.js';
import type { ClientReadableStream } from '@grpc/grpc-js';
import type { StoredEvent } from '../port.js';
import { toStoredEvent } from './encoding.js';
import { NoAnswerError } from './errors.js';
import { isSystemEvent } from './reads.js';

/** While a feed catches up, a batch is given when nothing has come for so long. */
const LULL_MILLISECONDS = 50;

/**
 * One call of the server that brings events for ever, as its client sees it: what has come and is not taken yet, at
 * most `capacity` events; the server waits when they are not taken.
 */
export class Feed {
  #events: StoredEvent[] = [];
  #failure: unknown;
  /** The server has said that it has brought what was there. */
  #live = false;
  #activeAt = performance.now();
  #lull: NodeJS.Timeout | undefined;
  #ringing: NodeJS.Immediate | undefined;
  readonly #confirmation = Promise.withResolvers<void>();
  readonly #confirmationLimit: NodeJS.Timeout;

  constructor(
    private readonly call: ClientReadableStream<ReadResp>,
    private readonly prefix: string,
    private readonly capacity: number,
    confirmMilliseconds: number,
    /** Told that there may be something to take. */
    private readonly ring: () => void,
  ) {
    // Nobody may be waiting for it.
    this.#confirmation.promise.catch(() => {});
    this.#confirmationLimit = setTimeout(
      () => this.#fail(new NoAnswerError(`a subscription was not confirmed in ${confirmMilliseconds} ms`)),
      confirmMilliseconds,
    );
    call.on('data', (response: ReadResp) => this.#receive(response));
    // A killed server gives an error and no end; a call that is cancelled gives an error too.
    call.on('error', (error) => this.#fail(error));
    call.on('end', () => this.#fail(new NoAnswerError('the server ended a subscription')));
  }

  /** Resolves when the server has begun to answer; rejects with what ended the feed before. */
  confirmed(): Promise<void> {
    return this.#confirmation.promise;
  }

  /** Events that are ready to be handled, in order; none when more may come at any moment. Throws what ended the feed. */
  take(): readonly StoredEvent[] {
    if (this.#events.length === 0 && this.#failure !== undefined) throw this.#failure;
    const full = this.#events.length >= this.capacity;
    const lull = performance.now() - this.#activeAt >= LULL_MILLISECONDS;
    if (!full && !this.#live && !lull && this.#failure === undefined) return [];
    const taken = this.#events.splice(0, this.capacity);
    this.call.resume();
    return taken;
  }

  /** For how long the server has said nothing. */
  silentMilliseconds(): number {
    return performance.now() - this.#activeAt;
  }

  heard(): void {
    this.#activeAt = performance.now();
  }

  close(): void {
    clearTimeout(this.#lull);
    clearImmediate(this.#ringing);
    this.#end(new NoAnswerError('the feed is closed'));
    this.#events = [];
  }

  #receive(response: ReadResp): void {
    clearTimeout(this.#confirmationLimit);
    this.#confirmation.resolve();
    this.#activeAt = performance.now();
    if (response.hasCaughtUp()) this.#live = true;
    const recorded = response.getEvent()?.getEvent();
    if (recorded !== undefined && !isSystemEvent(recorded)) {
      try {
        this.#events.push(toStoredEvent(recorded, this.prefix));
      } catch (error) {
        this.#fail(error);
        return;
      }
      if (this.#events.length >= this.capacity) this.call.pause();
    }
    this.#ringSoon();
  }

  /** After what has come in this turn of the event loop: what was committed together should be handled together. */
  #ringSoon(): void {
    this.#ringing ??= setImmediate(() => {
      this.#ringing = undefined;
      this.ring();
    });
    if (this.#live || this.#events.length === 0) return;
    if (this.#lull === undefined) this.#lull = setTimeout(() => this.ring(), LULL_MILLISECONDS + 1);
    else this.#lull.refresh();
  }

  #fail(error: unknown): void {
    if (this.#failure !== undefined) return;
    this.#end(error);
    this.ring();
  }

  #end(error: unknown): void {
    this.#failure ??= error;
    clearTimeout(this.#confirmationLimit);
    this.#confirmation.reject(error);
    this.call.cancel();
  }
}
