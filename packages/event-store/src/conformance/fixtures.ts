import { randomUUID } from 'node:crypto';
import { EMPTY_STREAM, type StreamTail, sealEvents } from '../chain.js';
import type {
  AppendOutcome,
  EventStore,
  NewEvent,
  Position,
  SealedEvent,
  StoredEvent,
  StreamAppend,
} from '../port.js';

/** A store under test, over data of its own. */
export interface StoreFixture {
  readonly store: EventStore;
  /** One more store over the same data, as another process would open it. `destroy` closes it too. */
  reopen(): Promise<EventStore>;
  destroy(): Promise<void>;
}

export function newEvent(data: NewEvent['data'] = { minutes: 30 }): NewEvent {
  return {
    eventId: randomUUID(),
    type: 'WorkCharged',
    schemaVersion: 1,
    data,
    occurredOn: '2026-03-02',
    metadata: {
      actor: { subject: randomUUID(), role: 'team-member' },
      commandId: randomUUID(),
      inputHash: 'ab'.repeat(32),
      correlationId: randomUUID(),
    },
  };
}

export const newEvents = (count: number): NewEvent[] => Array.from({ length: count }, () => newEvent());

/** A stream's end as its one writer knows it. */
export class StreamWriter {
  tail: StreamTail = EMPTY_STREAM;

  constructor(readonly streamId: string = `stream-${randomUUID()}`) {}

  /** The next append, as if what came before it was stored; the tail moves on. */
  next(events: readonly NewEvent[] = [newEvent()]): StreamAppend {
    const append = this.peek(events);
    const last = append.events.at(-1)!;
    this.tail = { version: last.version, hash: last.hash, recordedAt: last.recordedAt };
    return append;
  }

  /** The same without moving on. */
  peek(events: readonly NewEvent[] = [newEvent()]): StreamAppend {
    const { sealed } = sealEvents(this.streamId, this.tail, new Date().toISOString(), events);
    return { streamId: this.streamId, expectedVersion: this.tail.version, events: sealed };
  }

  /** An append that claims another version than the stream has. */
  claiming(version: number): StreamAppend {
    const tail = { version, hash: 'f'.repeat(64), recordedAt: '' };
    const { sealed } = sealEvents(this.streamId, tail, new Date().toISOString(), [newEvent()]);
    return { streamId: this.streamId, expectedVersion: version, events: sealed };
  }
}

export function positionsOf(outcome: AppendOutcome): readonly Position[] {
  if (!outcome.appended) throw new Error(`not appended: ${JSON.stringify(outcome.conflict)}`);
  return outcome.streams.flatMap(({ positions }) => positions);
}

/** The event as it was sealed, without the store's position. */
export function sealedOf({ position: _, ...sealed }: StoredEvent): SealedEvent {
  return sealed;
}

/** Everything after a position, page by page. */
export async function readToEnd(
  store: EventStore,
  after: Position,
  streamPrefixes?: readonly string[],
  limit = 500,
): Promise<StoredEvent[]> {
  const end = await store.head();
  const events: StoredEvent[] = [];
  for (let position = after; position < end; ) {
    const page = await store.readAll(position, { filter: { streamPrefixes }, limit });
    events.push(...page.events);
    if (page.readUpTo === position) throw new Error('readAll stands still before the head');
    position = page.readUpTo;
  }
  return events;
}

/** Keeps what it is given, and lets a test wait for it. */
export class Collector<T> {
  readonly items: T[] = [];
  readonly #waiting: { count: number; resolve: () => void }[] = [];

  add(...items: readonly T[]): void {
    this.items.push(...items);
    for (const { count, resolve } of this.#waiting) if (this.items.length >= count) resolve();
  }

  /** Resolves with the first `count` items. */
  async first(count: number): Promise<readonly T[]> {
    if (this.items.length < count)
      await new Promise<void>((resolve) => this.#waiting.push({ count, resolve }));
    return this.items.slice(0, count);
  }
}

/** A door that a test opens. */
export function gate(): { readonly opened: Promise<void>; open(): void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { opened: promise, open: resolve };
}
