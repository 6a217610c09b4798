import { expect, test } from '@jest/globals';
import type { Position, StoredEvent } from '../port.js';
import { newEvent, newEvents, positionsOf, readToEnd, type StoreFixture, StreamWriter } from './fixtures.js';

export function describeReading(fixture: () => StoreFixture, create: () => Promise<StoreFixture>): void {
  const store = () => fixture().store;
  const versions = (events: readonly StoredEvent[]) => events.map(({ version }) => version);

  test.each([
    { options: undefined, expected: [1, 2, 3, 4, 5] },
    { options: { limit: 2 }, expected: [1, 2] },
    { options: { fromVersion: 3 }, expected: [3, 4, 5] },
    { options: { fromVersion: 3, limit: 2 }, expected: [3, 4] },
    { options: { fromVersion: 6 }, expected: [] },
    { options: { direction: 'backwards' as const }, expected: [5, 4, 3, 2, 1] },
    { options: { direction: 'backwards' as const, limit: 1 }, expected: [5] },
    { options: { direction: 'backwards' as const, fromVersion: 3 }, expected: [3, 2, 1] },
    { options: { direction: 'backwards' as const, fromVersion: 3, limit: 2 }, expected: [3, 2] },
    { options: { direction: 'backwards' as const, fromVersion: 9, limit: 2 }, expected: [5, 4] },
  ])('reads five events with $options as $expected', async ({ options, expected }) => {
    const writer = new StreamWriter();
    await store().append([writer.next(newEvents(5))]);
    expect(versions(await store().read(writer.streamId, options))).toEqual(expected);
  });

  test('reads a stream longer than one page, in both directions', async () => {
    const writer = new StreamWriter();
    const count = 5_600;
    for (let left = count; left > 0; left -= 700)
      await store().append([writer.next(newEvents(Math.min(left, 700)))]);
    const all = Array.from({ length: count }, (_, index) => index + 1);
    expect(versions(await store().read(writer.streamId))).toEqual(all);
    expect(versions(await store().read(writer.streamId, { direction: 'backwards' }))).toEqual(
      all.toReversed(),
    );
  }, 30_000);

  test('a stream that nobody wrote is empty', async () => {
    expect(await store().read(new StreamWriter().streamId)).toEqual([]);
  });

  test('a new store is empty and its head is 0', async () => {
    const fresh = await create();
    try {
      expect(await fresh.store.head()).toBe(0n);
      expect(await fresh.store.readAll(0n)).toEqual({ events: [], readUpTo: 0n });
      const [position] = positionsOf(await fresh.store.append([new StreamWriter().next()]));
      expect(await fresh.store.head()).toBe(position);
    } finally {
      await fresh.destroy();
    }
  });

  test.each([1, 3, 500])('reads all streams in order of their commits, %i at a time', async (limit) => {
    const after = await store().head();
    const writers = [new StreamWriter(), new StreamWriter()];
    const expected: Position[] = [];
    for (const writer of [...writers, ...writers, ...writers])
      expected.push(...positionsOf(await store().append([writer.next(newEvents(2))])));
    const events = await readToEnd(store(), after, undefined, limit);
    expect(events.map(({ position }) => position)).toEqual(expected);
    expect(await store().head()).toBe(expected.at(-1));
    expect(await store().readAll(expected.at(-1)!)).toEqual({ events: [], readUpTo: expected.at(-1) });
  });

  test('reads only streams of the given prefixes, which are plain text and no patterns', async () => {
    const after = await store().head();
    const ids = ['a%b', 'a%bc', 'aXb', 'a_b', 'a\\b', 'A%b', 'b', 'bb'].map((id) => `${id}-${after}`);
    for (const id of ids) await store().append([new StreamWriter(id).next()]);
    const read = async (...prefixes: string[]) =>
      (await readToEnd(store(), after, prefixes, 2)).map(({ streamId }) => streamId.split('-')[0]);
    expect(await read('a%b')).toEqual(['a%b', 'a%bc']);
    expect(await read('a_b')).toEqual(['a_b']);
    expect(await read('a\\b')).toEqual(['a\\b']);
    expect(await read('b-', 'aX', 'bb')).toEqual(['aXb', 'b', 'bb']);
    expect(await read('none')).toEqual([]);
  });

  test('store id, events and positions are the same after opening it again', async () => {
    const writer = new StreamWriter();
    const positions = positionsOf(await store().append([writer.next(newEvents(3))]));
    const again = await fixture().reopen();
    expect(await again.storeId()).toMatch(/^[0-9a-f-]{36}$/);
    expect(await again.storeId()).toBe(await store().storeId());
    const events = await again.read(writer.streamId);
    expect(events).toEqual(await store().read(writer.streamId));
    expect(events.map(({ position }) => position)).toEqual(positions);
    expect(await again.head()).toBe(await store().head());
  });

  test('two stores have two ids', async () => {
    const fresh = await create();
    try {
      expect(await fresh.store.storeId()).not.toBe(await store().storeId());
    } finally {
      await fresh.destroy();
    }
  });

  test('while 32 writers append, a reader that follows misses nothing and positions follow the commits', async () => {
    const other = await fixture().reopen();
    const after = await store().head();
    const writers = 32;
    const rounds = 15;
    let newestAnswered = after;
    const written: Position[] = [];
    const write = async (_: unknown, index: number) => {
      const target = index % 2 === 0 ? store() : other;
      const stream = new StreamWriter();
      for (let round = 0; round < rounds; round++) {
        const before = newestAnswered;
        const [position] = positionsOf(await target.append([stream.next([newEvent()])]));
        // What was begun after an answer stands behind what was answered.
        expect(position).toBeGreaterThan(before);
        written.push(position!);
        if (position! > newestAnswered) newestAnswered = position!;
      }
    };
    const seen: Position[] = [];
    const follow = async () => {
      for (let position = after; seen.length < writers * rounds; ) {
        const { events, readUpTo } = await store().readAll(position, { limit: 10 });
        seen.push(...events.map((event) => event.position));
        position = readUpTo;
      }
    };
    await Promise.all([...Array.from({ length: writers }, write), follow()]);
    expect(seen).toEqual(written.toSorted((a, b) => Number(a - b)));
  }, 30_000);
}
