import type pg from 'pg';

/**
 * Makes the tables of the messaging log in `schema`, as their owner; may run at every start.
 * `runtimeRoles` may read and append the log; what is compacted they may also replace, as erasing a person needs it.
 */
export async function installPostgresMessaging(
  client: Pick<pg.ClientBase, 'query'>,
  schema: string,
  options: { readonly runtimeRoles?: readonly string[] } = {},
): Promise<void> {
  if (!/^[a-z_][a-z0-9_]*$/.test(schema)) throw new TypeError(`«${schema}» is no schema name`);
  await client.query('BEGIN');
  try {
    await client.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [
      `monteore.messaging.${schema}`,
    ]);
    await client.query(tables(schema));
    for (const role of options.runtimeRoles ?? []) {
      await client.query(`
        GRANT USAGE ON SCHEMA ${schema} TO ${role};
        GRANT SELECT, INSERT ON ${schema}.topics, ${schema}.log TO ${role};
        GRANT SELECT, INSERT, UPDATE ON ${schema}.latest TO ${role};`);
    }
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK');
    throw error;
  }
}

const tables = (schema: string) => `
  CREATE SCHEMA IF NOT EXISTS ${schema};
  CREATE TABLE IF NOT EXISTS ${schema}.topics (name text PRIMARY KEY, compacted boolean NOT NULL);
  CREATE TABLE IF NOT EXISTS ${schema}.log (
    topic text NOT NULL,
    place bigint NOT NULL,
    key text NOT NULL,
    event text NOT NULL,
    PRIMARY KEY (topic, place)
  );
  CREATE TABLE IF NOT EXISTS ${schema}.latest (
    topic text NOT NULL,
    key text NOT NULL,
    place bigint NOT NULL,
    event text NOT NULL,
    PRIMARY KEY (topic, key)
  );
  CREATE UNIQUE INDEX IF NOT EXISTS latest_by_place ON ${schema}.latest (topic, place);
  CREATE OR REPLACE FUNCTION ${schema}.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      RAISE EXCEPTION 'the message log is append-only: % on % is refused', TG_OP, TG_TABLE_NAME;
    END $$;
  CREATE OR REPLACE TRIGGER log_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ${schema}.log
    FOR EACH STATEMENT EXECUTE FUNCTION ${schema}.refuse_change();`;
