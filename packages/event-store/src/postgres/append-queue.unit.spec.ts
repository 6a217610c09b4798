import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { gate, StreamWriter } from '../conformance/fixtures.js';
import { StoreUnavailableError } from '../port.js';
import { prepareAppend } from '../validation.js';
import { AppendQueue, type PendingAppend } from './append-queue.js';

const LIMITS = {
  calls: 6,
  waitMilliseconds: 5_000,
  batchCalls: 3,
  batchBytes: 1_000_000,
  batchesInFlight: 2,
};

beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
});

function setUp(limits: Partial<typeof LIMITS> = {}) {
  const batches: { names: string[]; finish: () => void }[] = [];
  const failures: [string, unknown][] = [];
  const queue = new AppendQueue({ ...LIMITS, ...limits }, (batch) => {
    const { opened, open } = gate();
    batches.push({ names: batch.map(nameOf), finish: open });
    return opened;
  });
  const add = (name: string, ...streams: string[]) => {
    const appends = streams.map((stream) => new StreamWriter(stream).peek());
    const append: PendingAppend = {
      prepared: Object.assign(prepareAppend(appends), { name }),
      expiresAt: performance.now() + LIMITS.waitMilliseconds,
      settle: () => {},
      fail: (error) => failures.push([name, error]),
    };
    queue.add(append);
  };
  const turn = () => jest.advanceTimersByTimeAsync(0);
  return { queue, batches, failures, add, turn, names: () => batches.map((batch) => batch.names.join('')) };
}

function nameOf({ prepared }: PendingAppend): string {
  return (prepared as typeof prepared & { name: string }).name;
}

test('what comes in one turn goes out together, up to the bounds', async () => {
  const { add, turn, names } = setUp();
  for (const name of 'abcde') add(name, name);
  expect(names()).toEqual([]);
  await turn();
  expect(names()).toEqual(['abc', 'de']);
});

test('many that come together are shared out among the batches that may be under way', async () => {
  const { add, turn, batches } = setUp({ calls: 100, batchCalls: 100 });
  const sizes = () => batches.map(({ names }) => names.length);
  for (let call = 0; call < 40; call += 1) add(`${call}.`, `stream-${call}`);
  await turn();
  expect(sizes()).toEqual([20, 20]);
  for (let call = 40; call < 70; call += 1) add(`${call}.`, `stream-${call}`);
  batches[0]!.finish();
  await turn();
  expect(sizes()).toEqual([20, 20, 30]);
});

test('few that come together stay together', async () => {
  const { add, turn, batches } = setUp({ calls: 100, batchCalls: 100 });
  for (let call = 0; call < 8; call += 1) add(`${call}.`, `stream-${call}`);
  await turn();
  expect(batches.map(({ names }) => names.length)).toEqual([8]);
});

test('no more batches are under way than allowed; the next goes when one is answered', async () => {
  const { add, turn, names, batches } = setUp({ batchCalls: 1 });
  for (const name of 'abcd') add(name, name);
  await turn();
  expect(names()).toEqual(['a', 'b']);
  batches[1]!.finish();
  await turn();
  expect(names()).toEqual(['a', 'b', 'c']);
});

test('a stream is under way once, and its calls keep their order past those of others', async () => {
  const { add, turn, names, batches } = setUp();
  add('a', 'x');
  add('b', 'x', 'y');
  add('c', 'y');
  add('d', 'z');
  await turn();
  expect(names()).toEqual(['ad']);
  add('e', 'w');
  await turn();
  expect(names()).toEqual(['ad', 'e']);
  batches[0]!.finish();
  await turn();
  expect(names()).toEqual(['ad', 'e', 'b']);
  batches[2]!.finish();
  await turn();
  expect(names()).toEqual(['ad', 'e', 'b', 'c']);
});

test('batches are bounded in bytes, but a large call goes alone', async () => {
  const { add, turn, names } = setUp({ batchBytes: 10, batchesInFlight: 3 });
  for (const name of 'abc') add(name, name);
  await turn();
  expect(names()).toEqual(['a', 'b', 'c']);
});

test('a full queue refuses, and takes again when there is room', async () => {
  const { add, turn, names } = setUp();
  for (const name of 'abcdef') add(name, name);
  expect(() => add('g', 'g')).toThrow(StoreUnavailableError);
  await turn();
  add('h', 'h');
  await turn();
  expect(names()).toEqual(['abc', 'def']);
});

test('what waits too long is refused without having been sent', async () => {
  const { add, turn, names, failures, batches } = setUp({ batchesInFlight: 1 });
  add('a', 'a');
  await turn();
  add('b', 'b');
  await jest.advanceTimersByTimeAsync(3_000);
  add('c', 'c');
  await jest.advanceTimersByTimeAsync(2_001);
  expect(failures).toEqual([['b', expect.any(StoreUnavailableError)]]);
  batches[0]!.finish();
  await turn();
  expect(names()).toEqual(['a', 'c']);
  await jest.advanceTimersByTimeAsync(10_000);
  expect(failures).toHaveLength(1);
});

test('close refuses what waits and resolves when what is under way is answered', async () => {
  const { queue, add, turn, failures, batches } = setUp({ batchesInFlight: 1 });
  add('a', 'a');
  await turn();
  add('b', 'b');
  let closed = false;
  const closing = queue.close().then(() => {
    closed = true;
  });
  await turn();
  expect(failures).toEqual([['b', expect.any(StoreUnavailableError)]]);
  expect(closed).toBe(false);
  batches[0]!.finish();
  await closing;
});
