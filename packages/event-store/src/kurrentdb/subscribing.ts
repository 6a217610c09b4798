import type { Bell } from '@monteore/kernel';
import type { Position, StoredEvent } from '../port.js';
import { type AllRead, BATCH_EVENTS, type Signals } from '../subscribing/subscription.js';
import { type Connection, Link } from './connection.js';
import { NotReachedError } from './errors.js';
import { Feed } from './feed.js';
import { subscriptionRequest } from './read-requests.js';
import type { Reads } from './reads.js';

export interface FeedSettings {
  readonly connectionString: string;
  readonly prefix: string;
  /** The longest silence in which a subscription is confirmed. */
  readonly answerMilliseconds: number;
  /** After a silence of this length it is looked whether a subscription has missed something. */
  readonly livenessMilliseconds: number;
}

/**
 * Where one subscription gets its events from: a feed on a connection of its own, opened anew at the position that
 * was handled last whenever it fails. Positions come from events only: a checkpoint may stand between two of them.
 */
export class FeedReader implements Signals {
  #feed: Feed | undefined;
  #connection: Connection | undefined;
  readonly #link: Link;
  /** Up to here a look at the store has found nothing that the feed should have brought. */
  #lookedUpTo: Position = 0n;
  #bell: Bell | undefined;
  #stopped = false;

  constructor(
    private readonly settings: FeedSettings,
    private readonly streamPrefixes: readonly string[] | undefined,
    private readonly reads: Reads,
  ) {
    this.#link = new Link(settings.connectionString);
  }

  listen(bell: Bell): () => void {
    this.#bell = bell;
    return () => {
      this.#stopped = true;
      this.#close();
      this.#link.close();
    };
  }

  /** What is ready behind `position`; without events when the bell will ring. Throws what ended the feed. */
  async next(position: Position): Promise<AllRead> {
    try {
      const feed = this.#feed ?? (await this.#open(position));
      const events = this.#stopped ? [] : feed.take();
      if (events.length === 0) await this.#checkLiveness(feed, position);
      return { events, readUpTo: events.at(-1)?.position ?? position };
    } catch (error) {
      this.#close();
      if (this.#stopped) return { events: [], readUpTo: position };
      throw error;
    }
  }

  async #open(position: Position): Promise<Feed> {
    const { prefix, answerMilliseconds } = this.settings;
    const connection = this.#link.get();
    this.#connection = connection;
    const prefixes = this.streamPrefixes?.map((each) => `${prefix}${each}`) ?? [prefix];
    const streams = await connection.streams(answerMilliseconds);
    if (this.#stopped) throw new NotReachedError('it is stopped');
    const call = streams.read(subscriptionRequest(position, prefixes), ...connection.callArguments());
    this.#feed = new Feed(call, prefix, BATCH_EVENTS, answerMilliseconds, () => this.#bell?.ring());
    this.#lookedUpTo = position;
    await this.#feed.confirmed();
    return this.#feed;
  }

  /**
   * Silence is not told from a feed that has died without a word. So from time to time the store is read past what
   * was handled: an event that the feed has not brought means that it must be opened anew, and so does no answer.
   */
  async #checkLiveness(feed: Feed, position: Position): Promise<void> {
    if (feed.silentMilliseconds() < this.settings.livenessMilliseconds) return;
    if (this.#lookedUpTo < position) this.#lookedUpTo = position;
    const missed = await this.#firstAfterLooked();
    if (this.#stopped || feed.silentMilliseconds() < this.settings.livenessMilliseconds) return;
    if (missed !== undefined)
      throw new Error(`a subscription did not bring the event at position ${missed.position}`);
    feed.heard();
  }

  async #firstAfterLooked(): Promise<StoredEvent | undefined> {
    for (;;) {
      const { events, readUpTo } = await this.reads.after(this.#lookedUpTo, this.streamPrefixes, 1);
      if (events.length > 0) return events[0];
      if (readUpTo === this.#lookedUpTo) return undefined;
      this.#lookedUpTo = readUpTo;
    }
  }

  #close(): void {
    this.#feed?.close();
    this.#feed = undefined;
    if (this.#connection !== undefined) this.#link.drop(this.#connection);
    this.#connection = undefined;
  }
}
