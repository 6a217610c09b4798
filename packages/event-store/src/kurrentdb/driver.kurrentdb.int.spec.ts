import { randomUUID } from 'node:crypto';
import { EventStoreDBClient, jsonEvent } from '@eventstore/db-client';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import {
  Collector,
  newEvent,
  newEvents,
  positionsOf,
  readToEnd,
  StreamWriter,
} from '../conformance/fixtures.js';
import { type EventStore, type StoredEvent, StoreUnavailableError } from '../port.js';
import { type ServerUnderTest, serverUnderTest } from './double/server-under-test.js';
import { databaseIdOf } from './encoding.js';
import { createKurrentEventStore, type KurrentEventStoreOptions, renewKurrentStoreId } from './store.js';

let server: ServerUnderTest;
/** Past the driver: what is really stored. */
let bare: EventStoreDBClient;
let opened: EventStore[];
let service: string;

beforeAll(async () => {
  server = await serverUnderTest();
  bare = EventStoreDBClient.connectionString(server.connectionString);
}, 60_000);
afterAll(async () => {
  await bare.dispose();
  await server.stop();
});
beforeEach(() => {
  opened = [];
  service = `s${randomUUID().slice(0, 8)}`;
});
afterEach(async () => {
  await Promise.all(opened.map((store) => store.close()));
});

function open(options: Partial<KurrentEventStoreOptions> = {}): EventStore {
  const store = createKurrentEventStore({ connectionString: server.connectionString, service, ...options });
  opened.push(store);
  return store;
}

test('an event is kept under its service, with its data as data and everything else as metadata', async () => {
  const writer = new StreamWriter();
  const append = writer.next();
  const [position] = positionsOf(await open().append([append]));
  const [event] = append.events;
  const { streamId, version, type, data, ...rest } = event!;
  const kept: unknown[] = [];
  for await (const { event: read } of bare.readStream(`${service}.${streamId}`))
    kept.push({ ...read, created: undefined });
  expect(kept).toEqual([
    {
      streamId: `${service}.${streamId}`,
      id: databaseIdOf(event!),
      revision: BigInt(version - 1),
      type,
      data,
      metadata: rest,
      isJson: true,
      created: undefined,
      position: { commit: position, prepare: position },
    },
  ]);
});

test('the same event decided by two processes, each with its own time, is stored once, and the other learns of it', async () => {
  const [one, other] = [open(), open()];
  const race = async () => {
    const writer = new StreamWriter();
    const event = newEvent();
    const stores = [
      [one, { ...event, data: { minutes: 30 } }],
      [other, { ...event, data: { minutes: 31 } }],
    ] as const;
    const outcomes = await Promise.all(
      stores.map(([store, decided]) => store.append([writer.peek([decided])])),
    );
    expect(outcomes.map(({ appended }) => appended).toSorted()).toEqual([false, true]);
    const winner = outcomes.findIndex(({ appended }) => appended);
    const [stored] = await one.read(writer.streamId);
    expect(stored!.data).toEqual(stores[winner]![1].data);
  };
  await Promise.all(Array.from({ length: 50 }, race));
});

test('what other services and the server itself write is not seen, and does not hold up who reads on', async () => {
  const store = open();
  const writer = new StreamWriter();
  await store.append([writer.next()]);
  const foreign = Array.from({ length: 700 }, () => jsonEvent({ type: '$noise', data: {} }));
  await bare.appendToStream(`$noise-of-${service}`, foreign);
  await bare.appendToStream(
    `${service}x.foreign`,
    foreign.map(() => jsonEvent({ type: 'Foreign', data: {} })),
  );
  const deleted = new StreamWriter('deleted');
  await store.append([deleted.next()]);
  // Leaves an event of the server in that stream, under its name.
  await bare.tombstoneStream(`${service}.deleted`);
  await bare.setStreamMetadata(`${service}.${writer.streamId}`, { note: 'of an operator' } as never);
  const head = await store.head();
  await store.append([writer.next()]);
  await bare.appendToStream(`$noise-of-${service}`, foreign.slice(0, 40));
  const placesOf = (events: readonly StoredEvent[]) =>
    events.map(({ streamId, version }) => `${streamId === 'deleted' ? streamId : 'written'} ${version}`);
  expect(placesOf(await readToEnd(store, 0n))).toEqual(['written 1', 'deleted 1', 'written 2']);
  expect(placesOf(await readToEnd(store, 0n, ['stream-'], 1))).toEqual(['written 1', 'written 2']);
  expect(await store.readAll(head)).toMatchObject({
    events: [{ version: 2 }],
    readUpTo: await store.head(),
  });
  const seen = new Collector<StoredEvent>();
  const subscription = store.subscribe(0n, {}, async (events) => seen.add(...events));
  await seen.first(3);
  await store.append([writer.next()]);
  expect(placesOf(await seen.first(4))).toEqual(['written 1', 'deleted 1', 'written 2', 'written 3']);
  await subscription.stop();
});

test('120 subscriptions of one store all bring their events, and leave it its calls', async () => {
  const store = open();
  const seen = new Collector<number>();
  const subscriptions = Array.from({ length: 120 }, (_, index) =>
    store.subscribe(0n, {}, async () => seen.add(index)),
  );
  await store.append([new StreamWriter().next()]);
  await seen.first(120);
  expect(new Set(seen.items).size).toBe(120);
  expect(await readToEnd(store, 0n)).toHaveLength(1);
  await Promise.all(subscriptions.map((subscription) => subscription.stop()));
});

test('a few streams among many are read in bounded looks that always move on', async () => {
  const store = open();
  const [noise, rare] = [new StreamWriter(), new StreamWriter('rare-1')];
  await store.append([noise.next(newEvents(600))]);
  await store.append([rare.next()]);
  await store.append([noise.next(newEvents(600))]);
  const first = await store.readAll(0n, { filter: { streamPrefixes: ['rare'] } });
  expect(first.events).toEqual([]);
  expect(first.readUpTo).toBeGreaterThan(0n);
  const all = await readToEnd(store, 0n, ['rare']);
  expect(all.map(({ streamId }) => streamId)).toEqual(['rare-1']);
});

test('stores that are opened at once for a new service make one id; after a restore it is renewed', async () => {
  const ids = await Promise.all(Array.from({ length: 8 }, () => open().storeId()));
  expect(new Set(ids).size).toBe(1);
  const store = open();
  const renewed = await renewKurrentStoreId({ connectionString: server.connectionString, service });
  expect(renewed).not.toBe(ids[0]);
  expect(await store.storeId()).toBe(renewed);
  expect(await store.head()).toBe(0n);
  expect(await readToEnd(store, 0n)).toEqual([]);
});

test('300 reads at once are all answered, though a connection carries 100', async () => {
  const store = open();
  const writer = new StreamWriter();
  await store.append([writer.next(newEvents(3))]);
  const reads = await Promise.all(Array.from({ length: 300 }, () => store.read(writer.streamId)));
  expect(reads.every((events) => events.length === 3)).toBe(true);
});

test('too many reads are refused at once, the others are answered', async () => {
  const store = open({ queuedReads: 5 });
  const outcomes = await Promise.allSettled(Array.from({ length: 100 }, () => store.head()));
  const refused = outcomes.filter(({ status }) => status === 'rejected');
  expect(refused).toHaveLength(15);
  for (const refusal of refused) expect(refusal).toMatchObject({ reason: expect.any(StoreUnavailableError) });
});

test('a full queue of appends refuses at once and stores nothing of what it refused', async () => {
  const store = open({ queuedAppends: 10 });
  const outcomes = await Promise.allSettled(
    Array.from({ length: 15 }, () => store.append([new StreamWriter().next()])),
  );
  const refused = outcomes.filter(({ status }) => status === 'rejected');
  expect(refused).toHaveLength(5);
  for (const refusal of refused) expect(refusal).toMatchObject({ reason: expect.any(StoreUnavailableError) });
  expect(await readToEnd(store, 0n)).toHaveLength(10);
});

test('an append that the database refuses fails alone, and is no outage', async () => {
  const store = open();
  const [deleted, ...sound] = Array.from({ length: 5 }, () => new StreamWriter());
  await store.append([deleted!.next()]);
  await bare.tombstoneStream(`${service}.${deleted!.streamId}`);
  const [refused, ...outcomes] = await Promise.allSettled(
    [deleted!, ...sound].map((writer) => store.append([writer.next()])),
  );
  expect(refused).toMatchObject({ reason: { message: expect.stringContaining('deleted for good') } });
  expect(refused).not.toMatchObject({ reason: expect.any(StoreUnavailableError) });
  for (const outcome of outcomes) expect(outcome).toMatchObject({ value: { appended: true } });
  await expect(store.read(deleted!.streamId)).rejects.toThrow('is deleted');
});

test('a stream whose events were cut off does not begin with 1 again', async () => {
  const store = open();
  const writer = new StreamWriter();
  await store.append([writer.next(newEvents(2))]);
  await bare.deleteStream(`${service}.${writer.streamId}`);
  expect(await store.read(writer.streamId)).toEqual([]);
  await expect(store.append([new StreamWriter(writer.streamId).next()])).rejects.toThrow(
    'was deleted in the database',
  );
});

test('an event of somebody else in a stream of ours is named, and holds up a subscription until it is looked at', async () => {
  const problems = new Collector<unknown>();
  const store = open({ firstRetryMilliseconds: 5, onProblem: (_, error) => problems.add(error) });
  await store.append([new StreamWriter('a').next()]);
  await bare.appendToStream(`${service}.foreign`, jsonEvent({ type: 'Foreign', data: {} }));
  const message = `event 1 of stream ${service}.foreign was not written by this service`;
  await expect(store.read('foreign')).rejects.toThrow(message);
  const seen = new Collector<string>();
  const subscription = store.subscribe(0n, {}, async (events) =>
    seen.add(...events.map(({ streamId }) => streamId)),
  );
  await problems.first(2);
  await subscription.stop();
  expect(problems.items[0]).toMatchObject({ message: expect.stringContaining(message) });
  expect(seen.items).toEqual(['a']);
});

test('the name and the scheme that the server has now are understood', async () => {
  const renamed = server.connectionString.replace(/^esdb/, 'kurrentdb');
  const [position] = positionsOf(
    await open({ connectionString: renamed }).append([new StreamWriter().next()]),
  );
  expect(await open().head()).toBe(position);
});

test('a closed store answers what is under way and refuses the rest', async () => {
  const store = open();
  const underWay = store.append([new StreamWriter().next()]);
  await store.head();
  await store.close();
  expect((await underWay).appended).toBe(true);
  await expect(store.append([new StreamWriter().next()])).rejects.toThrow(StoreUnavailableError);
  await expect(store.head()).rejects.toThrow(StoreUnavailableError);
});
