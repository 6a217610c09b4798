import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { type TestDatabase, testDatabase } from '@monteore/testing';
import pg from 'pg';
import { hashOf } from '../chain.js';
import { newEvent, newEvents, readToEnd, StreamWriter, sealedOf } from '../conformance/fixtures.js';
import { type ServerUnderTest, serverUnderTest } from '../kurrentdb/double/server-under-test.js';
import { createKurrentEventStore } from '../kurrentdb/index.js';
import type { EventStore, SealedEvent } from '../port.js';
import { createPostgresEventStore, installPostgresEventStore } from '../postgres/index.js';
import { compareStores } from './compare-stores.js';
import { copyEvents } from './copy-events.js';

let database: TestDatabase;
let server: ServerUnderTest;
let opened: EventStore[];

beforeAll(async () => {
  [database, server] = await Promise.all([testDatabase(), serverUnderTest()]);
}, 60_000);
afterAll(async () => {
  await server.stop();
  await database.drop();
});
beforeEach(() => {
  opened = [];
});
afterEach(async () => {
  await Promise.all(opened.map((store) => store.close()));
});

function keep(store: EventStore): EventStore {
  opened.push(store);
  return store;
}

async function postgres(): Promise<EventStore> {
  const schema = `s_${randomUUID().slice(0, 8)}`;
  const owner = new pg.Client({ connectionString: database.url });
  await owner.connect();
  await installPostgresEventStore(owner, schema);
  await owner.end();
  return keep(createPostgresEventStore({ connectionString: database.url, schema }));
}

async function kurrentdb(): Promise<EventStore> {
  return keep(
    createKurrentEventStore({
      connectionString: server.connectionString,
      service: `s${randomUUID().slice(0, 8)}`,
    }),
  );
}

/** Streams that are written by turns, with commits of several events and a large one. */
async function fill(store: EventStore, rounds = 12): Promise<readonly StreamWriter[]> {
  const writers = ['package-1', 'client-1', 'package-2', 'odd \'"\\ % 🙂'].map((id) => new StreamWriter(id));
  for (let round = 0; round < rounds; round++)
    for (const [index, writer] of writers.entries())
      await store.append([writer.next(newEvents(((round + index) % 3) + 1))]);
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
  const traced = newEvent({ text: 'x'.repeat(600_000) });
  await store.append([writers[0]!.next([{ ...traced, metadata: { ...traced.metadata, traceparent } }])]);
  await store.append([writers[1]!.next([newEvent({ text: 'y'.repeat(600_000) })])]);
  return writers;
}

async function eventsOf(store: EventStore): Promise<SealedEvent[]> {
  return (await readToEnd(store, 0n)).map(sealedOf);
}

test('from Postgres to KurrentDB and back: the same events in the same order, and equal by their hashes', async () => {
  const [first, second, third] = [await postgres(), await kurrentdb(), await postgres()];
  const writers = await fill(first);
  const original = await eventsOf(first);
  const outcome = { copied: true, events: original.length, alreadyThere: 0 };
  expect(await copyEvents(first, second)).toEqual(outcome);
  expect(await copyEvents(second, third)).toEqual(outcome);
  expect(await eventsOf(second)).toEqual(original);
  expect(await eventsOf(third)).toEqual(original);
  for (const [a, b] of [
    [first, second],
    [second, third],
    [third, first],
  ] as const)
    expect(await compareStores(a, b)).toEqual({
      equal: true,
      streams: writers.length,
      events: original.length,
    });
});

test.each([
  ['Postgres', kurrentdb, postgres],
  ['KurrentDB', postgres, kurrentdb],
])(
  'a copy to %s that is broken off goes on where it was, also after the source has grown',
  async (_, from, to) => {
    const [source, target] = [await from(), await to()];
    const [writer] = await fill(source);
    const breakOff = copyEvents(source, target, {
      onProgress: (events) => {
        if (events >= 20) throw new Error('broken off');
      },
    });
    await expect(breakOff).rejects.toThrow('broken off');
    const there = (await eventsOf(target)).length;
    expect(there).toBeGreaterThanOrEqual(20);
    await source.append([writer!.next(newEvents(3))]);
    const original = await eventsOf(source);
    expect(await copyEvents(source, target)).toEqual({
      copied: true,
      events: original.length,
      alreadyThere: there,
    });
    expect(await eventsOf(target)).toEqual(original);
    expect(await copyEvents(source, target)).toMatchObject({ alreadyThere: original.length });
  },
);

test('an empty store is copied as one', async () => {
  const [source, target] = [await postgres(), await kurrentdb()];
  expect(await copyEvents(source, target)).toEqual({ copied: true, events: 0, alreadyThere: 0 });
  expect(await compareStores(source, target)).toEqual({ equal: true, streams: 0, events: 0 });
});

test.each([
  ['of its own', async (target: EventStore) => target.append([new StreamWriter('own').next()]), 'own', 1],
  [
    'beyond the source',
    async (target: EventStore) => {
      const tail = (await target.read('package-1', { direction: 'backwards', limit: 1 }))[0]!;
      const writer = new StreamWriter('package-1');
      writer.tail = tail;
      return target.append([writer.next()]);
    },
    'package-1',
    26,
  ],
])('a target that holds events %s is left as it is', async (_, spoil, streamId, version) => {
  const [source, target] = [await postgres(), await kurrentdb()];
  await fill(source);
  if (streamId !== 'own') await copyEvents(source, target);
  await spoil(target);
  const before = await eventsOf(target);
  expect(await copyEvents(source, target)).toEqual({
    copied: false,
    code: 'target-holds-other-events',
    first: { streamId, version },
  });
  expect(await eventsOf(target)).toEqual(before);
});

test('somebody who writes to the target meanwhile is found out', async () => {
  const [source, target] = [await postgres(), await kurrentdb()];
  await fill(source);
  let disturbed: Promise<unknown> | undefined;
  const copying = copyEvents(source, target, {
    onProgress: (events) => {
      if (events === 3) disturbed ??= target.append([new StreamWriter('client-1').claiming(2)]);
    },
  });
  await expect(copying).rejects.toThrow(/somebody else writes to the target: stream client-1/);
  await disturbed;
});

test.each<[string, (b: EventStore, writers: readonly StreamWriter[]) => Promise<unknown>, object]>([
  [
    'a stream that only one has',
    (b) => b.append([new StreamWriter('more').next()]),
    { kind: 'count', streamId: 'more', a: 0, b: 1 },
  ],
  [
    'a stream that is longer in one',
    (b, writers) => b.append([writers[2]!.next(newEvents(2))]),
    { kind: 'count', streamId: 'package-2', a: 24, b: 26 },
  ],
  [
    'a link that does not hold',
    (b) => b.append([new StreamWriter('package-2').claiming(24)]),
    { kind: 'chain', store: 'b', streamId: 'package-2', fault: { version: 25, problem: 'previous-hash' } },
  ],
  [
    'an event whose hash is not its own',
    (b, writers) => {
      const append = writers[2]!.peek();
      const [event] = append.events;
      return b.append([{ ...append, events: [{ ...event!, data: { minutes: 1 } }] }]);
    },
    { kind: 'chain', store: 'b', streamId: 'package-2', fault: { version: 25, problem: 'hash' } },
  ],
])('comparing finds %s', async (_, spoil, difference) => {
  const [a, b] = [await postgres(), await kurrentdb()];
  const writers = await fill(a);
  await copyEvents(a, b);
  await spoil(b, writers);
  expect(await compareStores(a, b)).toEqual({ equal: false, difference });
});

test('comparing names the first event that is another one, though both are sound', async () => {
  const [a, b] = [await postgres(), await kurrentdb()];
  const writer = new StreamWriter('forked');
  const common = writer.next(newEvents(3));
  for (const store of [a, b]) {
    await store.append([common]);
    const own = writer.peek(newEvents(2));
    expect(own.events.every((event) => hashOf(event) === event.hash)).toBe(true);
    await store.append([own]);
  }
  expect(await compareStores(a, b)).toEqual({
    equal: false,
    difference: { kind: 'hash', streamId: 'forked', version: 4 },
  });
});
