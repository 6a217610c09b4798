import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { eventually } from '@monteore/testing';
import { findChainFault } from '../chain.js';
import { Collector, gate, newEvents, positionsOf, readToEnd, StreamWriter } from '../conformance/fixtures.js';
import { type EventStore, type Position, type StoredEvent, StoreUnavailableError } from '../port.js';
import { countingProxy } from './double/counting-proxy.js';
import { type DoubleProcess, startDoubleProcess } from './double/index.js';
import { createKurrentEventStore, type KurrentEventStoreOptions } from './store.js';

// A server that is killed, stopped and frozen: so a double in a process of its own, never a real one.

let directory: string;
let server: DoubleProcess;
let opened: EventStore[];
let service: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'kurrentdb-double-'));
  server = await startDoubleProcess({ directory });
  opened = [];
  service = `s${randomUUID().slice(0, 8)}`;
}, 30_000);
afterEach(async () => {
  server.thaw();
  await Promise.all(opened.map((store) => store.close()));
  await server.kill();
  await rm(directory, { recursive: true });
}, 30_000);

function open(options: Partial<KurrentEventStoreOptions> = {}): EventStore {
  const store = createKurrentEventStore({
    connectionString: server.connectionString,
    service,
    longestRetryMilliseconds: 200,
    ...options,
  });
  opened.push(store);
  return store;
}

test('a server that is killed four times and stopped once while 48 writers append: nothing is lost or doubled, and a subscription goes on by itself', async () => {
  // The loss of a connection is noticed as such, not by looking whether something was missed.
  const [store, other] = [open(), open({ livenessMilliseconds: 600_000 })];
  const rounds = 25;
  const total = 48 * rounds;
  const seen = new Collector<Position>();
  const subscription = other.subscribe(0n, {}, async (events) =>
    seen.add(...events.map(({ position }) => position)),
  );
  const progress = new Collector<readonly [string, Position]>();
  let up = gate();
  up.open();
  const insist = async (writer: StreamWriter) => {
    const append = writer.next();
    for (;;) {
      try {
        const [position] = positionsOf(await store.append([append]));
        progress.add([append.events[0]!.eventId, position!]);
        return;
      } catch (error) {
        expect(error).toBeInstanceOf(StoreUnavailableError);
        await up.opened;
      }
    }
  };
  const write = async () => {
    const writer = new StreamWriter();
    for (let round = 0; round < rounds; round++) await insist(writer);
    return writer;
  };
  const disturb = async () => {
    for (const [share, end] of [
      [0.1, server.kill],
      [0.3, server.kill],
      [0.5, server.stop],
      [0.6, server.kill],
      [0.8, server.kill],
    ] as const) {
      await progress.first(Math.floor(total * share));
      up = gate();
      await end();
      await server.start();
      up.open();
    }
  };
  const [writers] = await Promise.all([Promise.all(Array.from({ length: 48 }, write)), disturb()]);
  const stored = await readToEnd(store, 0n);
  expect(stored).toHaveLength(total);
  expect(new Set(stored.map(({ eventId }) => eventId)).size).toBe(total);
  const byPosition = new Map(stored.map((event) => [event.position, event.eventId]));
  for (const [eventId, position] of progress.items) expect(byPosition.get(position)).toBe(eventId);
  for (const { streamId } of writers) {
    const events = await store.read(streamId);
    expect(events).toHaveLength(rounds);
    expect(findChainFault(events)).toBeNull();
  }
  expect(await seen.first(total)).toEqual(stored.map(({ position }) => position));
  await subscription.stop();
  expect(seen.items).toHaveLength(total);
}, 120_000);

test('without a server everything is unavailable at once, and works again when it is back', async () => {
  const store = open({ answerMilliseconds: 20_000 });
  await store.append([new StreamWriter().next()]);
  await server.kill();
  const began = performance.now();
  const calls: Promise<unknown>[] = [
    store.append([new StreamWriter().next()]),
    store.read('any'),
    store.readAll(0n),
    store.head(),
    store.storeId(),
  ];
  for (const call of calls) await expect(call).rejects.toThrow(StoreUnavailableError);
  // Not the time that is given to a server which is there and silent.
  expect(performance.now() - began).toBeLessThan(15_000);
  await server.start();
  expect((await store.append([new StreamWriter().next()])).appended).toBe(true);
  expect(await store.storeId()).toMatch(/^[0-9a-f-]{36}$/);
}, 60_000);

test('a frozen server: reads are given up in their own time, an append is pursued and answered when it wakes', async () => {
  const store = open({ answerMilliseconds: 1_500 });
  const writer = new StreamWriter();
  await store.append([writer.next()]);
  await store.head();
  server.freeze();
  const append = writer.next();
  const appending = store.append([append]);
  const began = performance.now();
  for (const call of [store.read(writer.streamId), store.head(), store.storeId()])
    await expect(call).rejects.toThrow(StoreUnavailableError);
  // The client itself would notice after 20 s.
  expect(performance.now() - began).toBeLessThan(10_000);
  server.thaw();
  const [position] = positionsOf(await appending);
  const stored = await store.read(writer.streamId);
  expect(stored.map((event) => event.position)).toEqual([stored[0]!.position, position]);
}, 60_000);

test('reads that are given up leave neither calls nor connections behind', async () => {
  const proxy = await countingProxy(server.port);
  const connectionString = `esdb://127.0.0.1:${proxy.port}?tls=false`;
  const store = open({ connectionString, answerMilliseconds: 500 });
  const answered = () => eventually(() => store.head().then(String, () => ''), 'an answer');
  await answered();
  server.freeze();
  for (let round = 0; round < 6; round++) {
    const reads = await Promise.allSettled(Array.from({ length: 20 }, () => store.head()));
    for (const read of reads) expect(read).toMatchObject({ reason: expect.any(StoreUnavailableError) });
  }
  // What is not connected yet is waited for, not begun again and again.
  await eventually(() => proxy.connections() === 1, 'the end of all connections but one', 5_000);
  server.thaw();
  await answered();
  await proxy.close();
}, 60_000);

test('an answer that comes after its append was given up harms nobody, and the same append settles it', async () => {
  const store = open({ answerMilliseconds: 1_500, settleMilliseconds: 4_000 });
  const [writer, other] = [new StreamWriter(), new StreamWriter()];
  await store.append([writer.next()]);
  server.freeze();
  const append = writer.next(newEvents(2));
  await expect(store.append([append])).rejects.toThrow('it is not known whether the events were stored');
  server.thaw();
  const stored = await eventually(async () => {
    const events = await store.read(writer.streamId).catch((): StoredEvent[] => []);
    return events.length === 3 ? events : undefined;
  }, 'the appends that were under way when it froze');
  for (let round = 0; round < 20; round++) expect((await store.append([other.next()])).appended).toBe(true);
  expect(positionsOf(await store.append([append]))).toEqual(stored.slice(1).map(({ position }) => position));
  expect(await store.read(writer.streamId)).toHaveLength(3);
}, 60_000);

test('a subscription to a server that freezes goes on when it wakes, and skips and repeats nothing', async () => {
  const store = open();
  const writer = new StreamWriter();
  const seen = new Collector<number>();
  const problems = new Collector<string>();
  const watching = open({
    answerMilliseconds: 1_000,
    livenessMilliseconds: 500,
    onProblem: (problem) => problems.add(problem),
  });
  const subscription = watching.subscribe(0n, {}, async (events) =>
    seen.add(...events.map(({ version }) => version)),
  );
  await store.append([writer.next(newEvents(2))]);
  await seen.first(2);
  server.freeze();
  await problems.first(2);
  server.thaw();
  await eventually(
    () =>
      store.append([writer.peek(newEvents(2))]).then(
        () => true,
        () => false,
      ),
    'an append',
  );
  expect(await seen.first(4)).toEqual([1, 2, 3, 4]);
  await subscription.stop();
  expect(seen.items).toHaveLength(4);
}, 60_000);

test('of two stores in one process, the failure of one does not touch the appends of the other', async () => {
  const elsewhere = await startDoubleProcess();
  const healthy = open({ service: 'healthy' });
  const failing = open({
    service: 'failing',
    connectionString: elsewhere.connectionString,
    settleMilliseconds: 3_000,
  });
  try {
    await Promise.all([healthy, failing].map((store) => store.append([new StreamWriter().next()])));
    let done = false;
    const outcomes: string[] = [];
    const write = async () => {
      const writer = new StreamWriter();
      while (!done) outcomes.push((await healthy.append([writer.next()])).appended ? 'appended' : 'conflict');
      return writer;
    };
    const writing = Promise.all(Array.from({ length: 16 }, write));
    const lost = Array.from({ length: 16 }, () => failing.append([new StreamWriter().next()]));
    await elsewhere.kill();
    await Promise.allSettled(lost);
    const closing = failing.close();
    await expect(failing.append([new StreamWriter().next()])).rejects.toThrow(StoreUnavailableError);
    await closing;
    const before = outcomes.length;
    await eventually(() => outcomes.length > before + 100, 'more appends');
    done = true;
    const writers = await writing;
    expect(new Set(outcomes)).toEqual(new Set(['appended']));
    for (const { streamId, tail } of writers) expect(await healthy.read(streamId)).toHaveLength(tail.version);
  } finally {
    await elsewhere.kill();
  }
}, 60_000);

test('a store that is closed while the server is frozen ends soon, and leaves nothing behind', async () => {
  const proxy = await countingProxy(server.port);
  const connectionString = `esdb://127.0.0.1:${proxy.port}?tls=false`;
  const store = open({ connectionString, answerMilliseconds: 2_000, livenessMilliseconds: 60_000 });
  const writer = new StreamWriter();
  const seen = new Collector<number>();
  const subscription = store.subscribe(0n, {}, async () => seen.add(1));
  await store.append([writer.next()]);
  await seen.first(1);
  await store.head();
  expect(proxy.connections()).toBe(3);
  server.freeze();
  const refused = expect(store.append([writer.next()])).rejects.toThrow(StoreUnavailableError);
  await store.close();
  await Promise.all([refused, subscription.stop()]);
  await eventually(() => proxy.connections() === 0, 'the end of all connections', 5_000);
  await proxy.close();
}, 30_000);

test('a subscription to a server that is away tries again and again, ever more seldom', async () => {
  const problems = new Collector<number>();
  const store = open({
    firstRetryMilliseconds: 50,
    longestRetryMilliseconds: 60_000,
    onProblem: () => problems.add(performance.now()),
  });
  await server.kill();
  const subscription = store.subscribe(0n, {}, async () => {});
  const times = await problems.first(6);
  const pauses = times.slice(1).map((time, index) => time - times[index]!);
  // 50, 100, 200, 400 and 800, and the time of each attempt.
  expect(pauses.at(-1)).toBeGreaterThan(750);
  expect(times.at(-1)! - times[0]!).toBeGreaterThan(1_500);
  await subscription.stop();
}, 30_000);

test('a handler that fails while the server is killed gets its batch again, and then what follows', async () => {
  const store = open({ firstRetryMilliseconds: 20 });
  const writer = new StreamWriter();
  await store.append([writer.next(newEvents(2))]);
  const calls = new Collector<readonly number[]>();
  let failing = true;
  const subscription = store.subscribe(0n, {}, async (events) => {
    calls.add(events.map(({ version }) => version));
    if (failing) throw new Error('not yet');
  });
  await calls.first(2);
  await server.kill();
  const atKill = calls.items.length;
  await calls.first(atKill + 2);
  await server.start();
  await eventually(
    () =>
      store.append([writer.peek()]).then(
        () => true,
        () => false,
      ),
    'an append',
  );
  const again = calls.items.length;
  await calls.first(again + 1);
  failing = false;
  await eventually(() => calls.items.some((versions) => versions[0] === 3), 'the event after the batch');
  await subscription.stop();
  expect(new Set(calls.items.map((versions) => versions.join()))).toEqual(new Set(['1,2', '3']));
}, 60_000);
