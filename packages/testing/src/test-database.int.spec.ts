import { afterAll, expect, test } from '@jest/globals';
import pg from 'pg';
import { ownPostgres } from './own-postgres.js';
import { type TestDatabase, testDatabase } from './test-database.js';

const databases: TestDatabase[] = [];
afterAll(async () => {
  for (const database of databases) await database.drop();
});

async function ask(url: string, sql: string): Promise<unknown> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return Object.values((await client.query(sql)).rows[0] ?? {})[0];
  } finally {
    await client.end();
  }
}

test('two test databases share a server and nothing else', async () => {
  const [one, two] = await Promise.all([testDatabase(), testDatabase()]);
  databases.push(one, two);
  await ask(one.url, 'CREATE TABLE things (id int)');
  await expect(ask(two.url, 'SELECT count(*) FROM things')).rejects.toThrow('does not exist');
  expect(await ask(one.adminUrl, 'SELECT usesuper FROM pg_user WHERE usename = current_user')).toBe(true);
  expect(await ask(one.url, 'SELECT usesuper FROM pg_user WHERE usename = current_user')).toBe(false);
  expect(new URL(one.url).port).toBe(new URL(two.url).port);
});

test('a server of its own keeps port and rows when it is stopped and when it is killed', async () => {
  const server = await ownPostgres();
  await ask(server.adminUrl(), 'CREATE TABLE things AS SELECT 1 AS id');
  for (const end of [server.stop, server.kill]) {
    await end();
    await expect(ask(server.adminUrl(), 'SELECT 1')).rejects.toThrow('ECONNREFUSED');
    await server.start();
    expect(await ask(server.adminUrl(), 'SELECT id FROM things')).toBe(1);
  }
  await server.stop();
}, 30_000);
