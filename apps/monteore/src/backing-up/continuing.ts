import { readFile, rm } from 'node:fs/promises';
import { eventsTopicOf, peopleTopicOf, SERVICES } from '@monteore/contracts';
import { renewStoreId, storeIdOf } from '@monteore/event-store';
import { type ContinuedSource, continueSources, type SqlTransaction, sourceOf } from '@monteore/messaging';
import { peopleSourceOf } from '@monteore/service';
import pg from 'pg';
import { z } from 'zod';
import type { DataLayout } from '../keeping-the-data-directory/layout.js';

const zRestored = z.object({ madeAt: z.string(), restoredAt: z.string() });
export type Restored = z.output<typeof zRestored>;

/**
 * At the first start after a restore, before any service runs: every event store gets a new id, and every consumer
 * knows that it goes on from where it was backed up (docs/adr/0018-restoring-a-backup.md). All of it happens or
 * nothing; done twice, after a kill in between, it only gives the ids of the first time to nobody.
 */
export async function continueRestored(
  layout: DataLayout,
  ownerUrl: string,
  report: (line: string) => void,
): Promise<void> {
  const text = await readFile(layout.restoredFile, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  if (text === null) return;
  const { madeAt } = zRestored.parse(JSON.parse(text));
  const client = new pg.Client({ connectionString: ownerUrl, connectionTimeoutMillis: 10_000 });
  await client.connect();
  try {
    await client.query('BEGIN');
    const sources = await renewStores(client);
    const tx = transactionOf(client);
    for (const consumer of SERVICES)
      if (await hasTable(client, `${consumer}.consumer_sources`))
        await continueSources(tx, consumer, sources);
    await client.query('COMMIT');
  } finally {
    await client.end();
  }
  await rm(layout.restoredFile);
  report(
    `Restored from the backup of ${madeAt}: what was done after it is gone, and every event store has a new id`,
  );
}

async function renewStores(client: pg.Client): Promise<ContinuedSource[]> {
  const continued: ContinuedSource[] = [];
  for (const service of SERVICES) {
    const schema = `${service}_events`;
    const before = await storeIdOf(client, schema);
    // A service that had not been there yet when the backup was made is nobody's source.
    if (before === null) continue;
    const [from, to] = [sourceOf(service, before), sourceOf(service, await renewStoreId(client, schema))];
    continued.push(
      { topic: eventsTopicOf(service), from, to },
      { topic: peopleTopicOf(service), from: peopleSourceOf(from), to: peopleSourceOf(to) },
    );
  }
  return continued;
}

const transactionOf = (client: pg.Client): SqlTransaction => ({
  query: async <Row extends object>(text: string, parameters: readonly unknown[] = []) =>
    (await client.query<Row>(text, [...parameters])).rows,
});

async function hasTable(client: pg.Client, name: string): Promise<boolean> {
  const { rows } = await client.query<{ has: boolean }>('SELECT to_regclass($1) IS NOT NULL AS has', [name]);
  return rows[0]!.has;
}
