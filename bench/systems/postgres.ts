import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { startEmbeddedPostgres } from '@monteore/embedded-postgres';
import pg from 'pg';
import { newDirectory } from '../../e2e/harness/instance.ts';
import type { Measuring } from '../measuring/section.ts';

const DURABILITY = ['fsync', 'synchronous_commit', 'full_page_writes'] as const;

/** Its three settings as one text. Throws Error when one of them is not on: its figures would be of no use. */
export async function durabilityOf(databaseUrl: string): Promise<string> {
  const settings = await withClient(databaseUrl, async (client) => {
    const { rows } = await client.query<{ name: string; setting: string }>(
      'SELECT name, setting FROM pg_settings WHERE name = ANY ($1)',
      [DURABILITY],
    );
    return new Map(rows.map(({ name, setting }) => [name, setting]));
  });
  const off = DURABILITY.filter((name) => settings.get(name) !== 'on');
  if (off.length > 0)
    throw new Error(`${off.join(', ')} is not on in this Postgres: nothing is measured without it`);
  return DURABILITY.map((name) => `${name} ${settings.get(name)}`).join(', ');
}

/** A Postgres of the section's own, as an installation has it. Answers the connection string of a database in it. */
export async function startBenchPostgres(measuring: Measuring): Promise<string> {
  const directory = newDirectory();
  const server = await startEmbeddedPostgres({
    dataDir: join(directory, 'postgres'),
    password: randomBytes(12).toString('hex'),
  });
  measuring.atEnd(async () => {
    await server.stop();
    await rm(directory, { recursive: true, force: true });
  });
  const url = server.adminUrl('postgres');
  await measuring.demandDurable(url, 'Postgres of the section');
  return url;
}

/** A connection whose end, when its server is stopped under it, is told to whoever uses it next, and ends nothing. */
export async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => {});
  await client.connect();
  return client;
}

/** One connection for a while. */
export async function withClient<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = await connect(url);
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** The one number that a query gives. */
export const numberFrom = (url: string, query: string, values: readonly unknown[] = []): Promise<number> =>
  withClient(url, async (client) => {
    const { rows } = await client.query<{ count: string }>(query, [...values]);
    return Number(rows[0]?.count);
  });
