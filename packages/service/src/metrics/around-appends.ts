import type { AppendOutcome, EventStore, StreamAppend } from '@monteore/event-store';

/** The same store, each of whose appends runs within `around`. */
export const aroundAppends = (
  store: EventStore,
  around: (appends: readonly StreamAppend[], append: () => Promise<AppendOutcome>) => Promise<AppendOutcome>,
): EventStore => ({
  commitsSeveralStreams: store.commitsSeveralStreams,
  storeId: () => store.storeId(),
  append: (appends) => around(appends, () => store.append(appends)),
  read: (streamId, options) => store.read(streamId, options),
  readAll: (after, options) => store.readAll(after, options),
  subscribe: (after, filter, handler) => store.subscribe(after, filter, handler),
  head: () => store.head(),
  close: () => store.close(),
});
