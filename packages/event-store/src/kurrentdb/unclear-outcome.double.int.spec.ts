import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { eventually, type TcpProxy, tcpProxy } from '@monteore/testing';
import { Collector, gate, newEvent, newEvents, positionsOf, StreamWriter } from '../conformance/fixtures.js';
import { type EventStore, StoreUnavailableError } from '../port.js';
import { countingProxy } from './double/counting-proxy.js';
import { type RunningDouble, startDouble } from './double/index.js';
import { createKurrentEventStore, type KurrentEventStoreOptions } from './store.js';

// What a network between the driver and the server can do. Against the double: it must be on this machine.

let server: RunningDouble;
/** Past the proxy: what is really stored. */
let direct: EventStore;
let proxy: TcpProxy;
let opened: EventStore[];

beforeAll(async () => {
  server = await startDouble();
}, 60_000);
afterAll(() => server.stop());

beforeEach(async () => {
  proxy = await tcpProxy(server.port);
  opened = [];
  direct = open(server.port);
});
afterEach(async () => {
  proxy.mode = 'pass';
  await Promise.all(opened.map((store) => store.close()));
  await proxy.close();
});

function open(port: number, options: Partial<KurrentEventStoreOptions> = {}): EventStore {
  const store = createKurrentEventStore({
    connectionString: `esdb://127.0.0.1:${port}?tls=false`,
    service: 'cut',
    ...options,
  });
  opened.push(store);
  return store;
}

/** A store behind the proxy whose connection is up, so that the next thing it sends is the append of the test. */
async function behindProxy(options: Partial<KurrentEventStoreOptions> = {}): Promise<EventStore> {
  const store = open(proxy.port, options);
  await store.append([new StreamWriter().next()]);
  return store;
}

async function storedPositions(streamId: string): Promise<bigint[]> {
  return (await direct.read(streamId)).map(({ position }) => position);
}

const isStored = async (streamId: string) => (await storedPositions(streamId)).length > 0;

test('committed, and the answer is lost: it is answered as appended, and stored once', async () => {
  const store = await behindProxy();
  const writer = new StreamWriter();
  proxy.mode = 'hold-answers';
  const appending = store.append([writer.next(newEvents(3))]);
  await eventually(() => isStored(writer.streamId), 'the commit');
  proxy.mode = 'pass';
  proxy.cut();
  expect(positionsOf(await appending)).toEqual(await storedPositions(writer.streamId));
  expect(await storedPositions(writer.streamId)).toHaveLength(3);
});

test('committed, the answer lost, and another has appended behind it: still appended', async () => {
  const store = await behindProxy();
  const writer = new StreamWriter();
  proxy.mode = 'hold-answers';
  const appending = store.append([writer.next()]);
  await eventually(() => isStored(writer.streamId), 'the commit');
  await direct.append([writer.next(newEvents(2))]);
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

test.each([
  ['another event', (event: ReturnType<typeof newEvent>) => [event, newEvent()]],
  ['the same event with other data', (event: ReturnType<typeof newEvent>) => [event, { ...event, data: {} }]],
])('lost on its way, and %s took the version meanwhile: it is a conflict', async (_, both) => {
  const store = await behindProxy();
  const writer = new StreamWriter();
  const [mine, other] = both(newEvent());
  proxy.mode = 'swallow-requests';
  const appending = store.append([writer.peek([mine!])]);
  await eventually(() => proxy.interfered() > 0, 'the request');
  const [position] = positionsOf(await direct.append([writer.peek([other!])]));
  proxy.mode = 'pass';
  proxy.cut();
  expect(await appending).toEqual({
    appended: false,
    conflict: { streamId: writer.streamId, expectedVersion: 0, actualVersion: 1 },
  });
  expect(await storedPositions(writer.streamId)).toEqual([position]);
});

test('many whose answers are lost together: each learns its own truth, also those of one stream', async () => {
  const store = await behindProxy();
  const [taken, long] = [new StreamWriter(), new StreamWriter()];
  await store.append([taken.peek(newEvents(2))]);
  const writers = [...Array.from({ length: 20 }, () => new StreamWriter()), ...Array(10).fill(long)];
  proxy.mode = 'hold-answers';
  const appending = writers.map((writer: StreamWriter) => store.append([writer.next()]));
  const refused = store.append([taken.peek()]);
  await eventually(async () => (await storedPositions(long.streamId)).length === 10, 'the commits');
  proxy.mode = 'pass';
  proxy.cut();
  const outcomes = await Promise.all(appending);
  for (const [index, outcome] of outcomes.slice(0, 20).entries())
    expect(positionsOf(outcome)).toEqual(await storedPositions(writers[index].streamId));
  expect(outcomes.slice(20).flatMap(positionsOf)).toEqual(await storedPositions(long.streamId));
  expect(await refused).toMatchObject({ appended: false, conflict: { actualVersion: 2 } });
});

test('many of one stream lost on their way: they are sent again in their order', async () => {
  const store = await behindProxy();
  const writer = new StreamWriter();
  proxy.mode = 'swallow-requests';
  const appending = Array.from({ length: 10 }, () => store.append([writer.next()]));
  await eventually(() => proxy.interfered() > 0, 'the requests');
  proxy.mode = 'pass';
  proxy.cut();
  const outcomes = await Promise.all(appending);
  expect(outcomes.flatMap(positionsOf)).toEqual(await storedPositions(writer.streamId));
});

test('a server that ends its calls in good order, again and again: all is appended, and a subscription goes on', async () => {
  const store = open(server.port);
  const seen = new Collector<number>();
  const writers = Array.from({ length: 20 }, () => new StreamWriter());
  const subscription = store.subscribe(await store.head(), {}, async (events) =>
    seen.add(...events.map(({ version }) => version)),
  );
  let done = false;
  const disturb = async () => {
    while (!done) {
      const count = seen.items.length;
      await eventually(() => done || seen.items.length > count, 'an event');
      server.endCalls();
    }
  };
  const write = async (writer: StreamWriter) => {
    for (let round = 0; round < 10; round++)
      expect((await store.append([writer.next()])).appended).toBe(true);
  };
  const disturbing = disturb();
  await Promise.all(writers.map(write));
  await seen.first(200);
  done = true;
  await disturbing;
  await subscription.stop();
  expect(seen.items).toHaveLength(200);
}, 60_000);

test('a server that is silent: its committed answer is found on another connection', async () => {
  const store = await behindProxy({ answerMilliseconds: 1_000 });
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
  const refused = expect(appending).rejects.toThrow(StoreUnavailableError);
  await eventually(() => isStored(writer.streamId), 'the commit');
  proxy.mode = 'swallow-requests';
  proxy.cut();
  await refused;
  proxy.mode = 'pass';
  proxy.cut();
  expect(positionsOf(await store.append([append]))).toEqual(await storedPositions(writer.streamId));
});

test('a subscription that has died without a word is found out and opened anew; nothing is missed or repeated', async () => {
  const problems = new Collector<unknown>();
  const store = open(server.port, {
    livenessMilliseconds: 150,
    onProblem: (_, error) => problems.add(error),
  });
  const writer = new StreamWriter();
  const prefix = writer.streamId;
  const seen = new Collector<number>();
  const filter = { streamPrefixes: [prefix] };
  const subscription = store.subscribe(await store.head(), filter, async (events) =>
    seen.add(...events.map(({ version }) => version)),
  );
  for (const expected of [2, 4, 6]) {
    await store.append([writer.next(newEvents(2))]);
    await seen.first(expected);
    // What others write is no sign of death.
    await store.append([new StreamWriter().next(newEvents(40))]);
    server.forgetSubscriptions();
  }
  await subscription.stop();
  expect(seen.items).toEqual([1, 2, 3, 4, 5, 6]);
  // A busy machine may make it look dead once more, which does no harm.
  expect(problems.items.length).toBeGreaterThanOrEqual(2);
}, 30_000);

test('while a handler works, the server waits with what comes after it', async () => {
  const counting = await countingProxy(server.port);
  const watching = open(counting.port);
  const writer = new StreamWriter();
  const text = 'x'.repeat(8_000);
  const after = await direct.head();
  const door = gate();
  const seen = new Collector<number>();
  const subscription = watching.subscribe(after, {}, async (events) => {
    seen.add(...events.map(({ version }) => version));
    await door.opened;
  });
  const batches = 40;
  for (let left = batches; left > 0; left -= 1)
    await direct.append([writer.next(Array.from({ length: 40 }, () => newEvent({ text })))]);
  const total = batches * 40 * text.length;
  await seen.first(1);
  let before = -1;
  await eventually(async () => {
    const now = counting.bytes();
    const still = now === before && now > 0;
    before = now;
    await new Promise((resolve) => setTimeout(resolve, 100));
    return still;
  }, 'a pause');
  expect(counting.bytes()).toBeLessThan(total / 2);
  door.open();
  expect((await seen.first(batches * 40)).at(-1)).toBe(batches * 40);
  await subscription.stop();
  await watching.close();
  await counting.close();
}, 60_000);
