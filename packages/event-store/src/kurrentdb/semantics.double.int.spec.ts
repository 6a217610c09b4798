import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  EventStoreDBClient,
  jsonEvent,
  streamNameFilter,
  UnavailableError,
  UnknownError,
} from '@eventstore/db-client';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { eventually } from '@monteore/testing';
import { Collector } from '../conformance/fixtures.js';
import { type DoubleProcess, startDoubleProcess } from './double/index.js';

// What the bare client makes of a server that dies, stops or freezes: what the driver has to contain.

let directory: string;
let server: DoubleProcess;
let client: EventStoreDBClient;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'kurrentdb-double-'));
  server = await startDoubleProcess({ directory });
  // A connection of its own: the tests leave them in all states.
  const own = `&keepAliveTimeout=${20_000 + Math.floor(Math.random() * 10_000)}`;
  client = EventStoreDBClient.connectionString(`${server.connectionString}${own}`);
}, 30_000);
afterEach(async () => {
  server.thaw();
  await client.dispose();
  await server.kill();
  await rm(directory, { recursive: true });
});

const event = (id: string = randomUUID()) => jsonEvent({ id, type: 'WorkCharged', data: { minutes: 30 } });
const outcomeOf = (work: Promise<unknown>) =>
  work.then(
    () => 'success' as const,
    (error: unknown) => error,
  );

async function revisions(stream: string): Promise<number> {
  let count = 0;
  for await (const _ of client.readStream(stream)) count += 1;
  return count;
}

test('an exact revision keeps an append from being doubled across a restart, "any" does not', async () => {
  const [exact, any] = [event(), event()];
  await client.appendToStream('exact', exact, { expectedRevision: 'no_stream' });
  await client.appendToStream('any', any);
  await server.kill();
  await server.start();
  await eventually(async () => (await outcomeOf(revisions('exact'))) === 'success', 'a connection');
  await client.appendToStream('exact', exact, { expectedRevision: 'no_stream' });
  await client.appendToStream('any', any);
  expect(await revisions('exact')).toBe(1);
  expect(await revisions('any')).toBe(2);
});

test('a killed server fails what is under way; later appends fail without a class; after its start they work again', async () => {
  await client.appendToStream('s', event());
  server.freeze();
  const underWay = outcomeOf(client.appendToStream('s', event()));
  await server.kill();
  expect(await underWay).toBeInstanceOf(UnavailableError);
  const later = (await eventually(async () => {
    const outcome = await outcomeOf(client.appendToStream('s', event()));
    return !(outcome instanceof UnavailableError) && outcome;
  }, 'an append to a server that is down')) as Error & { code: number; type?: string };
  expect(later.code).toBe(14);
  expect(later.type).toBeUndefined();
  await server.start();
  await eventually(
    async () => (await outcomeOf(client.appendToStream('s', event()))) === 'success',
    'an append',
    20_000,
  );
}, 60_000);

test('a stopping server fails what is under way with an unknown error, code 13', async () => {
  await client.appendToStream('s', event());
  const subscription = client.subscribeToAll({ filter: streamNameFilter({ prefixes: ['s'] }) });
  const errors = new Collector<unknown>();
  subscription.on('error', (error) => errors.add(error)).on('data', () => {});
  await new Promise((resolve) => subscription.once('caughtUp', resolve));
  await server.stop();
  const [error] = (await errors.first(1)) as [UnknownError];
  expect(error).toBeInstanceOf(UnknownError);
  expect(error.code).toBe(13);
});

test('a subscription does not survive a kill: one error, neither end nor close; by hand it goes on', async () => {
  const first = await client.appendToStream('s', event());
  const told = new Collector<string>();
  const subscription = client.subscribeToAll({ filter: streamNameFilter({ prefixes: ['s'] }) });
  for (const name of ['error', 'end', 'close']) subscription.on(name, () => told.add(name));
  subscription.on('data', () => told.add('event'));
  await told.first(1);
  await server.kill();
  await told.first(2);
  await server.start();
  await eventually(async () => (await outcomeOf(client.appendToStream('s', event()))) === 'success', 'it');
  const seen = new Collector<bigint>();
  const again = client.subscribeToAll({
    fromPosition: first.position!,
    filter: streamNameFilter({ prefixes: ['s'] }),
  });
  again.on('data', ({ event: brought }) => seen.add(brought!.revision));
  await seen.first(1);
  expect(seen.items[0]).toBe(1n);
  expect(told.items).toEqual(['event', 'error']);
  await again.unsubscribe();
}, 60_000);

test('a deadline does not end a batched append to a frozen server; it ends one that has credentials', async () => {
  await client.appendToStream('s', event());
  server.freeze();
  const batched = outcomeOf(client.appendToStream('s', event(), { deadline: 300 }));
  const unary = await outcomeOf(
    client.appendToStream('s', event(), {
      deadline: 300,
      credentials: { username: 'admin', password: 'changeit' },
    }),
  );
  expect(unary).toMatchObject({ type: 'deadline-exceeded' });
  const first = await Promise.race([
    batched,
    new Promise((resolve) => setTimeout(resolve, 1_000, 'still waiting')),
  ]);
  expect(first).toBe('still waiting');
  server.thaw();
  expect(await batched).toBe('success');
});

/** Runs a script with the client in a process of its own, which may end as it likes. */
function inAProcess(
  script: string,
): Promise<{ readonly code: number; readonly out: string; readonly err: string }> {
  const required = createRequire(import.meta.url).resolve('@eventstore/db-client');
  const source = `const { EventStoreDBClient, jsonEvent } = require(${JSON.stringify(required)});\n${script}`;
  return new Promise((resolve) => {
    execFile(process.execPath, ['-e', source], { timeout: 20_000 }, (error, out, err) =>
      resolve({ code: error === null ? 0 : Number(error.code ?? 1), out, err }),
    );
  });
}

test("the loss of one client's server fails another client's appends, and a late answer to one ends the process", async () => {
  const elsewhere = await startDoubleProcess();
  const { code, out, err } = await inAProcess(`
    const one = EventStoreDBClient.connectionString('${elsewhere.connectionString}');
    const other = EventStoreDBClient.connectionString('${server.connectionString}');
    const event = () => jsonEvent({ type: 'WorkCharged', data: {} });
    (async () => {
      await one.appendToStream('one', event());
      await other.appendToStream('other', event());
      process.kill(${server.pid()}, 'SIGSTOP');
      const underWay = other.appendToStream('other', event());
      setTimeout(() => process.kill(${elsewhere.pid()}, 'SIGKILL'), 200);
      await underWay.catch((error) => console.log('the other failed:', error.type));
      process.kill(${server.pid()}, 'SIGCONT');
      setTimeout(() => console.log('it went on'), 10_000);
    })();
  `);
  await elsewhere.kill();
  expect(out).toBe('the other failed: unavailable\n');
  expect(code).not.toBe(0);
  expect(err).toContain('TypeError');
  expect(await revisions('other')).toBe(2);
}, 60_000);

test.each([
  ['no data', 'undefined'],
  ['a bigint', '{ minutes: 1n }'],
])(
  'an append of %s ends the process',
  async (_, data) => {
    const { code, out } = await inAProcess(`
    const client = EventStoreDBClient.connectionString('${server.connectionString}');
    client.appendToStream('s', jsonEvent({ type: 'WorkCharged', data: ${data} })).then(
      () => console.log('appended'),
      () => console.log('failed'),
    );
    setTimeout(() => console.log('it went on'), 10_000);
  `);
    expect(out).toBe('');
    expect(code).not.toBe(0);
  },
  60_000,
);
