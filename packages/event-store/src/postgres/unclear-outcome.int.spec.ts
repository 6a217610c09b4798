import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { eventually, type TcpProxy, type TestDatabase, tcpProxy, testDatabase } from '@monteore/testing';
import pg from 'pg';
import { newEvents, positionsOf, StreamWriter } from '../conformance/fixtures.js';
import { APPEND_SENT_AGAIN, type EventStore, StoreUnavailableError } from '../port.js';
import { installPostgresEventStore } from './install.js';
import { createPostgresEventStore, type PostgresEventStoreOptions } from './store.js';

let database: TestDatabase;
/** Past the proxy: what is really stored. */
let direct: pg.Client;
let proxy: TcpProxy;
let opened: EventStore[];

beforeAll(async () => {
  database = await testDatabase();
  direct = new pg.Client({ connectionString: database.url });
  await direct.connect();
  await installPostgresEventStore(direct, 'cut');
}, 60_000);
afterAll(async () => {
  await direct.end();
  await database.drop();
});

beforeEach(async () => {
  proxy = await tcpProxy(Number(new URL(database.url).port));
  opened = [];
});
afterEach(async () => {
  proxy.mode = 'pass';
  await Promise.all(opened.map((store) => store.close()));
  await proxy.close();
});

function open(url: string, options: Partial<PostgresEventStoreOptions> = {}): EventStore {
  const store = createPostgresEventStore({ connectionString: url, schema: 'cut', ...options });
  opened.push(store);
  return store;
}

/** A store behind the proxy whose connection is up, so that the next thing it sends is the append of the test. */
async function behindProxy(options: Partial<PostgresEventStoreOptions> = {}): Promise<EventStore> {
  const url = new URL(database.url);
  url.port = String(proxy.port);
  const store = open(url.toString(), { maxConnections: 1, ...options });
  await store.append([new StreamWriter().next()]);
  return store;
}

async function storedPositions(streamId: string): Promise<bigint[]> {
  const { rows } = await direct.query<{ position: string }>(
    'SELECT position FROM cut.events WHERE stream_id = $1 ORDER BY version',
    [streamId],
  );
  return rows.map(({ position }) => BigInt(position));
}

const isStored = async (streamId: string) => (await storedPositions(streamId)).length > 0;

test('committed, and the answer is lost: it is answered as appended, and stored once', async () => {
  const problems: string[] = [];
  const store = await behindProxy({ onProblem: (problem) => problems.push(problem) });
  expect(problems).toEqual([]);
  const writer = new StreamWriter();
  proxy.mode = 'hold-answers';
  const appending = store.append([writer.next(newEvents(3))]);
  await eventually(() => isStored(writer.streamId), 'the commit');
  proxy.mode = 'pass';
  proxy.cut();
  const stored = await storedPositions(writer.streamId);
  expect(positionsOf(await appending)).toEqual(stored);
  expect(await storedPositions(writer.streamId)).toEqual(stored);
  expect(stored).toHaveLength(3);
  expect(problems).toContain(APPEND_SENT_AGAIN);
});

test('committed, the answer lost, and another has appended behind it: still appended', async () => {
  const store = await behindProxy();
  const other = open(database.url);
  const writer = new StreamWriter();
  proxy.mode = 'hold-answers';
  const appending = store.append([writer.next()]);
  await eventually(() => isStored(writer.streamId), 'the commit');
  await other.append([writer.next(newEvents(2))]);
  proxy.mode = 'pass';
  proxy.cut();
  const [position] = positionsOf(await appending);
  expect(await storedPositions(writer.streamId)).toEqual([position, expect.any(BigInt), expect.any(BigInt)]);
});

test('lost on its way: it is sent again, and stored once', async () => {
  const store = await behindProxy();
  const writer = new StreamWriter();
  proxy.mode = 'swallow-requests';
  const appending = store.append([writer.next(newEvents(2))]);
  await eventually(() => proxy.interfered() > 0, 'the request');
  expect(await isStored(writer.streamId)).toBe(false);
  proxy.mode = 'pass';
  proxy.cut();
  expect(positionsOf(await appending)).toEqual(await storedPositions(writer.streamId));
});

test('lost on its way, and another took the version meanwhile: it is a conflict', async () => {
  const store = await behindProxy();
  const other = open(database.url);
  const writer = new StreamWriter();
  proxy.mode = 'swallow-requests';
  const appending = store.append([writer.peek()]);
  await eventually(() => proxy.interfered() > 0, 'the request');
  const [position] = positionsOf(await other.append([writer.peek()]));
  proxy.mode = 'pass';
  proxy.cut();
  expect(await appending).toEqual({
    appended: false,
    conflict: { streamId: writer.streamId, expectedVersion: 0, actualVersion: 1 },
  });
  expect(await storedPositions(writer.streamId)).toEqual([position]);
});

test('still under way in the server when the connection breaks: the two sendings do not double it', async () => {
  const store = await behindProxy();
  const writer = new StreamWriter();
  const waiting = async () => {
    const { rows } = await direct.query<{ count: string }>(
      "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted",
    );
    return Number(rows[0]!.count);
  };
  await direct.query("SELECT pg_advisory_lock(hashtextextended('monteore.event-store.cut', 0))");
  const appending = store.append([writer.next(newEvents(2))]);
  await eventually(async () => (await waiting()) === 1, 'the first sending at the lock');
  proxy.cut({ keepServerSide: true });
  await eventually(async () => (await waiting()) === 2, 'the second sending at the lock');
  await direct.query("SELECT pg_advisory_unlock(hashtextextended('monteore.event-store.cut', 0))");
  const positions = positionsOf(await appending);
  await eventually(async () => (await waiting()) === 0, 'the end of both');
  expect(await storedPositions(writer.streamId)).toEqual(positions);
});

test('a batch whose answer is lost: each of its calls learns its own truth', async () => {
  const store = await behindProxy();
  const taken = new StreamWriter();
  await store.append([taken.peek(newEvents(2))]);
  const writers = Array.from({ length: 20 }, () => new StreamWriter());
  proxy.mode = 'hold-answers';
  const appending = writers.map((writer) => store.append([writer.next()]));
  const refused = store.append([taken.peek()]);
  await eventually(() => isStored(writers[0]!.streamId), 'the commit');
  proxy.mode = 'pass';
  proxy.cut();
  for (const [index, outcome] of (await Promise.all(appending)).entries())
    expect(positionsOf(outcome)).toEqual(await storedPositions(writers[index]!.streamId));
  expect(await refused).toMatchObject({ appended: false, conflict: { actualVersion: 2 } });
});

test('a server that is silent: its committed answer is found on another connection', async () => {
  const store = await behindProxy({ statementMilliseconds: 200 });
  const writer = new StreamWriter();
  proxy.mode = 'hold-answers';
  const appending = store.append([writer.next()]);
  await eventually(() => isStored(writer.streamId), 'the commit');
  proxy.mode = 'pass';
  expect(positionsOf(await appending)).toEqual(await storedPositions(writer.streamId));
});

test('when nothing can be learnt in the time that is given, the store is unavailable, and the same append settles it', async () => {
  const store = await behindProxy({ settleMilliseconds: 300 });
  const writer = new StreamWriter();
  const append = writer.next();
  proxy.mode = 'hold-answers';
  const appending = store.append([append]);
  await eventually(() => isStored(writer.streamId), 'the commit');
  proxy.mode = 'swallow-requests';
  proxy.cut();
  await expect(appending).rejects.toThrow(StoreUnavailableError);
  proxy.mode = 'pass';
  proxy.cut();
  expect(positionsOf(await store.append([append]))).toEqual(await storedPositions(writer.streamId));
});

test('a statement that waits too long is given up by the server: unavailable, and nothing is stored', async () => {
  const store = open(database.url, { statementMilliseconds: 200 });
  await store.append([new StreamWriter().next()]);
  const writer = new StreamWriter();
  await direct.query("SELECT pg_advisory_lock(hashtextextended('monteore.event-store.cut', 0))");
  const refusals = [1, 2].map(() =>
    expect(store.append([writer.peek()])).rejects.toThrow(StoreUnavailableError),
  );
  await Promise.all(refusals);
  await direct.query("SELECT pg_advisory_unlock(hashtextextended('monteore.event-store.cut', 0))");
  expect(await isStored(writer.streamId)).toBe(false);
  expect((await store.append([writer.peek()])).appended).toBe(true);
});

test('an event id that another stream has fails its own call only', async () => {
  const store = open(database.url, { batchesInFlight: 1 });
  const [first, second, third, fourth] = Array.from({ length: 4 }, () => new StreamWriter());
  const events = newEvents(1);
  await store.append([first!.peek(events)]);
  const [sound, faulty, alsoSound] = await Promise.allSettled([
    store.append([second!.next()]),
    store.append([third!.next(events)]),
    store.append([fourth!.next()]),
  ]);
  expect(sound).toMatchObject({ status: 'fulfilled', value: { appended: true } });
  expect(alsoSound).toMatchObject({ status: 'fulfilled', value: { appended: true } });
  expect(faulty).toMatchObject({ status: 'rejected', reason: { code: '23505' } });
  expect(await isStored(third!.streamId)).toBe(false);
});

test('events that fit the version but continue another history are refused', async () => {
  const store = open(database.url);
  const writer = new StreamWriter();
  await store.append([writer.next()]);
  await expect(store.append([writer.claiming(1)])).rejects.toThrow('another history');
  expect(await storedPositions(writer.streamId)).toHaveLength(1);
});
