import type { Migration } from '@monteore/service';

/**
 * The read model of boards. Each table is written by the events of one service only, so that the order across topics
 * cannot matter (architecture.md, third rule); a row may exist before the rest of its board. Dates and instants are
 * texts as the events say them (RFC 3339 in UTC, which sorts), minutes are whole.
 */
export const boardTables: Migration = {
  name: 'BoardTables',
  sql: `
  CREATE TABLE package_ledger (
    package_id text PRIMARY KEY,
    client_id text,
    name text,
    referent_id text,
    status text,
    opened_on text,
    ends_on text,
    closes_at text,
    closed_on text,
    closed_at text,
    closing jsonb,
    policy jsonb,
    granted_minutes integer,
    charged_minutes integer,
    posted_minutes integer,
    held_minutes integer,
    available_minutes integer,
    lots jsonb,
    sequence integer,
    head_hash text,
    position bigint
  );
  CREATE INDEX package_ledger_list ON package_ledger ((status = 'closed'), lower(name), package_id);
  CREATE TABLE activity_minutes (
    activity_id text PRIMARY KEY,
    package_id text,
    held_minutes integer,
    actual_minutes integer,
    charged_minutes integer,
    overrun_minutes integer
  );
  CREATE INDEX activity_minutes_of_package ON activity_minutes (package_id);
  CREATE TABLE overruns (
    overrun_id text PRIMARY KEY,
    package_id text,
    activity_id text,
    work_entry_id text,
    sequence integer,
    occurred_on text,
    recorded_minutes integer,
    remaining_minutes integer,
    state text,
    reason text,
    decided_by jsonb
  );
  CREATE INDEX overruns_of_package ON overruns (package_id, sequence);
  CREATE TABLE movements (
    package_id text,
    sequence integer,
    occurred_on text,
    recorded_at text,
    type text,
    activity_ids text[],
    performed_by_id text,
    actor jsonb,
    actual_minutes integer,
    multiplier integer,
    posted_delta_minutes integer,
    held_delta_minutes integer,
    charged_delta_minutes integer,
    posted_minutes integer,
    held_minutes integer,
    available_minutes integer,
    note text,
    hash text,
    PRIMARY KEY (package_id, sequence)
  );
  CREATE TABLE package_estimation (
    package_id text PRIMARY KEY,
    pending_minutes integer NOT NULL DEFAULT 0,
    activities_closed boolean NOT NULL DEFAULT false,
    position bigint
  );
  CREATE TABLE activity_facts (
    activity_id text PRIMARY KEY,
    package_id text,
    number integer,
    snapshot jsonb,
    on_board boolean NOT NULL DEFAULT false,
    waiting jsonb
  );
  CREATE INDEX activity_facts_of_package ON activity_facts (package_id, number);
  CREATE TABLE activity_story (
    activity_id text,
    position bigint,
    type text,
    at text,
    facts jsonb,
    PRIMARY KEY (activity_id, position)
  );
  CREATE TABLE deadlines (
    request_id text PRIMARY KEY,
    package_id text,
    state text,
    take_in_charge_by text,
    missed_at text,
    snapshot jsonb,
    position bigint
  );
  CREATE INDEX deadlines_by_instant ON deadlines (state, take_in_charge_by, request_id);`,
};

/**
 * Every migration that makes or changes the tables of boards, in order: a shadow of them is made by the same. A new one
 * goes to the end of the service's list too.
 */
export const BOARD_MIGRATIONS: readonly Migration[] = [boardTables];

/** What the service's own events make; it is not thrown away with the boards. */
export const statementTables: Migration = {
  name: 'StatementTables',
  sql: `
  CREATE TABLE kept_statements (
    package_id text PRIMARY KEY,
    sha256 text NOT NULL,
    size_bytes integer NOT NULL,
    file_name text NOT NULL,
    made_at text NOT NULL
  );`,
};

/**
 * Every table of the boards, with its key. In the order in which transactions come to them, those of readers and of
 * folds: whoever locks all of them in this order meets nobody who waits for him.
 */
export const KEYS = {
  deadlines: ['request_id'],
  package_ledger: ['package_id'],
  package_estimation: ['package_id'],
  activity_facts: ['activity_id'],
  movements: ['package_id', 'sequence'],
  activity_minutes: ['activity_id'],
  overruns: ['overrun_id'],
  activity_story: ['activity_id', 'position'],
} as const;
export type BoardTable = keyof typeof KEYS;
export const BOARD_TABLES = Object.keys(KEYS) as readonly BoardTable[];
