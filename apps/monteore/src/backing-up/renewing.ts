import type { ServiceName } from '@monteore/contracts';
import { renewKurrentStoreId, renewStoreId } from '@monteore/event-store';
import { sourceOf } from '@monteore/messaging';
import { peopleSourceOf } from '@monteore/service';
import pg from 'pg';

export interface Renewal {
  readonly service: ServiceName;
  /** The service's own database, as the owner of its tables. */
  readonly ownerDatabaseUrl: string;
  /** Where its events are, when they are not in that database. */
  readonly eventStoreUrl?: string | undefined;
  /** The topics of the broker are empty: all is published once more, and everything is read from their beginning. */
  readonly freshTopics: boolean;
}

export interface RenewedSources {
  readonly events: string;
  readonly people: string;
}

/**
 * Gives the event store of a service that was restored a new id. The service must not run meanwhile. Answers the
 * sources that its messages have from now on, which every consumer must be told (`monteore sources accept`).
 */
export async function renewSource({
  service,
  ownerDatabaseUrl,
  eventStoreUrl,
  freshTopics,
}: Renewal): Promise<RenewedSources> {
  const client = new pg.Client({ connectionString: ownerDatabaseUrl, connectionTimeoutMillis: 10_000 });
  await client.connect();
  try {
    await client.query('BEGIN');
    if (freshTopics) await startTopicsOver(client, service);
    const storeId =
      eventStoreUrl === undefined
        ? await renewStoreId(client, `${service}_events`)
        : await renewKurrentStoreId({ connectionString: eventStoreUrl, service });
    await client.query('COMMIT');
    const events = sourceOf(service, storeId);
    return { events, people: peopleSourceOf(events) };
  } finally {
    await client.end();
  }
}

/** Offsets are those of topics that are no more; what was handled is known by its ids. */
async function startTopicsOver(client: pg.Client, schema: ServiceName): Promise<void> {
  await client.query(`UPDATE ${schema}.relay_checkpoints SET position = 0`);
  await client.query(`UPDATE ${schema}.people_outbox SET told_at = NULL`);
  await client.query(`DELETE FROM ${schema}.consumer_offsets`);
}
