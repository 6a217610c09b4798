/** The consumer's own tables, in the service's schema: they change only together with the effects of messages. */
export const inboxTables = (schema: string): string => `
  CREATE TABLE IF NOT EXISTS ${schema}.consumer_offsets (
    topic text NOT NULL,
    partition integer NOT NULL,
    next_offset bigint NOT NULL,
    PRIMARY KEY (topic, partition)
  );
  CREATE TABLE IF NOT EXISTS ${schema}.consumer_marks (
    source text NOT NULL,
    key text NOT NULL,
    position bigint NOT NULL,
    PRIMARY KEY (source, key)
  );
  CREATE TABLE IF NOT EXISTS ${schema}.consumer_sources (
    topic text NOT NULL,
    source text NOT NULL,
    known_since timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (topic, source)
  );
  CREATE TABLE IF NOT EXISTS ${schema}.ignored_types (
    topic text NOT NULL,
    type text NOT NULL,
    source text NOT NULL,
    first_position bigint NOT NULL,
    PRIMARY KEY (topic, type)
  );
  CREATE TABLE IF NOT EXISTS ${schema}.parked_messages (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    topic text NOT NULL,
    key text NOT NULL,
    message text NOT NULL,
    error text,
    parked_at timestamptz NOT NULL DEFAULT now(),
    -- When it ceased to wait: with a reason when it was dropped, without one when a retry has handled it.
    dropped_at timestamptz,
    dropped_reason text
  );
  CREATE INDEX IF NOT EXISTS parked_messages_waiting ON ${schema}.parked_messages (topic, key, id)
    WHERE dropped_at IS NULL;`;
