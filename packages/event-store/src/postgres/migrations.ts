import { GENESIS_HASH } from '../port.js';
import { namesOf } from './naming.js';

/** One step of the store's tables. `before` and `after` are queries whose one column `holds` must be true. */
export interface Migration {
  readonly number: number;
  readonly name: string;
  readonly before: string;
  readonly up: string;
  readonly after: string;
}

/** The steps in order, for one schema. What is released is never edited: a change is a new step. */
export function postgresEventStoreMigrations(schemaName: string): readonly Migration[] {
  const { schema } = namesOf(schemaName);
  return [tables(schema), appendOnly(schema), appendFunction(schema)];
}

/**
 * Positions are given by the append function, one after another without gaps, so there is no sequence.
 * Ids and instants are kept as the text they came in, and all text compares by code point, since hashes are made
 * of it and an index must not depend on the machine's locale library.
 */
const tables = (schema: string): Migration => ({
  number: 1,
  name: 'tables',
  before: `SELECT to_regclass('${schema}.events') IS NULL AND to_regclass('${schema}.event_store') IS NULL AS holds`,
  up: `
    CREATE TABLE ${schema}.events (
      position       bigint  NOT NULL PRIMARY KEY CHECK (position > 0),
      event_id       uuid    NOT NULL UNIQUE,
      version        integer NOT NULL CHECK (version > 0),
      schema_version integer NOT NULL CHECK (schema_version > 0),
      stream_id      text    COLLATE "C" NOT NULL CHECK (stream_id <> ''),
      type           text    COLLATE "C" NOT NULL CHECK (type <> ''),
      occurred_on    text    COLLATE "C" NOT NULL,
      recorded_at    text    COLLATE "C" NOT NULL,
      data           jsonb   NOT NULL,
      metadata       jsonb   NOT NULL,
      previous_hash  text    COLLATE "C" NOT NULL CHECK (length(previous_hash) = 64),
      hash           text    COLLATE "C" NOT NULL CHECK (length(hash) = 64),
      UNIQUE (stream_id, version)
    );
    CREATE TABLE ${schema}.event_store (
      generation integer     NOT NULL PRIMARY KEY,
      store_id   uuid        NOT NULL,
      origin     text        NOT NULL,
      made_at    timestamptz NOT NULL DEFAULT now()
    );
    COMMENT ON TABLE ${schema}.event_store IS
      'Ids of this store, the last one valid; a copy or a restored dump gets a new one (origin differs)';`,
  after: `SELECT count(*) = 3 AS holds FROM pg_index WHERE indrelid = '${schema}.events'::regclass AND indisunique`,
});

/** Always: also under session_replication_role = replica. Per statement: also for those that meet no row. */
const appendOnly = (schema: string): Migration => ({
  number: 2,
  name: 'append-only',
  before: `SELECT count(*) = 0 AS holds FROM pg_trigger WHERE tgrelid = '${schema}.events'::regclass`,
  up: `
    CREATE FUNCTION ${schema}.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      RAISE EXCEPTION '% of %.% is refused: it is append-only', TG_OP, TG_TABLE_SCHEMA, TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege';
    END $$;
    CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ${schema}.events
      FOR EACH STATEMENT EXECUTE FUNCTION ${schema}.refuse_change();
    CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ${schema}.event_store
      FOR EACH STATEMENT EXECUTE FUNCTION ${schema}.refuse_change();
    ALTER TABLE ${schema}.events ENABLE ALWAYS TRIGGER append_only;
    ALTER TABLE ${schema}.event_store ENABLE ALWAYS TRIGGER append_only;`,
  after: `
    SELECT count(*) = 2 AS holds FROM pg_trigger
    WHERE tgrelid IN ('${schema}.events'::regclass, '${schema}.event_store'::regclass) AND tgenabled = 'A'`,
});

/**
 * Appends a batch of calls in one statement. Each stream is named once in a batch. A call whose streams do not all
 * stand at the expected version, with the hash that its first event continues, is left out whole; the others are
 * stored. The lock is held until the commit is visible, so that order of positions is order of commits; what is
 * read after it sees the commits before it, which holds in READ COMMITTED only.
 */
const appendFunction = (schema: string): Migration => ({
  number: 3,
  name: 'append-function',
  before: `SELECT to_regproc('${schema}.append_events') IS NULL AS holds`,
  up: `
    CREATE FUNCTION ${schema}.append_events(streams jsonb, events jsonb)
    RETURNS TABLE (call integer, part integer, actual_version integer, continues boolean, first_position bigint)
    LANGUAGE plpgsql SET search_path = pg_catalog SET jit = off AS $$
    #variable_conflict use_column
    BEGIN
      IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'append_events runs in READ COMMITTED only';
      END IF;
      PERFORM pg_advisory_xact_lock(hashtextextended('monteore.event-store.${schema}', 0));
      RETURN QUERY
      WITH wanted AS MATERIALIZED (
        SELECT w.call, w.part, w."streamId" AS stream_id, w."expectedVersion" AS expected,
               coalesce(t.version, 0) AS actual, coalesce(t.hash, '${GENESIS_HASH}') AS hash
        FROM jsonb_to_recordset($1) AS w(call integer, part integer, "streamId" text, "expectedVersion" integer)
        LEFT JOIN LATERAL (
          SELECT e.version, e.hash FROM ${schema}.events e
          WHERE e.stream_id = w."streamId" ORDER BY e.version DESC LIMIT 1
        ) t ON true
      ), given AS MATERIALIZED (
        SELECT * FROM jsonb_to_recordset($2) AS g(
          "eventId" uuid, "streamId" text, version integer, type text, "schemaVersion" integer, data jsonb,
          "occurredOn" text, "recordedAt" text, metadata jsonb, "previousHash" text, hash text)
      ), judged AS MATERIALIZED (
        SELECT w.call, w.part, w.stream_id, w.actual, g."previousHash" = w.hash AS continues,
               bool_and(w.actual = w.expected AND g."previousHash" = w.hash) OVER (PARTITION BY w.call) AS accepted
        FROM wanted w JOIN given g ON g."streamId" = w.stream_id AND g.version = w.expected + 1
      ), inserted AS (
        INSERT INTO ${schema}.events (position, event_id, version, schema_version, stream_id, type, occurred_on,
                                      recorded_at, data, metadata, previous_hash, hash)
        SELECT (SELECT coalesce(max(position), 0) FROM ${schema}.events)
                 + row_number() OVER (ORDER BY j.call, j.part, g.version),
               g."eventId", g.version, g."schemaVersion", g."streamId", g.type, g."occurredOn",
               g."recordedAt", g.data, g.metadata, g."previousHash", g.hash
        FROM judged j JOIN given g ON g."streamId" = j.stream_id
        WHERE j.accepted
        RETURNING position, stream_id
      ), firsts AS (
        SELECT i.stream_id, min(i.position) AS position FROM inserted i GROUP BY i.stream_id
      )
      SELECT j.call, j.part, j.actual, j.continues, f.position
      FROM judged j LEFT JOIN firsts f ON f.stream_id = j.stream_id
      ORDER BY j.call, j.part;
    END $$;`,
  after: `SELECT to_regproc('${schema}.append_events') IS NOT NULL AS holds`,
});
