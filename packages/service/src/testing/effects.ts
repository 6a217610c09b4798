import { LATER_MEMBER, LATER_VALUE } from '@monteore/contracts/testing';
import { eventually } from '@monteore/testing';
import type { RunningService } from '../service.js';

/** What a consumer keeps for itself, and what follows the clock: not what a message did. */
const NO_EFFECT =
  /^(consumer_.*|ignored_types|parked_messages|.*migrations|.*_checkpoints|kept_keys|due_things|people_outbox|.*_leases?)$/;

/** Members of a recorded fact that hold digests of a message's whole text. */
const DIGESTS = new Set(['hash', 'previousHash', 'inputHash']);

/** Who acts in every message that a test tells, where it is told in the words of today. */
export const ROLE_TODAY = 'referent';

export interface Effects {
  /** What the rows hold, by table and key, and the facts that the service recorded, by stream, number and name. */
  readonly all: ReadonlyMap<string, unknown>;
  /** The names of those facts, in order. */
  readonly facts: readonly string[];
}

/**
 * What a service has done so far, once its timers have nothing left to do: rows and recorded facts, without what a
 * later release has added to the messages that they were copied from. `volatile` names columns, as `table.column`,
 * that differ from run to run.
 */
export async function effectsOf(service: RunningService, volatile: readonly string[] = []): Promise<Effects> {
  await settled(service);
  const { events } = await service.core.store.readAll(0n, { limit: 1000 });
  const facts = events.map(
    ({ streamId, version, type, data }) => [`${streamId} ${version} ${type}`, plain(data)] as const,
  );
  return {
    all: new Map([...(await rowsOf(service, volatile)), ...facts]),
    facts: events.map(({ type }) => type),
  };
}

async function settled({ core }: RunningService): Promise<void> {
  await eventually(async () => {
    const due = await core.database.query(
      'SELECT 1 FROM due_things WHERE done_at IS NULL AND due_at <= $1 LIMIT 1',
      [core.clock.now()],
    );
    return due.length === 0;
  }, 'every timer to have fired');
}

async function rowsOf(service: RunningService, volatile: readonly string[]): Promise<[string, unknown][]> {
  const { database } = service.core;
  const rows: [string, unknown][] = [];
  for (const { table, key, dropped } of await tablesOf(service)) {
    const ofTable = volatile
      .filter((each) => each.startsWith(`${table}.`))
      .map((each) => each.split('.')[1]!);
    const found = await database.query<{ row: Record<string, unknown> }>(
      `SELECT to_jsonb(t) - $1::text[] AS row FROM ${table} t`,
      [[...dropped, ...ofTable]],
    );
    for (const { row } of found) {
      const place =
        key.length === 0 ? JSON.stringify(plain(row)) : key.map((column) => row[column]).join(' ');
      rows.push([`${table} ${place}`, plain(row)]);
    }
  }
  return rows;
}

/** Instants, bytes and numbers that the database gives out differ from run to run; the rest is compared. */
async function tablesOf({ core, name }: RunningService) {
  const tables = await core.database.query<{ table: string; key: string[]; dropped: string[] }>(
    `SELECT c.relname AS table,
       coalesce((SELECT array_agg(a.attname::text ORDER BY a.attnum)
         FROM pg_index i JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = ANY (i.indkey)
         WHERE i.indrelid = c.oid AND i.indisunique GROUP BY i.indexrelid
         HAVING bool_and(a.attidentity = '') ORDER BY count(*) DESC LIMIT 1), '{}') AS key,
       ARRAY(SELECT attname::text FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0
         AND (a.attidentity <> '' OR a.atttypid IN ('timestamptz'::regtype, 'bytea'::regtype))) AS dropped
     FROM pg_class c WHERE c.relnamespace = $1::regnamespace AND c.relkind = 'r' ORDER BY 1`,
    [name],
  );
  return tables.filter(({ table }) => !NO_EFFECT.test(table));
}

function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).filter(([name]) => name !== LATER_MEMBER && !DIGESTS.has(name));
  return Object.fromEntries(
    members.map(([name, member]) => [name, member === LATER_VALUE ? ROLE_TODAY : plain(member)]),
  );
}
