import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  createPostgresEventStore,
  type EventStore,
  findChainFault,
  installPostgresEventStore,
} from '@monteore/event-store';
import { isRefusal, refuse, systemClock } from '@monteore/kernel';
import { type TestDatabase, testDatabase } from '@monteore/testing';
import pg from 'pg';
import type { CommandResult } from './stream-command.js';
import { StreamRuntime } from './stream-runtime.js';

/** A purse: takes are refused when there is too little in it. */
const fold = {
  initial: 0,
  evolve: (total: number, event: { type: string; data: Record<string, unknown> }) =>
    event.type === 'Put' ? total + Number(event.data.amount) : total - Number(event.data.amount),
};

let database: TestDatabase;
let store: EventStore;
let second: EventStore;

beforeAll(async () => {
  database = await testDatabase();
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  await installPostgresEventStore(client, 'purses');
  await client.end();
  store = createPostgresEventStore({ connectionString: database.url, schema: 'purses' });
  second = createPostgresEventStore({ connectionString: database.url, schema: 'purses' });
});
afterAll(async () => {
  await store.close();
  await second.close();
  await database.drop();
});

const runtimeOn = (on: EventStore) => new StreamRuntime({ store: on, clock: systemClock, fold });
const envelope = (commandId: string, input: unknown = {}) => ({
  commandId,
  inputHash: JSON.stringify(input),
  actor: { subject: 's', role: 'system' as const },
  correlationId: 'c',
});
const put = (runtime: StreamRuntime<number>, streamId: string, commandId: string, amount: number) =>
  runtime.execute({
    ...envelope(commandId, { amount }),
    streamId,
    decide: () => ({ events: [{ type: 'Put', data: { amount }, occurredOn: '2026-01-01' }] }),
  });
const take = (runtime: StreamRuntime<number>, streamId: string, commandId: string, amount: number) =>
  runtime.execute({
    ...envelope(commandId, { amount }),
    streamId,
    decide: (total) =>
      total < amount
        ? refuse(422, 'purse.empty', 'Too little', `only ${total}`)
        : { events: [{ type: 'Take', data: { amount }, occurredOn: '2026-01-01' }] },
  });
const made = (result: CommandResult<number> | ReturnType<typeof refuse>) => {
  if (isRefusal(result)) throw new Error(result.code);
  return result;
};

describe('a stream remembers its commands', () => {
  it('answers a repeat from the events of the first time, also after the state moved on and in another instance', async () => {
    const runtime = runtimeOn(store);
    const first = made(await put(runtime, 'remember', 'put-1', 5));
    await take(runtime, 'remember', 'take-1', 5);
    const repeats = [
      await put(runtime, 'remember', 'put-1', 5),
      await put(runtimeOn(second), 'remember', 'put-1', 5),
    ];
    for (const repeat of repeats) {
      expect(made(repeat).repeated).toBe(true);
      expect(made(repeat).events.map((event) => event.eventId)).toEqual(
        first.events.map((event) => event.eventId),
      );
    }
    expect(await store.read('remember')).toHaveLength(2);
  });

  it('refuses the same id with another input', async () => {
    const runtime = runtimeOn(store);
    await put(runtime, 'reused', 'put-1', 5);
    expect(await put(runtime, 'reused', 'put-1', 6)).toMatchObject({
      code: 'service.idempotency-key-reused',
    });
  });

  it('does not remember refusals', async () => {
    const runtime = runtimeOn(store);
    expect(await take(runtime, 'refused', 'take-1', 3)).toMatchObject({ code: 'purse.empty' });
    await put(runtime, 'refused', 'put-1', 3);
    expect(made(await take(runtime, 'refused', 'take-1', 3)).state).toBe(0);
  });

  it('makes one of the same command given by ten callers at once in two instances', async () => {
    const runtimes = [runtimeOn(store), runtimeOn(second)];
    const results = await Promise.all(
      Array.from({ length: 10 }, (_, index) => put(runtimes[index % 2]!, 'ten', 'same', 7)),
    );
    expect(new Set(results.map((result) => made(result).events[0]!.eventId)).size).toBe(1);
    expect(await store.read('ten')).toHaveLength(1);
  });
});

describe('commands of one stream', () => {
  it('cannot both have the last of it, whichever instance they reach', async () => {
    await put(runtimeOn(store), 'race', 'put', 10);
    const runtimes = [runtimeOn(store), runtimeOn(second)];
    const results = await Promise.all(
      Array.from({ length: 40 }, (_, index) => take(runtimes[index % 2]!, 'race', `take-${index}`, 1)),
    );
    expect(results.filter((result) => !isRefusal(result))).toHaveLength(10);
    const events = await store.read('race');
    expect(events).toHaveLength(11);
    expect(findChainFault(events)).toBeNull();
  });

  it('are not refused from a stale cache: the tail is read before the answer', async () => {
    const stale = runtimeOn(store);
    expect(await take(stale, 'stale', 'take-0', 1)).toMatchObject({ code: 'purse.empty' });
    await put(runtimeOn(second), 'stale', 'put', 1);
    expect(isRefusal(await take(stale, 'stale', 'take-1', 1))).toBe(false);
  });

  it('read what another instance has just written', async () => {
    const reader = runtimeOn(store);
    expect((await reader.load('read')).state).toBe(0);
    await put(runtimeOn(second), 'read', 'put', 4);
    expect(await reader.load('read')).toEqual({ state: 4, version: 1 });
  });

  it('a decision that throws fails its own caller only', async () => {
    const runtime = runtimeOn(store);
    const failing = runtime.execute({
      ...envelope('boom'),
      streamId: 'throws',
      decide: () => {
        throw new Error('boom');
      },
    });
    const good = put(runtime, 'throws', 'put', 1);
    await expect(failing).rejects.toThrow('boom');
    expect(made(await good).state).toBe(1);
  });
});

/** A store in front of which each append may meet with an accident. */
const storeWith = (
  append: (inner: EventStore, ...given: Parameters<EventStore['append']>) => ReturnType<EventStore['append']>,
) =>
  new Proxy(store, {
    get: (target, name) => {
      if (name === 'append') return (...given: Parameters<EventStore['append']>) => append(target, ...given);
      const member = Reflect.get(target, name) as unknown;
      return typeof member === 'function' ? member.bind(target) : member;
    },
  });

describe('an append that does not go as it should', () => {
  it('whose outcome is unclear fails every command of its batch, and each is then answered as it was stored', async () => {
    let isLost = true;
    const runtime = runtimeOn(
      storeWith(async (inner, ...given) => {
        const outcome = await inner.append(...given);
        if (!isLost) return outcome;
        isLost = false;
        throw Object.assign(new Error('lost'), { name: 'StoreUnavailableError' });
      }),
    );
    const give = () => [put(runtime, 'unclear', 'put-1', 5), put(runtime, 'unclear', 'put-2', 6)];
    for (const result of await Promise.allSettled(give()))
      expect(result).toMatchObject({ status: 'rejected', reason: { code: 'service.store-unavailable' } });
    const results = (await Promise.all(give())).map(made);
    expect(results.map(({ repeated, state }) => [repeated, state])).toEqual([
      [true, 11],
      [true, 11],
    ]);
    expect(await store.read('unclear')).toHaveLength(2);
  });

  it('meets another instance every time: a bounded number of tries, then 503', async () => {
    let tries = 0;
    const runtime = new StreamRuntime({
      store: storeWith(async (inner, ...given) => {
        tries += 1;
        await put(runtimeOn(second), 'contested', `other-${tries}`, 1);
        return inner.append(...given);
      }),
      clock: systemClock,
      fold,
      conflictRetries: 2,
    });
    await expect(put(runtime, 'contested', 'mine', 100)).rejects.toMatchObject({ code: 'service.conflict' });
    expect(tries).toBe(3);
    const events = await store.read('contested');
    expect(events.map(({ data }) => data.amount)).toEqual([1, 1, 1]);
  });

  it('is too large as a batch and not one by one: it is split, and the order kept', async () => {
    const runtime = runtimeOn(store);
    const big = (commandId: string) =>
      runtime.execute({
        ...envelope(commandId),
        streamId: 'big',
        decide: (total) => ({
          events: [
            {
              type: 'Put',
              data: { amount: 1, before: total, text: 'x'.repeat(200_000) },
              occurredOn: '2026-01-01',
            },
          ],
        }),
      });
    await Promise.all(Array.from({ length: 10 }, (_, index) => big(`big-${index}`)));
    const events = await store.read('big');
    expect(events.map(({ data }) => data.before)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(findChainFault(events)).toBeNull();
  });

  it.each([
    ['an event that no message could carry', [300_000]],
    ['more than one append can hold', Array(6).fill(200_000)],
  ])('refuses %s, and the commands beside it go on', async (_what, sizes: number[]) => {
    const runtime = runtimeOn(store);
    const streamId = `too-large-${sizes.length}`;
    const [, refused, after] = await Promise.all([
      put(runtime, streamId, 'before', 1),
      runtime.execute({
        ...envelope('large'),
        streamId,
        decide: () => ({
          events: sizes.map((size) => ({
            type: 'Put',
            data: { amount: 1, text: 'x'.repeat(size) },
            occurredOn: '2026-01-01',
          })),
        }),
      }),
      put(runtime, streamId, 'after', 1),
    ]);
    expect(refused).toMatchObject({ refused: true, status: 422, code: 'service.too-much-at-once' });
    expect(made(after).state).toBe(2);
    expect(await store.read(streamId)).toHaveLength(2);
  });

  it('creates no stream when the command’s own is in conflict, and both when it is not', async () => {
    const open = (on: EventStore, commandId: string) =>
      runtimeOn(on).execute({
        ...envelope(commandId),
        streamId: 'parent',
        decide: (total) =>
          total > 0
            ? refuse(409, 'purse.open', 'Open', 'it is open already')
            : {
                events: [{ type: 'Put', data: { amount: 1 }, occurredOn: '2026-01-01' }],
                creates: [
                  {
                    streamId: `child-${commandId}`,
                    events: [{ type: 'Put', data: { amount: 7 }, occurredOn: '2026-01-01' }],
                  },
                ],
              },
      });
    let isFirst = true;
    const raced = storeWith(async (inner, ...given) => {
      if (isFirst) {
        isFirst = false;
        await open(second, 'fast');
      }
      return inner.append(...given);
    });
    expect(await open(raced, 'slow')).toMatchObject({ code: 'purse.open' });
    expect(await store.read('child-fast')).toHaveLength(1);
    expect(await store.read('child-slow')).toEqual([]);
  });
});

describe('a stream that too many commands wait for', () => {
  it('answers 503 to those beyond its bound, and serves the others', async () => {
    const runtime = new StreamRuntime({ store, clock: systemClock, fold, queueLimit: 3 });
    const results = await Promise.allSettled(
      Array.from({ length: 5 }, (_, index) => put(runtime, 'crowded', `put-${index}`, 1)),
    );
    expect(results.map(({ status }) => status)).toEqual([
      'fulfilled',
      'fulfilled',
      'fulfilled',
      'rejected',
      'rejected',
    ]);
    expect(results[3]).toMatchObject({ reason: { code: 'service.busy' } });
  });
});

describe('If-Match', () => {
  it('refuses a version that is not the newest, and answers a repeat all the same', async () => {
    const runtime = runtimeOn(store);
    const match = (commandId: string, ifVersion: number) =>
      runtime.execute({
        ...envelope(commandId),
        streamId: 'matched',
        ifVersion,
        decide: () => ({ events: [{ type: 'Put', data: { amount: 1 }, occurredOn: '2026-01-01' }] }),
      });
    await match('first', 0);
    expect(await match('late', 0)).toMatchObject({ status: 412, extra: { currentVersion: 1 } });
    expect(made(await match('first', 0)).repeated).toBe(true);
    expect(made(await match('next', 1)).state).toBe(2);
  });
});
