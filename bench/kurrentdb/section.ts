import { rm } from 'node:fs/promises';
import { EventStoreDBClient, jsonEvent, NO_STREAM } from '@eventstore/db-client';
import { createKurrentEventStore, type EventStore, type SealedEvent } from '@monteore/event-store';
import { startDoubleProcess } from '@monteore/event-store/kurrentdb-double';
import { newDirectory } from '../../e2e/harness/instance.ts';
import { histories } from '../data-sets/ledger-history.ts';
import { interleaved, perSecond } from '../measuring/repeating.ts';
import { expectSame, type LoneSection, type Measuring } from '../measuring/section.ts';
import { figureOf, ratioOf } from '../results/statistics.ts';

const PER_SECOND = 'events/s';
const AIM = { atLeast: 0.9 } as const;

export const appendingToKurrentDb: LoneSection = {
  key: 'k',
  title: 'Appending single events to KurrentDB',
  needs: 'nothing',
  limitMinutes: 12,
  measure: async (measuring) => {
    const connectionString = await server(measuring);
    const store = createKurrentEventStore({ connectionString, service: 'bench' });
    measuring.atEnd(() => store.close());
    const client = EventStoreDBClient.connectionString(connectionString as never);
    measuring.atEnd(() => client.dispose());
    const work = (callers: number, full: number, quick: number) => () =>
      streamsFor(callers, measuring.size(full, quick));
    const [one, some, many] = [work(1, 1_500, 100), work(16, 6_400, 320), work(64, 12_800, 640)];
    const rates = await interleaved(measuring.repetitions, {
      bare1: () => bare(client, one()),
      driver1: () => driver(store, one()),
      bare16: () => bare(client, some()),
      driver16: () => driver(store, some()),
      bare64: () => bare(client, many()),
      driver64: () => driver(store, many()),
    });
    return [
      figureOf('driver, 1 in flight', PER_SECOND, rates.driver1),
      figureOf('bare client, 1 in flight', PER_SECOND, rates.bare1),
      figureOf('driver, 16 in flight', PER_SECOND, rates.driver16),
      figureOf('bare client, 16 in flight', PER_SECOND, rates.bare16),
      figureOf('driver, 64 in flight', PER_SECOND, rates.driver64),
      figureOf('bare client, 64 in flight', PER_SECOND, rates.bare64),
      ratioOf('driver next to the bare client, 1 in flight', rates.driver1, rates.bare1, AIM),
      ratioOf('driver next to the bare client, 16 in flight', rates.driver16, rates.bare16, AIM),
      ratioOf('driver next to the bare client, 64 in flight', rates.driver64, rates.bare64, AIM),
    ];
  },
};

/** The server of KURRENTDB_URL, or the double of its protocol in a process of its own, with its log on disk. */
async function server(measuring: Measuring): Promise<string> {
  const { KURRENTDB_URL } = process.env;
  if (KURRENTDB_URL) {
    measuring.say('against the server of KURRENTDB_URL');
    return KURRENTDB_URL;
  }
  measuring.say('against the double of its protocol, with its log on disk');
  const directory = newDirectory();
  const double = await startDoubleProcess({ directory });
  measuring.atEnd(async () => {
    await double.stop();
    await rm(directory, { recursive: true, force: true });
  });
  return double.connectionString;
}

let runs = 0;

/** Single events, a stream a caller. */
function streamsFor(callers: number, events: number): readonly (readonly SealedEvent[])[] {
  runs += 1;
  return histories(callers, `kurrentdb ${crypto.randomUUID()} ${runs}`).map((history) => [
    ...history.opened(),
    ...Array.from({ length: Math.ceil(events / callers) }, () => history.worked()[0]!),
  ]);
}

async function driver(store: EventStore, streams: readonly (readonly SealedEvent[])[]): Promise<number> {
  const begun = performance.now();
  await Promise.all(
    streams.map(async (events) => {
      for (const event of events) {
        const { streamId, version } = event;
        const append = { streamId, expectedVersion: version - 1, events: [event] };
        if (!(await store.append([append])).appended) throw new Error(`${streamId} was changed meanwhile`);
      }
    }),
  );
  const rate = perSecond(countOf(streams), begun);
  let found = 0;
  for (const [first] of streams) {
    const [last] = await store.read(first!.streamId, { direction: 'backwards', limit: 1 });
    found += last!.version;
  }
  expectSame('events', countOf(streams), found);
  return rate;
}

/** What the driver stores, given to the client as it comes. */
async function bare(
  client: EventStoreDBClient,
  streams: readonly (readonly SealedEvent[])[],
): Promise<number> {
  const begun = performance.now();
  await Promise.all(
    streams.map(async (events) => {
      for (const event of events) {
        const { data, type, version, eventId, streamId, ...metadata } = event;
        const expectedRevision = version === 1 ? NO_STREAM : BigInt(version - 2);
        const given = jsonEvent({ id: eventId, type, data: data as never, metadata: metadata as never });
        await client.appendToStream(`bare.${streamId}`, given, { expectedRevision });
      }
    }),
  );
  const rate = perSecond(countOf(streams), begun);
  let found = 0;
  for (const [first] of streams) {
    const newest = client.readStream(`bare.${first!.streamId}`, {
      direction: 'backwards',
      fromRevision: 'end',
      maxCount: 1,
    });
    for await (const { event } of newest) found += Number(event!.revision) + 1;
  }
  expectSame('events', countOf(streams), found);
  return rate;
}

const countOf = (streams: readonly (readonly SealedEvent[])[]): number =>
  streams.reduce((sum, events) => sum + events.length, 0);
