import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** The directory of the running Jest run, made by jest/global-setup.mjs and cleared by jest/global-teardown.mjs. */
export function runDirectory(): string {
  const directory = process.env.MONTEORE_TEST_RUN_DIR;
  if (directory === undefined)
    throw new Error('databases for tests need Jest with packages/testing/jest/global-setup.mjs');
  return directory;
}

/** Where a new server's data goes. Noted before anything is there, so that the teardown ends it whatever happens. */
export async function newDataDir(name: string): Promise<string> {
  const dataDir = join(runDirectory(), `${name}-${randomUUID().slice(0, 8)}`);
  await noteDataDir(dataDir);
  return dataDir;
}

/** Again with the real directory, where it is not the asked one. */
export async function noteDataDir(dataDir: string): Promise<void> {
  await writeFile(join(runDirectory(), 'servers', randomUUID()), dataDir);
}

/** Durability costs time and a test's data is thrown away. Only here. */
export const TEST_SETTINGS: Readonly<Record<string, string>> = {
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
};
