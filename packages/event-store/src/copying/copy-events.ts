import { canonicalJson } from '@monteore/kernel';
import { type EventStore, MAX_APPEND_BYTES, type SealedEvent, type StoredEvent } from '../port.js';
import { everyEvent } from './every-event.js';

export interface CopyOptions {
  /** Told after every append how many events the target has now. */
  readonly onProgress?: (events: number) => void;
}

/** Where an event stands in its stream. */
export interface EventPlace {
  readonly streamId: string;
  /** From 1. */
  readonly version: number;
}

export type CopyOutcome =
  | {
      readonly copied: true;
      /** All that the target has now. */
      readonly events: number;
      /** How many of them it had before. */
      readonly alreadyThere: number;
    }
  /** Nothing was changed: the target holds an event that is not the source's at the same place in the order. */
  | { readonly copied: false; readonly code: 'target-holds-other-events'; readonly first: EventPlace };

const EVENTS_AN_APPEND = 500;

/**
 * Copies all events of one store into another, of whichever drivers, as they are sealed and in the order of the
 * source. Broken off, it goes on when it is run again: what the target has must be the beginning of the source, event
 * for event, and nothing else. Nobody else may write to the target meanwhile (Error). Throws what the stores throw.
 */
export async function copyEvents(
  from: EventStore,
  to: EventStore,
  { onProgress }: CopyOptions = {},
): Promise<CopyOutcome> {
  const source = everyEvent(from);
  let alreadyThere = 0;
  for await (const present of everyEvent(to)) {
    const { value: expected } = await source.next();
    if (expected === undefined || !isSame(expected, present)) {
      const { streamId, version } = present;
      return { copied: false, code: 'target-holds-other-events', first: { streamId, version } };
    }
    alreadyThere += 1;
  }
  let events = alreadyThere;
  for await (const group of groupsOf(source, to.commitsSeveralStreams)) {
    await appendGroup(to, group);
    events += group.length;
    onProgress?.(events);
  }
  return { copied: true, events, alreadyThere };
}

function isSame(one: StoredEvent, other: StoredEvent): boolean {
  return one.streamId === other.streamId && one.version === other.version && one.hash === other.hash;
}

/**
 * What can be committed together without leaving the order: events of one stream that follow each other, and, where
 * the store can, further streams behind it as long as none comes back.
 */
async function* groupsOf(
  events: AsyncIterable<StoredEvent>,
  severalStreams: boolean,
): AsyncGenerator<readonly StoredEvent[], void> {
  let group: StoredEvent[] = [];
  let sizeBytes = 0;
  const streams = new Set<string>();
  for await (const event of events) {
    const size = Buffer.byteLength(canonicalJson(sealedOf(event)));
    const continues = group.at(-1)?.streamId === event.streamId;
    const another = !continues && (streams.has(event.streamId) || !severalStreams);
    if (
      group.length > 0 &&
      (another || group.length >= EVENTS_AN_APPEND || sizeBytes + size > MAX_APPEND_BYTES)
    ) {
      yield group;
      group = [];
      sizeBytes = 0;
      streams.clear();
    }
    group.push(event);
    sizeBytes += size;
    streams.add(event.streamId);
  }
  if (group.length > 0) yield group;
}

async function appendGroup(to: EventStore, group: readonly StoredEvent[]): Promise<void> {
  const streams = Map.groupBy(group, ({ streamId }) => streamId);
  const outcome = await to.append(
    [...streams].map(([streamId, events]) => ({
      streamId,
      expectedVersion: events[0]!.version - 1,
      events: events.map(sealedOf),
    })),
  );
  if (outcome.appended) return;
  const { streamId, actualVersion } = outcome.conflict;
  throw new Error(
    `somebody else writes to the target: stream ${streamId} is at version ${actualVersion}. ` +
      'Stop what writes there, and copy into an empty store',
  );
}

function sealedOf({ position: _, ...sealed }: StoredEvent): SealedEvent {
  return sealed;
}
