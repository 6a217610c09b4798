import {
  type Comparison,
  compareStores,
  copyEvents,
  createKurrentEventStore,
  createPostgresEventStore,
  type EventStore,
  installPostgresEventStore,
} from '@monteore/event-store';
import { sourceOf } from '@monteore/messaging';
import pg from 'pg';

export interface CopyRequest {
  /** Whose events. */
  readonly service: string;
  /** `postgres://…`, as the owner of the tables, or `esdb://…`. */
  readonly from: string;
  readonly to: string;
  /** The service's own database, as the owner: it starts from the beginning of its new store. */
  readonly checkpointsOf?: string | undefined;
  readonly onProgress: (events: number) => void;
}

/**
 * Copies a service's events into another store and compares the two by their hash chains, event by event; only when
 * they are equal, the service is told to publish and to fold from the beginning of the new one. The service must not
 * run meanwhile. May run again: it goes on where it was. Answers the source id that the
 * service's messages will have from now on, which consumers must be told. Throws Error when the target holds other events.
 */
export async function copyLedger(
  request: CopyRequest,
): Promise<{ readonly comparison: Comparison; readonly source: string }> {
  const { service, checkpointsOf, onProgress } = request;
  if (isPostgres(request.to)) await install(request.to, service);
  const [from, to] = [open(request.from, service), open(request.to, service)];
  try {
    const copied = await copyEvents(from, to, { onProgress });
    if (!copied.copied) {
      const { streamId, version } = copied.first;
      throw new Error(`the target holds other events: the first is event ${version} of ${streamId}`);
    }
    const comparison = await compareStores(from, to);
    if (comparison.equal && checkpointsOf !== undefined) await startOver(checkpointsOf, service);
    return { comparison, source: sourceOf(service, await to.storeId()) };
  } finally {
    await Promise.all([from.close(), to.close()]);
  }
}

const isPostgres = (url: string): boolean => /^postgres(ql)?:/.test(url);
const schemaOf = (service: string): string => `${service}_events`;

const open = (url: string, service: string): EventStore =>
  isPostgres(url)
    ? createPostgresEventStore({ connectionString: url, schema: schemaOf(service) })
    : createKurrentEventStore({ connectionString: url, service });

const install = (url: string, service: string) =>
  connected(url, (client) => installPostgresEventStore(client, schemaOf(service)));

/** Positions of one store say nothing in another; what is published and folded again is known by its ids. */
const startOver = (url: string, service: string) =>
  connected(url, async (client) => {
    await client.query('BEGIN');
    await client.query(`UPDATE ${service}.relay_checkpoints SET position = 0`);
    await client.query(`UPDATE ${service}.projection_checkpoints SET position = 0`);
    await client.query('COMMIT');
  });

async function connected(url: string, work: (client: pg.Client) => Promise<unknown>): Promise<void> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2000 });
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}
