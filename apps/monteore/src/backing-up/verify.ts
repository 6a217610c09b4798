import { SERVICES } from '@monteore/contracts';
import { createPostgresEventStore, storeIdOf, verifyChains } from '@monteore/event-store';
import pg from 'pg';
import type { DataLayout } from '../keeping-the-data-directory/layout.js';
import { DATABASE_NAME } from '../running-postgres/databases.js';
import { withDatabase } from './reaching-the-database.js';

/**
 * Follows the hash chain of every stream of every service, whether Monteore runs or not; tells what was found, a line
 * a service. Throws Error that names the service, the stream and the event where a chain is broken.
 */
export async function verifyData(layout: DataLayout, report: (line: string) => void): Promise<void> {
  await withDatabase(layout, async ({ adminUrl }) => {
    const pool = new pg.Pool({
      connectionString: adminUrl(DATABASE_NAME),
      max: 1,
      connectionTimeoutMillis: 10_000,
    });
    try {
      for (const service of SERVICES) report(`${service}: ${await verifyService(pool, `${service}_events`)}`);
    } finally {
      await pool.end();
    }
  });
}

async function verifyService(pool: pg.Pool, schema: string): Promise<string> {
  if ((await storeIdOf(pool, schema)) === null) return 'has no events yet';
  const store = createPostgresEventStore({ schema, pool });
  try {
    const found = await verifyChains(store);
    if (found.intact) return `${found.events} events in ${found.streams} streams, every chain intact`;
    const { streamId, fault } = found;
    throw new Error(
      `${schema}: the chain of stream ${streamId} is broken at event ${fault.version} (${fault.problem}): restore from a backup`,
    );
  } finally {
    await store.close();
  }
}
