import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { eventually, type OwnPostgres, ownPostgres } from '@monteore/testing';
import pg from 'pg';
import { findChainFault } from '../chain.js';
import { Collector, gate, newEvents, positionsOf, readToEnd, StreamWriter } from '../conformance/fixtures.js';
import { type EventStore, type Position, type StoredEvent, StoreUnavailableError } from '../port.js';
import { installPostgresEventStore } from './install.js';
import { createPostgresEventStore, type PostgresEventStoreOptions } from './store.js';

let server: OwnPostgres;
let opened: EventStore[];

beforeAll(async () => {
  // A killed server must keep what it has committed.
  server = await ownPostgres({ synchronous_commit: 'on' });
  const owner = new pg.Client({ connectionString: server.adminUrl() });
  await owner.connect();
  await installPostgresEventStore(owner, 'outage');
  await owner.end();
}, 60_000);
afterAll(() => server.stop());

beforeEach(() => {
  opened = [];
});
afterEach(async () => {
  await Promise.all(opened.map((store) => store.close()));
});

function open(options: Partial<PostgresEventStoreOptions> = {}): EventStore {
  const store = createPostgresEventStore({
    connectionString: server.adminUrl(),
    schema: 'outage',
    longestRetryMilliseconds: 200,
    ...options,
  });
  opened.push(store);
  return store;
}

/** Each of the positions that were answered holds the event it was answered for, and each event is there once. */
function expectTruth(
  stored: readonly StoredEvent[],
  answered: readonly (readonly [eventId: string, position: Position])[],
): void {
  const byPosition = new Map(stored.map((event) => [event.position, event.eventId]));
  for (const [eventId, position] of answered) expect(byPosition.get(position)).toBe(eventId);
  expect(new Set(stored.map(({ eventId }) => eventId)).size).toBe(stored.length);
}

test('sessions that are terminated in the middle of 500 concurrent appends: all are stored once and say so', async () => {
  const store = open();
  const after = await store.head();
  const appends = Array.from({ length: 500 }, () => new StreamWriter().next(newEvents(3)));
  const admin = new pg.Client({ connectionString: server.adminUrl() });
  await admin.connect();
  const holder = new pg.Client({ connectionString: server.adminUrl() });
  await holder.connect();
  await holder.query('BEGIN; LOCK TABLE outage.events IN SHARE ROW EXCLUSIVE MODE');
  let answered = 0;
  let terminated = 0;
  const killActive = async () => {
    const { rowCount } = await admin.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE application_name = 'monteore-event-store' AND state = 'active'`,
    );
    terminated += rowCount ?? 0;
    return rowCount !== 0;
  };
  const kill = async () => {
    // The first ones cannot be through before they are seen; the others die wherever they are.
    for (let round = 0; round < 3; round += 1) await eventually(killActive, 'appends under way');
    await holder.end();
    // Not for ever: who waits in the queue is refused after five seconds.
    while (answered < appends.length && terminated < 8) await killActive();
  };
  const run = async (append: (typeof appends)[number]) => {
    const positions = positionsOf(await store.append([append]));
    answered += 1;
    return append.events.map(({ eventId }, index) => [eventId, positions[index]!] as const);
  };
  const [answers] = await Promise.all([Promise.all(appends.map(run)), kill()]);
  await admin.end();
  expect(terminated).toBeGreaterThanOrEqual(3);
  const stored = await readToEnd(store, after);
  expectTruth(stored, answers.flat());
  expect(stored).toHaveLength(1_500);
}, 60_000);

test('a server that is stopped, and one that is killed, under load: writers and subscription go on by themselves', async () => {
  const [store, other] = [open(), open()];
  const after = await store.head();
  const rounds = 60;
  const seen = new Collector<Position>();
  const subscription = other.subscribe(after, {}, async (events) =>
    seen.add(...events.map(({ position }) => position)),
  );
  const progress = new Collector<readonly [string, Position]>();
  const resumes = { down: 0 };
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
        resumes.down += 1;
        await up.opened;
      }
    }
  };
  const write = async () => {
    const writer = new StreamWriter();
    for (let round = 0; round < rounds; round++) await insist(writer);
    return writer;
  };
  const total = 32 * rounds;
  const disturb = async () => {
    for (const [share, end] of [
      [0.2, server.stop],
      [0.5, server.kill],
      [0.7, server.kill],
    ] as const) {
      await progress.first(Math.floor(total * share));
      up = gate();
      await end();
      await server.start();
      up.open();
    }
  };
  const [writers] = await Promise.all([Promise.all(Array.from({ length: 32 }, write)), disturb()]);
  const stored = await readToEnd(store, after);
  expectTruth(stored, progress.items);
  expect(stored).toHaveLength(total);
  for (const { streamId } of writers) {
    const events = await store.read(streamId);
    expect(events).toHaveLength(rounds);
    expect(findChainFault(events)).toBeNull();
  }
  expect(await seen.first(total)).toEqual(stored.map(({ position }) => position));
  await subscription.stop();
  expect(seen.items).toHaveLength(total);
}, 60_000);

test('without a server everything is unavailable at once, and works again when it is back', async () => {
  const store = open();
  await store.append([new StreamWriter().next()]);
  await server.stop();
  const calls: Promise<unknown>[] = [
    store.append([new StreamWriter().next()]),
    store.read('any'),
    store.readAll(0n),
    store.head(),
    store.storeId(),
  ];
  for (const call of calls) await expect(call).rejects.toThrow(StoreUnavailableError);
  await server.start();
  expect((await store.append([new StreamWriter().next()])).appended).toBe(true);
}, 30_000);

test('a listening connection that is terminated comes back, and its loss costs no event', async () => {
  const problems = new Collector<string>();
  // Polling would hide that listening works again.
  const reader = open({ pollMilliseconds: 600_000, onProblem: (problem) => problems.add(problem) });
  const writer = open();
  const seen = new Collector<Position>();
  const subscription = reader.subscribe(await reader.head(), {}, async (events) =>
    seen.add(...events.map(({ position }) => position)),
  );
  const admin = new pg.Client({ connectionString: server.adminUrl() });
  await admin.connect();
  const listeners = async () => {
    const { rows } = await admin.query<{ pid: number }>(
      `SELECT pid FROM pg_stat_activity
       WHERE application_name = 'monteore-event-signals' AND query LIKE '%LISTEN%' AND state = 'idle'`,
    );
    return rows.map(({ pid }) => pid);
  };
  const first = await eventually(async () => (await listeners())[0], 'a listener');
  const expected = positionsOf(await writer.append([new StreamWriter().next()])).slice();
  expect(await seen.first(1)).toEqual(expected);
  await admin.query('SELECT pg_terminate_backend($1)', [first]);
  await problems.first(1);
  expected.push(...positionsOf(await writer.append([new StreamWriter().next()])));
  expect(await seen.first(2)).toEqual(expected);
  expected.push(...positionsOf(await writer.append([new StreamWriter().next()])));
  expect(await seen.first(3)).toEqual(expected);
  await admin.end();
  await subscription.stop();
}, 30_000);

test('a full queue refuses at once and stores nothing of what it refused', async () => {
  const store = open({ queuedAppends: 10 });
  const after = await store.head();
  const outcomes = await Promise.allSettled(
    Array.from({ length: 15 }, () => store.append([new StreamWriter().next()])),
  );
  const refused = outcomes.filter(({ status }) => status === 'rejected');
  expect(refused).toHaveLength(5);
  for (const refusal of refused) expect(refusal).toMatchObject({ reason: expect.any(StoreUnavailableError) });
  expect(await readToEnd(store, after)).toHaveLength(10);
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
