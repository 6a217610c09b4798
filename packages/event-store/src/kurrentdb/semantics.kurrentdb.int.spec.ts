import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import {
  EventStoreDBClient,
  jsonEvent,
  MaxAppendSizeExceededError,
  StreamDeletedError,
  StreamNotFoundError,
  streamNameFilter,
  UnknownError,
  WrongExpectedVersionError,
} from '@eventstore/db-client';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { eventually } from '@monteore/testing';
import { Collector } from '../conformance/fixtures.js';
import { type ServerUnderTest, serverUnderTest } from './double/server-under-test.js';

// What the driver relies on, seen through the bare client. It holds for the double as for a real server.

let server: ServerUnderTest;
let client: EventStoreDBClient;
let stream: string;

beforeAll(async () => {
  server = await serverUnderTest();
  client = EventStoreDBClient.connectionString(server.connectionString);
}, 60_000);
afterAll(async () => {
  await client.dispose();
  await server.stop();
});
beforeEach(() => {
  stream = `semantics-${randomUUID()}.stream`;
});

const event = (id: string = randomUUID(), data: object = { minutes: 30 }) =>
  jsonEvent({ id, type: 'WorkCharged', data: data as never });

async function revisionsOf(streamName: string): Promise<bigint[]> {
  const revisions: bigint[] = [];
  for await (const { event: read } of client.readStream(streamName)) revisions.push(read!.revision);
  return revisions;
}

async function failureOf(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => {
      throw new Error('it did not fail');
    },
    (error) => error,
  );
}

/** By both ways that the client has: many appends in one call, and, with credentials, one each. */
describe.each([
  ['batched', {}],
  ['unary', { credentials: { username: 'admin', password: 'changeit' } }],
])('appends, %s', (_, way) => {
  const append = (events: ReturnType<typeof event>[], expectedRevision: 'any' | 'no_stream' | bigint) =>
    client.appendToStream(stream, events, { expectedRevision, ...way });

  test('answer the revision and the position of the last event, which reading gives too', async () => {
    const first = await append([event()], 'no_stream');
    expect(first).toMatchObject({ success: true, nextExpectedRevision: 0n });
    const more = await append([event(), event(), event()], 0n);
    expect(more.nextExpectedRevision).toBe(3n);
    const positions: bigint[] = [];
    for await (const { event: read } of client.readStream(stream)) positions.push(read!.position!.commit);
    expect(positions[0]).toBe(first.position!.commit);
    expect(positions[3]).toBe(more.position!.commit);
    expect(new Set(positions).size).toBe(4);
    expect(positions).toEqual(positions.toSorted((a, b) => Number(a - b)));
  });

  test.each([
    { expected: 0n, actual: 'no_stream', stored: 0 },
    { expected: 'no_stream' as const, actual: 2n, stored: 3 },
    { expected: 7n, actual: 2n, stored: 3 },
    { expected: 1n, actual: 2n, stored: 3 },
  ])('at a wrong version ($expected at $actual) say which it is, in an error without a text', async (row) => {
    if (row.stored > 0) await append([event(), event(), event()], 'no_stream');
    const error = (await failureOf(append([event()], row.expected))) as WrongExpectedVersionError;
    expect(error).toBeInstanceOf(WrongExpectedVersionError);
    expect(error.actualVersion).toBe(row.actual);
    expect(error.message).toBe('');
  });

  test('with an exact revision or none are repeats by their ids, also after later events', async () => {
    const [first, second] = [event(), event()];
    const answers = [await append([first], 'no_stream'), await append([second], 0n)];
    await append([event()], 1n);
    expect(await append([first], 'no_stream')).toEqual(answers[0]);
    expect(await append([second], 0n)).toEqual(answers[1]);
    expect(await revisionsOf(stream)).toEqual([0n, 1n, 2n]);
  });

  test('are repeats whatever their data', async () => {
    const id = randomUUID();
    const answer = await append([event(id, { minutes: 30 })], 'no_stream');
    expect(await append([event(id, { minutes: 999 })], 'no_stream')).toEqual(answer);
    for await (const { event: read } of client.readStream(stream))
      expect(read!.data).toEqual({ minutes: 30 });
  });

  test('that extend an earlier one fail with a wrong version', async () => {
    const first = event();
    await append([first], 'no_stream');
    const error = await failureOf(append([first, event()], 'no_stream'));
    expect(error).toBeInstanceOf(WrongExpectedVersionError);
    expect(await revisionsOf(stream)).toEqual([0n]);
  });

  test('that repeat the beginning of an earlier one are repeats', async () => {
    const [first, second] = [event(), event()];
    await append([first, second], 'no_stream');
    expect((await append([first], 'no_stream')).nextExpectedRevision).toBe(0n);
    expect(await revisionsOf(stream)).toEqual([0n, 1n]);
  });

  test('without an expected revision are repeats too, while the server runs', async () => {
    const first = event();
    await append([first], 'any');
    await append([first], 'any');
    expect(await revisionsOf(stream)).toEqual([0n]);
  });

  test('with the same id twice store it twice', async () => {
    const twice = event();
    await append([twice, twice], 'no_stream');
    expect(await revisionsOf(stream)).toEqual([0n, 1n]);
  });

  test('over 1 MiB are refused, a little less goes in', async () => {
    const large = (bytes: number) => event(randomUUID(), { text: 'x'.repeat(bytes) });
    expect(await failureOf(append([large(1024 * 1024)], 'no_stream'))).toBeInstanceOf(
      MaxAppendSizeExceededError,
    );
    expect((await append([large(1024 * 1024 - 200)], 'no_stream')).success).toBe(true);
  });

  test.each([
    ['an id that is no UUID', () => append([event('no uuid')], 'no_stream')],
    ['an empty type', () => append([{ ...event(), type: '' }], 'no_stream')],
    ['an empty name of the stream', () => client.appendToStream('', event(), way)],
  ])('with %s fail with an unknown error', async (__, work) => {
    expect(await failureOf(work())).toBeInstanceOf(UnknownError);
  });

  test('to a stream that was deleted go on behind it; to one with a tombstone they fail', async () => {
    await append([event(), event()], 'no_stream');
    await client.deleteStream(stream);
    expect(await failureOf(revisionsOf(stream))).toBeInstanceOf(StreamNotFoundError);
    await append([event()], 'no_stream');
    expect(await revisionsOf(stream)).toEqual([2n]);
    await client.tombstoneStream(stream);
    expect(await failureOf(revisionsOf(stream))).toBeInstanceOf(StreamDeletedError);
    expect(await failureOf(append([event()], 'any'))).toBeInstanceOf(StreamDeletedError);
  });
});

test('batched appends of one process to one stream keep their order', async () => {
  const answers = await Promise.all(
    Array.from({ length: 50 }, (_, index) =>
      client.appendToStream(stream, event(), {
        expectedRevision: index === 0 ? 'no_stream' : BigInt(index - 1),
      }),
    ),
  );
  expect(answers.every(({ success }) => success)).toBe(true);
});

test('a failed append that does not throw tells a wrong revision', async () => {
  const url = new URL(server.connectionString.replace('esdb:', 'http:'));
  const lenient = EventStoreDBClient.connectionString(
    `esdb://${url.host}?tls=false&throwOnAppendFailure=false`,
  );
  await client.appendToStream(stream, [event(), event(), event()]);
  const answer = await lenient.appendToStream(stream, event(), { expectedRevision: 'no_stream' });
  expect(answer).toMatchObject({ success: false, nextExpectedRevision: 1n });
  await lenient.dispose();
});

test('the revision that comes with the metadata of a stream is a position', async () => {
  await client.setStreamMetadata(stream, { maxAge: 1_000_000 });
  const { metastreamRevision, metadata } = await client.getStreamMetadata(stream);
  expect(metadata).toEqual({ maxAge: 1_000_000 });
  // Its first revision is 0; positions are offsets in the server's files.
  expect(metastreamRevision).toBeGreaterThan(100n);
});

test('a stream that nobody wrote is not found', async () => {
  expect(await failureOf(revisionsOf(stream))).toBeInstanceOf(StreamNotFoundError);
});

test('readAll gives all streams, whatever its filter', async () => {
  const [mine, other] = [`${stream}-1`, `other-${randomUUID()}`];
  await client.appendToStream(mine, event());
  await client.appendToStream(other, event());
  const options = { filter: streamNameFilter({ prefixes: [stream] }), direction: 'backwards', maxCount: 50 };
  const names = new Set<string>();
  for await (const { event: read } of client.readAll({ ...options, fromPosition: 'end' } as never))
    names.add(read!.streamId);
  expect(names).toContain(mine);
  expect(names).toContain(other);
});

describe('a subscription to all', () => {
  const open: { unsubscribe(): Promise<void> }[] = [];
  afterEach(async () => {
    for (const subscription of open.splice(0)) await subscription.unsubscribe();
  });

  test('begins after its position, takes several prefixes, and says when it has caught up', async () => {
    const [one, two, other] = [`a${stream}`, `b${stream}`, `c${stream}`];
    const { position } = await client.appendToStream(one, event());
    for (const name of [other, two, one]) await client.appendToStream(name, event());
    const subscription = client.subscribeToAll({
      fromPosition: position!,
      filter: streamNameFilter({ prefixes: [`a${stream}`, `b${stream}`] }),
    });
    open.push(subscription);
    const seen = new Collector<string>();
    subscription.on('data', ({ event: brought }) => seen.add(`${brought!.streamId[0]}${brought!.revision}`));
    await once(subscription, 'caughtUp');
    expect(await seen.first(2)).toEqual(['b0', 'a1']);
    await client.appendToStream(two, event());
    expect(await seen.first(3)).toEqual(['b0', 'a1', 'b1']);
  });

  test('reaches checkpoints on what its filter leaves out', async () => {
    const { position } = await client.appendToStream(stream, event());
    const reached = new Collector<bigint>();
    const subscription = client.subscribeToAll({
      fromPosition: position!,
      filter: streamNameFilter({
        prefixes: [`nothing-${stream}`],
        checkpointReached: async (_, { commit }) => reached.add(commit),
      }),
    });
    open.push(subscription);
    subscription.on('data', () => {});
    for (let left = 100; left > 0; left -= 10)
      await client.appendToStream(
        `other-${stream}`,
        Array.from({ length: 10 }, () => event()),
      );
    await reached.first(1);
    expect(reached.items[0]).toBeGreaterThan(position!.commit);
  });

  test('stands still without a word after a failure of its checkpointReached', async () => {
    const after = await client.appendToStream(stream, event());
    const seen = new Collector<bigint>();
    const failed = new Collector<string>();
    const subscription = client.subscribeToAll({
      fromPosition: after.position!,
      filter: streamNameFilter({
        prefixes: [stream],
        checkpointReached: async () => {
          failed.add('checkpoint');
          // A rejection that is thrown further ends Node's process; one that never ends shows the same silence.
          await new Promise(() => {});
        },
      }),
    });
    open.push(subscription);
    subscription.on('data', ({ event: brought }) => seen.add(brought!.revision));
    for (let left = 40; left > 0; left -= 1) await client.appendToStream(`other-${stream}`, event());
    await failed.first(1);
    await client.appendToStream(stream, event());
    const control = new Collector<bigint>();
    const second = client.subscribeToAll({
      fromPosition: after.position!,
      filter: streamNameFilter({ prefixes: [stream] }),
    });
    open.push(second);
    second.on('data', ({ event: brought }) => control.add(brought!.revision));
    await control.first(1);
    expect(seen.items).toEqual([]);
  });
});

test('one connection carries 100 calls; the next one waits in silence', async () => {
  // Clients with equal settings share a connection, and this one is for this test.
  const url = `${server.connectionString}${server.connectionString.includes('?') ? '&' : '?'}`;
  const crowded = EventStoreDBClient.connectionString(`${url}keepAliveTimeout=12345`);
  const subscriptions = Array.from({ length: 100 }, () =>
    crowded.subscribeToAll({ fromPosition: 'end', filter: streamNameFilter({ prefixes: [stream] }) }),
  );
  const confirmed = new Collector<string>();
  for (const subscription of subscriptions) {
    subscription.on('data', () => {});
    subscription.on('confirmation', () => confirmed.add('confirmed'));
  }
  await confirmed.first(100);
  const read = async () => {
    for await (const _ of crowded.readStream(stream)) throw new Error('nobody wrote it');
  };
  const silent = read().catch((error: unknown) => error);
  const waited = new Promise((resolve) => setTimeout(resolve, 500, 'still waiting'));
  expect(await Promise.race([silent, waited])).toBe('still waiting');
  for (const subscription of subscriptions) await subscription.unsubscribe();
  await silent;
  await eventually(async () => (await failureOf(read())) instanceof StreamNotFoundError, 'a read');
  await crowded.dispose();
});

test('a client that was disposed works on', async () => {
  const other = EventStoreDBClient.connectionString(server.connectionString);
  await other.appendToStream(stream, event(), { credentials: { username: 'admin', password: 'changeit' } });
  await other.dispose();
  const again = await other.appendToStream(stream, event(), {
    credentials: { username: 'admin', password: 'changeit' },
  });
  expect(again.success).toBe(true);
});
