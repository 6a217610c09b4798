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
import { type CommandResult, StreamRuntime } from './stream-runtime.js';

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
