import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { placeOfDatabase, portOfRunning } from '@monteore/embedded-postgres';
import pg from 'pg';

const ROOT = join(import.meta.dirname, '..', '..');
const NODE = join(ROOT, 'node_modules', '.bin', 'node');
const PROGRAM = join(ROOT, 'apps', 'monteore', 'dist', 'main.js');

export interface CommandOutcome {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs `monteore` with these arguments to its end. The variables of whoever runs the tests do not count. */
export function monteore(
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<CommandOutcome> {
  const inherited = Object.entries(process.env).filter(([name]) => !/^(MONTEORE_|NODE_OPTIONS$)/.test(name));
  return new Promise((resolve) => {
    execFile(
      NODE,
      [PROGRAM, ...args],
      { env: { ...Object.fromEntries(inherited), ...environment } },
      (error, out, err) => resolve({ code: error === null ? 0 : Number(error.code), out, err }),
    );
  });
}

/** Does what no route does to the database of a running instance: makes a fault, and mends it. */
export async function inDatabase(dataDirectory: string, sql: string): Promise<void> {
  const { postgresPassword } = JSON.parse(await readFile(join(dataDirectory, 'installation.json'), 'utf8'));
  const clusters = join(dataDirectory, 'postgres');
  const [cluster = ''] = await readdir(clusters);
  const { directory } = await placeOfDatabase(join(clusters, cluster));
  const client = new pg.Client({
    host: '127.0.0.1',
    port: (await portOfRunning(directory))!,
    user: 'postgres',
    password: postgresPassword,
    database: 'monteore',
  });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
