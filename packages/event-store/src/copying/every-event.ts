import type { EventStore, Position, StoredEvent } from '../port.js';

const PAGE = 500;

/** All events of a store in their order, from behind a position to the end that it has when this gets there. */
export async function* everyEvent(
  store: EventStore,
  after: Position = 0n,
): AsyncGenerator<StoredEvent, void> {
  for (let position = after; ; ) {
    const { events, readUpTo } = await store.readAll(position, { limit: PAGE });
    yield* events;
    if (readUpTo === position) return;
    position = readUpTo;
  }
}
