import { randomBytes } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startEmbeddedPostgres } from '@monteore/embedded-postgres';
import { eventually } from './condition.js';
import { newDataDir, noteDataDir, runDirectory, TEST_SETTINGS } from './run-directory.js';

/** What the starting worker tells the others. */
interface Announcement {
  readonly adminUrl?: string;
  readonly failure?: string;
}

/**
 * A connection string of the superuser of the run's one server, database `postgres`. The first worker that asks
 * starts it, the others wait. `MONTEORE_TEST_POSTGRES_URL` names a server that is there already.
 */
export async function sharedServerUrl(): Promise<string> {
  const given = process.env.MONTEORE_TEST_POSTGRES_URL;
  if (given !== undefined && given !== '') return given;
  const announcement = join(runDirectory(), 'shared-postgres.json');
  if (await isFirst(join(runDirectory(), 'shared-postgres.starting'))) await start(announcement);
  const { adminUrl, failure } = await eventually(() => read(announcement), 'the shared Postgres', 60_000);
  if (adminUrl === undefined) throw new Error(failure);
  return adminUrl;
}

/** Making a directory is atomic: exactly one worker makes it. */
async function isFirst(lock: string): Promise<boolean> {
  try {
    await mkdir(lock);
    return true;
  } catch {
    return false;
  }
}

/** Nobody stops it here: it serves the other workers too, until the teardown ends it. */
async function start(announcement: string): Promise<void> {
  let content: Announcement;
  try {
    const dataDir = await newDataDir('shared');
    const password = randomBytes(12).toString('hex');
    const server = await startEmbeddedPostgres({ dataDir, password, settings: TEST_SETTINGS });
    if (server.dataDir !== dataDir) await noteDataDir(server.dataDir);
    content = { adminUrl: server.adminUrl('postgres') };
  } catch (error) {
    content = { failure: `the shared Postgres did not start: ${error}` };
  }
  await writeFile(`${announcement}.new`, JSON.stringify(content));
  await rename(`${announcement}.new`, announcement);
}

async function read(announcement: string): Promise<Announcement | undefined> {
  const text = await readFile(announcement, 'utf8').catch(() => undefined);
  return text === undefined ? undefined : (JSON.parse(text) as Announcement);
}
