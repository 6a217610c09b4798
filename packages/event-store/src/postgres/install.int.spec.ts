import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type TestDatabase, testDatabase } from '@monteore/testing';
import pg from 'pg';
import { newEvents, positionsOf, StreamWriter } from '../conformance/fixtures.js';
import { installPostgresEventStore, renewStoreId } from './install.js';
import { createPostgresEventStore } from './store.js';

let database: TestDatabase;
let runtime: { name: string; url: string };

beforeAll(async () => {
  database = await testDatabase();
  runtime = await database.role();
}, 60_000);
afterAll(() => database.drop());

async function asUser<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

const install = (schema: string, url = database.url) =>
  asUser(url, (client) => installPostgresEventStore(client, schema, { runtimeRole: runtime.name }));

async function withEvents(schema: string): Promise<void> {
  const store = createPostgresEventStore({ connectionString: runtime.url, schema });
  positionsOf(await store.append([new StreamWriter().next(newEvents(2))]));
  await store.close();
}

const CHANGES = [
  'UPDATE s.events SET data = data',
  'UPDATE s.events SET data = data WHERE false',
  'DELETE FROM s.events',
  'DELETE FROM s.events WHERE position = 1',
  'TRUNCATE s.events',
  'TRUNCATE s.events CASCADE',
  "UPDATE s.event_store SET origin = ''",
  'DELETE FROM s.event_store',
  'INSERT INTO s.events SELECT * FROM s.events ON CONFLICT (position) DO UPDATE SET type = excluded.type',
  "SET session_replication_role = 'replica'; DELETE FROM s.events",
];

test('UPDATE, DELETE and TRUNCATE are refused for the owner, the superuser and the runtime role', async () => {
  await install('kept');
  await withEvents('kept');
  for (const url of [database.url, database.adminUrl, runtime.url])
    for (const change of CHANGES)
      await asUser(url, (client) =>
        expect(client.query(change.replaceAll('s.', 'kept.'))).rejects.toMatchObject({ code: '42501' }),
      );
  const count = await asUser(database.url, (client) => client.query('SELECT count(*) FROM kept.events'));
  expect(count.rows).toEqual([{ count: '2' }]);
});

test.each([
  'ALTER TABLE guarded.events DISABLE TRIGGER ALL',
  'DROP TABLE guarded.events',
  'CREATE TABLE guarded.more (id int)',
  "INSERT INTO guarded.event_store VALUES (9, gen_random_uuid(), 'x')",
  'UPDATE guarded.event_store_migrations SET name = name',
  'CREATE OR REPLACE FUNCTION guarded.append_events(jsonb, jsonb) RETURNS void LANGUAGE sql AS $$ $$',
])('the runtime role may not: %s', async (statement) => {
  await install('guarded');
  await asUser(runtime.url, (client) =>
    expect(client.query(statement)).rejects.toMatchObject({ code: '42501' }),
  );
});

test('a role that is not named may not even read', async () => {
  await install('closed');
  const stranger = await database.role();
  await asUser(stranger.url, (client) =>
    expect(client.query('SELECT * FROM closed.events')).rejects.toMatchObject({ code: '42501' }),
  );
});

test('installing again, and by several at once, changes nothing', async () => {
  const answers = await Promise.all([install('again'), install('again'), install('again')]);
  await withEvents('again');
  answers.push(await install('again'));
  expect(new Set(answers.map(({ storeId }) => storeId)).size).toBe(1);
  expect(answers.map(({ copied }) => copied)).toEqual([false, false, false, false]);
  const rows = await asUser(database.url, (client) =>
    client.query('SELECT number FROM again.event_store_migrations ORDER BY number'),
  );
  expect(rows.rows.map(({ number }) => number)).toEqual([1, 2, 3]);
});

test('a migration that does not find the state it starts from leaves nothing behind', async () => {
  await asUser(database.url, (client) =>
    client.query('CREATE SCHEMA taken; CREATE TABLE taken.events (id int)'),
  );
  await expect(install('taken')).rejects.toThrow('migration 1 (tables)');
  const { rows } = await asUser(database.url, (client) =>
    client.query("SELECT tablename FROM pg_tables WHERE schemaname = 'taken'"),
  );
  expect(rows).toEqual([{ tablename: 'events' }]);
});

test('a runtime role that owns the tables is refused', async () => {
  const owner = new URL(database.url).username;
  await asUser(database.url, (client) =>
    expect(installPostgresEventStore(client, 'owned', { runtimeRole: owner })).rejects.toThrow('owner'),
  );
});

test.each(['Upper', 'a-b', 'a"b', '', '1a', 'x'.repeat(41)])('%j is no schema name', async (schema) => {
  await expect(install(schema)).rejects.toThrow(TypeError);
});

test('a copied database gets an id of its own, once; after an upgrade in place the id may be kept', async () => {
  const original = await install('copied');
  const copy = `${new URL(database.url).pathname.slice(1)}_copy`;
  const copyUrl = new URL(database.adminUrl);
  copyUrl.pathname = `/${copy}`;
  const serverUrl = new URL(database.adminUrl);
  serverUrl.pathname = '/postgres';
  await asUser(serverUrl.toString(), async (server) => {
    await server.query(`CREATE DATABASE ${copy} TEMPLATE ${new URL(database.url).pathname.slice(1)}`);
    try {
      const kept = await asUser(copyUrl.toString(), (client) =>
        installPostgresEventStore(client, 'copied', { keepStoreId: true }),
      );
      expect(kept).toEqual({ storeId: original.storeId, copied: false });
      const again = await install('copied', copyUrl.toString());
      expect(again).toEqual({ storeId: original.storeId, copied: false });
    } finally {
      await server.query(`DROP DATABASE ${copy} WITH (FORCE)`);
    }
    await server.query(`CREATE DATABASE ${copy} TEMPLATE ${new URL(database.url).pathname.slice(1)}`);
    try {
      const copied = await install('copied', copyUrl.toString());
      expect(copied).toEqual({ storeId: expect.not.stringMatching(original.storeId), copied: true });
      expect(await install('copied', copyUrl.toString())).toEqual({ ...copied, copied: false });
    } finally {
      await server.query(`DROP DATABASE ${copy} WITH (FORCE)`);
    }
  });
  expect(await install('copied')).toEqual(original);
}, 30_000);

test('an operator can renew the id after a restore of files', async () => {
  const before = await install('renewed');
  const storeId = await asUser(database.url, (client) => renewStoreId(client, 'renewed'));
  expect(storeId).not.toBe(before.storeId);
  const store = createPostgresEventStore({ connectionString: runtime.url, schema: 'renewed' });
  expect(await store.storeId()).toBe(storeId);
  await store.close();
});
