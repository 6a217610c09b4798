import { expect, test } from '@jest/globals';
import type { BatchHandler, EventFilter, EventStore, Position, StoredEvent, Subscription } from '../port.js';
import {
  Collector,
  gate,
  newEvents,
  positionsOf,
  readToEnd,
  type StoreFixture,
  StreamWriter,
} from './fixtures.js';

export function describeSubscribing(fixture: () => StoreFixture): void {
  const store = () => fixture().store;

  /** Runs `work` with a subscription that is stopped whatever happens. */
  const subscribed = async (
    [target, after, filter]: readonly [EventStore, Position, EventFilter],
    handler: BatchHandler,
    work: (subscription: Subscription) => Promise<void>,
  ) => {
    const subscription = target.subscribe(after, filter, handler);
    try {
      await work(subscription);
    } finally {
      await subscription.stop();
    }
  };

  test('from 0 brings everything, what was there and what comes', async () => {
    const writer = new StreamWriter();
    await store().append([writer.next(newEvents(700))]);
    const before = await readToEnd(store(), 0n);
    const seen = new Collector<StoredEvent>();
    const sizes: number[] = [];
    const handler: BatchHandler = async (events) => {
      sizes.push(events.length);
      seen.add(...events);
    };
    await subscribed([store(), 0n, {}], handler, async () => {
      expect(await seen.first(before.length)).toEqual(before);
      const positions = positionsOf(await store().append([writer.next(newEvents(2))]));
      const all = await seen.first(before.length + 2);
      expect(all.slice(-2).map(({ position }) => position)).toEqual(positions);
    });
    expect(Math.max(...sizes)).toBeLessThanOrEqual(500);
  });

  test('from a position brings what is after it, from any process, and tells how far it has come', async () => {
    const other = await fixture().reopen();
    const writer = new StreamWriter();
    await store().append([writer.next()]);
    const after = await store().head();
    const seen = new Collector<Position>();
    const told: Position[] = [];
    const handler: BatchHandler = async (events, lastPosition) => {
      told.push(lastPosition);
      expect(lastPosition).toBeGreaterThanOrEqual(events.at(-1)!.position);
      seen.add(...events.map(({ position }) => position));
    };
    await subscribed([store(), after, {}], handler, async () => {
      const expected: Position[] = [];
      for (const target of [store(), other, store(), other]) {
        expected.push(...positionsOf(await target.append([writer.next()])));
        expect(await seen.first(expected.length)).toEqual(expected);
      }
    });
    expect(told).toEqual(told.toSorted((a, b) => Number(a - b)));
  });

  test('brings only streams of its prefixes', async () => {
    const after = await store().head();
    const prefix = `p%_${after}`;
    const [mine, others, alsoMine] = [`${prefix}-1`, `pXX${after}`, `${prefix}-2`];
    const seen = new Collector<string>();
    const handler: BatchHandler = async (events) => seen.add(...events.map(({ streamId }) => streamId));
    await subscribed([store(), after, { streamPrefixes: [prefix] }], handler, async () => {
      for (const id of [mine, others, alsoMine]) await store().append([new StreamWriter(id).next()]);
      expect(await seen.first(2)).toEqual([mine, alsoMine]);
    });
    expect(seen.items).toEqual([mine, alsoMine]);
  });

  test('a handler that fails gets the same batch again until it takes it', async () => {
    const after = await store().head();
    const writer = new StreamWriter();
    await store().append([writer.next(newEvents(3))]);
    const calls = new Collector<readonly [readonly number[], Position]>();
    const handler: BatchHandler = async (events, lastPosition) => {
      calls.add([events.map(({ version }) => version), lastPosition]);
      if (calls.items.length === 1) await store().append([writer.next()]);
      if (calls.items.length <= 2) throw new Error('not yet');
    };
    await subscribed([store(), after, {}], handler, async () => {
      const [first, second, third, fourth] = await calls.first(4);
      expect(first![0]).toEqual([1, 2, 3]);
      expect(second).toEqual(first);
      expect(third).toEqual(first);
      expect(fourth![0]).toEqual([4]);
    });
  });

  test('a handler that fails for ever does not keep stop() waiting', async () => {
    const after = await store().head();
    await store().append([new StreamWriter().next()]);
    const calls = new Collector<number>();
    const subscription = store().subscribe(after, {}, async () => {
      calls.add(1);
      throw new Error('never');
    });
    await calls.first(2);
    await subscription.stop();
    const atStop = calls.items.length;
    await theNextEventArrives(store());
    expect(calls.items).toHaveLength(atStop);
  });

  test('stop() waits for the running call, and none follows', async () => {
    const after = await store().head();
    const writer = new StreamWriter();
    await store().append([writer.next()]);
    const calls = new Collector<number>();
    const door = gate();
    let handled = false;
    const subscription = store().subscribe(after, {}, async () => {
      calls.add(1);
      await door.opened;
      handled = true;
    });
    await calls.first(1);
    const stopped = subscription.stop().then(() => handled);
    await store().append([writer.next()]);
    door.open();
    expect(await stopped).toBe(true);
    await theNextEventArrives(store());
    expect(calls.items).toHaveLength(1);
  });
}

/** Proof that time has passed in the store: a subscription begun now has brought an event appended now. */
async function theNextEventArrives(store: EventStore): Promise<void> {
  const seen = new Collector<StoredEvent>();
  const subscription = store.subscribe(await store.head(), {}, async (events) => seen.add(...events));
  await store.append([new StreamWriter().next()]);
  await seen.first(1);
  await subscription.stop();
}
