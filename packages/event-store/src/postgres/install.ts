import { randomId } from '@monteore/kernel';
import type pg from 'pg';
import { postgresEventStoreMigrations } from './migrations.js';
import { namesOf } from './naming.js';

export interface InstallOptions {
  /** The role that the service runs as: gets SELECT and INSERT, and nothing else. It must exist and not own the tables. */
  readonly runtimeRole?: string;
  /**
   * After an upgrade in place (pg_upgrade) the cluster has another identity though the store is the same one:
   * true keeps its id for this once.
   */
  readonly keepStoreId?: boolean;
}

export interface Installed {
  readonly storeId: string;
  /** True when the store was found to be a copy, or restored from a dump, and got a new id. */
  readonly copied: boolean;
}

type Connection = Pick<pg.ClientBase, 'query'>;

/**
 * Brings the store's tables in `schema` to the newest form, as their owner, in one transaction; what is there is
 * left alone, so it may run at every start, in several processes at once. Throws Error, with nothing changed,
 * when an assertion before or after a migration fails.
 */
export async function installPostgresEventStore(
  client: Connection,
  schema: string,
  options: InstallOptions = {},
): Promise<Installed> {
  namesOf(schema);
  await client.query('BEGIN');
  try {
    await client.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [
      `monteore.event-store.install.${schema}`,
    ]);
    await migrate(client, schema);
    const installed = await identify(client, schema, options.keepStoreId === true);
    if (options.runtimeRole !== undefined) await grant(client, schema, options.runtimeRole);
    await client.query('COMMIT');
    return installed;
  } catch (error) {
    await client.query('ROLLBACK').catch(() => {});
    throw error;
  }
}

async function migrate(client: Connection, schema: string): Promise<void> {
  if (!(await holds(client, `SELECT to_regnamespace('${schema}') IS NOT NULL AS holds`)))
    await client.query(`CREATE SCHEMA ${schema}`);
  await client.query(`
    CREATE TABLE IF NOT EXISTS ${schema}.event_store_migrations (
      number integer PRIMARY KEY, name text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())`);
  const { rows } = await client.query<{ number: number }>(
    `SELECT number FROM ${schema}.event_store_migrations`,
  );
  const applied = new Set(rows.map((row) => row.number));
  for (const { number, name, before, up, after } of postgresEventStoreMigrations(schema)) {
    if (applied.has(number)) continue;
    if (!(await holds(client, before)))
      throw new Error(`migration ${number} (${name}) of ${schema}: not the state it starts from`);
    await client.query(up);
    if (!(await holds(client, after)))
      throw new Error(`migration ${number} (${name}) of ${schema} did not reach its end`);
    await client.query(`INSERT INTO ${schema}.event_store_migrations (number, name) VALUES ($1, $2)`, [
      number,
      name,
    ]);
  }
}

async function holds(
  client: Connection,
  question: string,
  values: readonly unknown[] = [],
): Promise<boolean> {
  const { rows } = await client.query<{ holds: boolean }>(question, [...values]);
  return rows[0]?.holds === true;
}

/**
 * A dump that is restored, or a database copied with TEMPLATE, brings the old id along but lives in another cluster
 * or database: that is noticed here. A copy made of the files (base backup, snapshot) looks the same from inside;
 * after such a restore its operator calls `renewStoreId`.
 */
async function identify(client: Connection, schema: string, keep: boolean): Promise<Installed> {
  const { rows } = await client.query<{ store_id: string; same: boolean }>(
    `SELECT store_id, origin = ${ORIGIN} AS same FROM ${schema}.event_store ORDER BY generation DESC LIMIT 1`,
  );
  const known = rows[0];
  if (known?.same === true) return { storeId: known.store_id, copied: false };
  const storeId = known !== undefined && keep ? known.store_id : randomId();
  await addGeneration(client, schema, storeId);
  return { storeId, copied: known !== undefined && !keep };
}

const ORIGIN = `(SELECT system_identifier FROM pg_control_system())::text || '/' ||
  (SELECT oid FROM pg_database WHERE datname = current_database())::text`;

/** The id that the store has in this database; null where there is none in the schema. */
export async function storeIdOf(client: Connection, schema: string): Promise<string | null> {
  namesOf(schema);
  if (!(await holds(client, `SELECT to_regclass('${schema}.event_store') IS NOT NULL AS holds`))) return null;
  const { rows } = await client.query<{ store_id: string }>(
    `SELECT store_id FROM ${schema}.event_store ORDER BY generation DESC LIMIT 1`,
  );
  return rows[0]?.store_id ?? null;
}

/** Gives the store a new id, for after a restore of files. Its consumers then stop and ask for a person. */
export async function renewStoreId(client: Connection, schema: string): Promise<string> {
  namesOf(schema);
  const storeId = randomId();
  await addGeneration(client, schema, storeId);
  return storeId;
}

async function addGeneration(client: Connection, schema: string, storeId: string): Promise<void> {
  await client.query(
    `INSERT INTO ${schema}.event_store (generation, store_id, origin)
     SELECT coalesce(max(generation), 0) + 1, $1, ${ORIGIN} FROM ${schema}.event_store`,
    [storeId],
  );
}

async function grant(client: Connection, schema: string, role: string): Promise<void> {
  // An owner can take back whatever is taken from it, so its name here is a mistake.
  if (
    !(await holds(
      client,
      `SELECT NOT pg_has_role($1, tableowner, 'MEMBER') AS holds FROM pg_tables
                             WHERE schemaname = $2 AND tablename = 'events'`,
      [role, schema],
    ))
  )
    throw new Error(`role ${role} owns ${schema}.events, is in its owner's role, or is a superuser`);
  const quoted = `"${role.replaceAll('"', '""')}"`;
  await client.query(`
    REVOKE ALL ON ${schema}.events, ${schema}.event_store FROM PUBLIC, ${quoted};
    REVOKE ALL ON FUNCTION ${schema}.append_events(jsonb, jsonb) FROM PUBLIC;
    GRANT USAGE ON SCHEMA ${schema} TO ${quoted};
    GRANT SELECT, INSERT ON ${schema}.events TO ${quoted};
    GRANT SELECT ON ${schema}.event_store TO ${quoted};
    GRANT EXECUTE ON FUNCTION ${schema}.append_events(jsonb, jsonb) TO ${quoted}`);
  const question = `
    SELECT has_table_privilege($1, $2, 'SELECT') AND has_table_privilege($1, $2, 'INSERT')
      AND NOT has_table_privilege($1, $2, 'UPDATE,DELETE,TRUNCATE,REFERENCES,TRIGGER') AS holds`;
  if (!(await holds(client, question, [role, `${schema}.events`])))
    throw new Error(`role ${role} may not append to ${schema}.events, or may do more than read and append`);
}
