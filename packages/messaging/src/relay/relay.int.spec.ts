import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  createPostgresEventStore,
  type EventStore,
  installPostgresEventStore,
  sealEvents,
} from '@monteore/event-store';
import { randomId } from '@monteore/kernel';
import { eventually, type TestDatabase, testDatabase } from '@monteore/testing';
import pg from 'pg';
import type { Message, Publisher, SqlTransaction } from '../port.js';
import { Relay, type RelayOptions, relayTables } from './index.js';

let database: TestDatabase;
let pool: pg.Pool;
let store: EventStore;
let schemas = 0;
let schema: string;
/** What the store says of its subscriptions. */
let problems: unknown[];

beforeAll(async () => {
  database = await testDatabase();
  pool = new pg.Pool({ connectionString: database.url });
}, 60_000);
afterAll(async () => {
  await pool.end();
  await database.drop();
});

const sql: SqlTransaction = {
  query: async (text, parameters = []) => (await pool.query(text, [...parameters])).rows,
};

/** Keeps what was published, and does to each call what the test says. */
class Kept implements Publisher {
  readonly texts: string[] = [];
  readonly messages: Message[] = [];
  interfere: (texts: readonly string[]) => Promise<void> = async () => {};

  async publish(_: string, messages: readonly Message[]): Promise<void> {
    const texts = messages.map(({ data }) => String(data.text));
    this.texts.push(...texts);
    this.messages.push(...messages);
    await this.interfere(texts);
  }

  async close(): Promise<void> {}
}

beforeEach(async () => {
  schema = `relay_${schemas++}`;
  const client = await pool.connect();
  await client.query(`CREATE SCHEMA ${schema}; ${relayTables(schema)}`);
  await installPostgresEventStore(client, `${schema}_events`);
  client.release();
  problems = [];
  store = createPostgresEventStore({
    connectionString: database.url,
    schema: `${schema}_events`,
    onProblem: (what, error) => problems.push([what, error]),
  });
});

const write = async (...texts: readonly string[]) => {
  for (const text of texts) {
    const streamId = `stream-${randomId()}`;
    const event = {
      eventId: randomId(),
      type: text.startsWith('private') ? 'Private' : 'Said',
      schemaVersion: 1,
      data: { text },
      occurredOn: '2026-03-02',
      metadata: {
        actor: { subject: 's', role: 'system' as const },
        commandId: randomId(),
        inputHash: 'x',
        correlationId: 'correlation',
      },
    };
    const tail = { version: 0, hash: '0'.repeat(64), recordedAt: '' };
    const { sealed } = sealEvents(streamId, tail, '2026-03-02T09:00:00.000Z', [event]);
    await store.append([{ streamId, expectedVersion: 0, events: sealed }]);
  }
};
const relayOf = (publisher: Publisher, more: Partial<RelayOptions> = {}) =>
  new Relay({
    service: 'ledger',
    store,
    publisher,
    database: sql,
    schema,
    topic: 'topic',
    publish: (event) =>
      event.type === 'Private' ? null : { type: event.type, key: 'key', data: event.data },
    ...more,
  });
const all = (kept: Kept, ...texts: readonly string[]) =>
  eventually(() => texts.every((text) => kept.texts.includes(text)), `${texts} published`);
const checkpoint = async () =>
  BigInt((await pool.query(`SELECT position FROM ${schema}.relay_checkpoints`)).rows[0].position);
/** The database, and how often it has refused the lease to whoever asks through it. */
const noteRefusals = () => {
  let refusals = 0;
  const database: SqlTransaction = {
    query: async (text, parameters) => {
      const rows = await sql.query<Record<string, unknown>>(text, parameters);
      if (text.includes('held_until = now()') && rows.length === 0) refusals += 1;
      return rows as never;
    },
  };
  return { database, refusals: () => refusals };
};
const settled = async (relay: Relay) => eventually(async () => (await relay.lag()) === 0n, 'no lag');

describe('the relay', () => {
  it('publishes what is public, in the order of the store, with what names its place', async () => {
    await write('1', 'private', '2');
    const kept = new Kept();
    const relay = relayOf(kept);
    await relay.start();
    await all(kept, '1', '2');
    await write('3');
    await all(kept, '3');
    expect(kept.texts).toEqual(['1', '2', '3']);
    const events = (await store.readAll(0n)).events.filter(({ type }) => type === 'Said');
    expect(kept.messages).toMatchObject(
      events.map((event) => ({
        source: `monteore.ledger/${kept.messages[0]!.source.split('/')[1]}`,
        type: 'Said',
        key: 'key',
        position: event.position,
        time: event.recordedAt,
        correlationId: 'correlation',
        causationId: event.eventId,
      })),
    );
    await settled(relay);
    await relay.stop();
    await store.close();
  });

  it('repeats, and never loses, what was published before a crash and not noted', async () => {
    await write('1', '2');
    const crashed = new Kept();
    crashed.interfere = async () => {
      throw new Error('the process died');
    };
    const retried: unknown[] = [];
    const first = relayOf(crashed, { onRetry: (error) => retried.push(error) });
    await first.start();
    await all(crashed, '1', '2');
    await first.stop();
    expect(await checkpoint()).toBe(0n);
    expect(retried).toContainEqual(new Error('the process died'));
    const kept = new Kept();
    const second = relayOf(kept);
    await second.start();
    await all(kept, '1', '2');
    expect(kept.messages.slice(0, 2).map(({ id }) => id)).toEqual(
      crashed.messages.slice(0, 2).map(({ id }) => id),
    );
    await settled(second);
    await second.stop();
    await store.close();
  });

  it('publishes in one of several instances, and another takes over when that one stops', async () => {
    const [one, two] = [new Kept(), new Kept()];
    const retried: unknown[] = [];
    const onRetry = (error: unknown) => retried.push(error);
    const { database, refusals } = noteRefusals();
    const [first, second] = [relayOf(one, { onRetry }), relayOf(two, { onRetry, database })];
    await first.start();
    await write('1');
    await all(one, '1');
    await settled(first);
    await second.start();
    await write('2');
    await all(one, '2');
    await settled(first);
    await eventually(() => refusals() > 1, 'the second instance to ask for the lease');
    expect([two.texts, retried, problems]).toEqual([[], [], []]);
    await first.stop();
    await write('3');
    await all(two, '3');
    expect([one.texts, two.texts]).toEqual([['1', '2'], ['3']]);
    await second.stop();
    await store.close();
  });

  it('goes on where the one before stopped, and reads nothing again that was published meanwhile', async () => {
    const [one, two] = [new Kept(), new Kept()];
    const from: bigint[] = [];
    const watched: EventStore = Object.assign(Object.create(store), {
      subscribe: (...given: Parameters<EventStore['subscribe']>) => {
        from.push(given[0]);
        return store.subscribe(...given);
      },
    });
    const { database, refusals } = noteRefusals();
    const [first, second] = [relayOf(one), relayOf(two, { store: watched, database })];
    await first.start();
    await write('1');
    await settled(first);
    await second.start();
    await write('2');
    await eventually(() => refusals() > 0, 'the second instance to wait with what it has read');
    await write('3', '4');
    await settled(first);
    const reached = await checkpoint();
    await first.stop();
    await write('5');
    await all(two, '5');
    await settled(second);
    expect([two.texts, from.at(-1)]).toEqual([['5'], reached]);
    await second.stop();
    await store.close();
  });

  it('refuses the checkpoint of a former holder that was paused while another took the lease', async () => {
    const paused = Promise.withResolvers<void>();
    const resumed = Promise.withResolvers<void>();
    const [one, two] = [new Kept(), new Kept()];
    one.interfere = async () => {
      paused.resolve();
      await resumed.promise;
    };
    const errors: unknown[] = [];
    const noted: SqlTransaction = {
      query: async (text, parameters) => {
        const rows = await sql.query<Record<string, unknown>>(text, parameters);
        if (text.includes('greatest(position') && rows.length === 0) errors.push('refused');
        return rows as never;
      },
    };
    await write('1');
    const former = relayOf(one, { database: noted, leaseSeconds: 0 });
    await former.start();
    await paused.promise;
    const successor = relayOf(two);
    await successor.start();
    await all(two, '1');
    await write('2');
    await all(two, '2');
    await settled(successor);
    const reached = await checkpoint();
    resumed.resolve();
    await eventually(() => errors.length > 0, 'the refusal');
    expect(await checkpoint()).toBe(reached);
    await former.stop();
    await successor.stop();
    await store.close();
  });

  it('publishes once more from a position that an operator names, under the same ids', async () => {
    await write('1', 'private', '2', '3');
    const kept = new Kept();
    const relay = relayOf(kept);
    await relay.start();
    await settled(relay);
    const [, , second] = (await store.readAll(0n)).events;
    const reached = await checkpoint();
    expect(await relay.republishFrom(second!.position)).toBe(reached);
    await settled(relay);
    await write('4');
    await all(kept, '4');
    expect(kept.texts).toEqual(['1', '2', '3', '2', '3', '4']);
    expect(kept.messages[3]!.id).toBe(kept.messages[1]!.id);
    await settled(relay);
    await relay.stop();
    await store.close();
  });

  it('does not publish from a position that it has not come to yet', async () => {
    await write('1');
    const kept = new Kept();
    const relay = relayOf(kept);
    await relay.start();
    await settled(relay);
    const reached = await checkpoint();
    expect(await relay.republishFrom(reached + 1n)).toBeNull();
    expect(await checkpoint()).toBe(reached);
    await relay.stop();
    await store.close();
  });

  it('publishes again what was asked for in the middle of a publication', async () => {
    await write('1', '2');
    const kept = new Kept();
    const [begun, go] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    kept.interfere = async (texts) => {
      if (!texts.includes('3')) return;
      begun.resolve();
      await go.promise;
    };
    const relay = relayOf(kept);
    await relay.start();
    await settled(relay);
    await write('3');
    await begun.promise;
    expect(await relay.republishFrom(1n)).toBe(2n);
    go.resolve();
    await settled(relay);
    expect(kept.texts.slice(3)).toEqual(['1', '2', '3']);
    await relay.stop();
    await store.close();
  });

  it('publishes again where another instance was asked to and did not come to it', async () => {
    await write('1', '2');
    const kept = new Kept();
    const relay = relayOf(kept);
    await relay.start();
    await settled(relay);
    await pool.query(`UPDATE ${schema}.relay_checkpoints SET position = 0`);
    await write('3');
    await all(kept, '3');
    await settled(relay);
    expect(kept.texts).toEqual(['1', '2', '1', '2', '3']);
    await relay.stop();
    await store.close();
  });
});
