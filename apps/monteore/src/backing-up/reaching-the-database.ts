import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { placeOfDatabase, portOfRunning, startEmbeddedPostgres } from '@monteore/embedded-postgres';
import {
  databaseDirectoryOf,
  type Installation,
  readInstallation,
} from '../keeping-the-data-directory/installation.js';
import type { DataLayout } from '../keeping-the-data-directory/layout.js';
import { acquireLock, LockedError } from '../keeping-the-data-directory/lock.js';

export interface ReachedDatabase {
  /** Where its files are. */
  readonly directory: string;
  readonly installation: Installation;
  /** As the superuser. */
  readonly adminUrl: (database: string) => string;
}

/**
 * Lends the database of a data directory: that of the Monteore that runs, or, where none does, started for the time
 * being, while nobody can start Monteore there. Throws Error that says what to do when there is none.
 */
export async function withDatabase<Result>(
  layout: DataLayout,
  work: (database: ReachedDatabase) => Promise<Result>,
): Promise<Result> {
  const installation = await readInstallation(layout);
  const asked = databaseDirectoryOf(layout, installation);
  const { directory } = await placeOfDatabase(asked);
  if (!existsSync(join(directory, 'PG_VERSION')))
    throw new Error(`there is no database in ${directory}: start Monteore on ${layout.directory} once`);
  const lock = await acquireLock(layout.lockFile, layout.directory).catch((error: unknown) => {
    if (error instanceof LockedError) return null;
    throw error;
  });
  if (lock === null)
    return work({ directory, installation, adminUrl: await runningUrl(directory, installation) });
  try {
    const { postgresPassword: password } = installation;
    const server = await startEmbeddedPostgres({ dataDir: asked, password });
    try {
      return await work({ directory, installation, adminUrl: (database) => server.adminUrl(database) });
    } finally {
      await server.stop();
    }
  } finally {
    await lock.release();
  }
}

async function runningUrl(
  directory: string,
  { postgresPassword }: Installation,
): Promise<(database: string) => string> {
  const port = await portOfRunning(directory);
  if (port === undefined)
    throw new Error(
      `Monteore runs, but its database in ${directory} takes no connections: it is starting or stopping; try again`,
    );
  return (database) =>
    `postgres://postgres:${encodeURIComponent(postgresPassword)}@127.0.0.1:${port}/${encodeURIComponent(database)}`;
}
