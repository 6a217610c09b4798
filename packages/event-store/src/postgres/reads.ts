import type { EventMetadata, Position, SealedEvent, StoredEvent } from '../port.js';
import type { AllRead } from '../subscribing/subscription.js';

interface EventRow {
  readonly position: string;
  readonly event_id: string;
  readonly version: number;
  readonly schema_version: number;
  readonly stream_id: string;
  readonly type: string;
  readonly occurred_on: string;
  readonly recorded_at: string;
  readonly data: SealedEvent['data'];
  readonly metadata: EventMetadata;
  readonly previous_hash: string;
  readonly hash: string;
}

const COLUMNS = `position, event_id, version, schema_version, stream_id, type, occurred_on, recorded_at, data,
  metadata, previous_hash, hash`;

/** A named statement is parsed once a connection; the schema is in the name as one pool may serve several stores. */
export interface Statement {
  readonly name: string;
  readonly text: string;
}

/** How many positions one readAll looks through for events of its prefixes, so that its time is bounded. */
export const SCANNED_POSITIONS = 10_000;

export interface Statements {
  readonly append: Statement;
  readonly byIds: Statement;
  readonly forwards: Statement;
  readonly backwards: Statement;
  readonly all: Statement;
  readonly filtered: Statement;
  readonly head: Statement;
  readonly storeId: Statement;
}

export function statementsFor(schema: string): Statements {
  const named = (name: string, text: string): Statement => ({ name: `${schema}.${name}`, text });
  return {
    append: named('append', `SELECT * FROM ${schema}.append_events($1, $2)`),
    byIds: named(
      'by-ids',
      `SELECT event_id, stream_id, version, hash, position FROM ${schema}.events WHERE event_id = ANY($1::uuid[])`,
    ),
    forwards: named(
      'forwards',
      `SELECT ${COLUMNS} FROM ${schema}.events WHERE stream_id = $1 AND version >= $2 ORDER BY version LIMIT $3`,
    ),
    backwards: named(
      'backwards',
      `SELECT ${COLUMNS} FROM ${schema}.events WHERE stream_id = $1 AND version <= $2
       ORDER BY version DESC LIMIT $3`,
    ),
    all: named(
      'all',
      `SELECT ${COLUMNS} FROM ${schema}.events WHERE position > $1 ORDER BY position LIMIT $2`,
    ),
    // One snapshot tells both the events and how far was looked; the left join tells the latter without events too.
    filtered: named(
      'filtered',
      `SELECT s.scanned, f.*
       FROM (SELECT max(w.position) AS scanned FROM (
               SELECT position FROM ${schema}.events WHERE position > $1
               ORDER BY position LIMIT ${SCANNED_POSITIONS}) w) s
       LEFT JOIN LATERAL (
         SELECT ${COLUMNS} FROM ${schema}.events e
         WHERE e.position > $1 AND e.position <= s.scanned AND e.stream_id ^@ ANY($3::text[])
         ORDER BY e.position LIMIT $2) f ON true
       ORDER BY f.position`,
    ),
    head: named('head', `SELECT coalesce(max(position), 0) AS position FROM ${schema}.events`),
    storeId: named('store-id', `SELECT store_id FROM ${schema}.event_store ORDER BY generation DESC LIMIT 1`),
  };
}

export function toStoredEvent(row: EventRow): StoredEvent {
  return {
    eventId: row.event_id,
    streamId: row.stream_id,
    version: row.version,
    type: row.type,
    schemaVersion: row.schema_version,
    data: row.data,
    occurredOn: row.occurred_on,
    recordedAt: row.recorded_at,
    metadata: row.metadata,
    previousHash: row.previous_hash,
    hash: row.hash,
    position: BigInt(row.position),
  };
}

/** Runs a statement and gives its rows. */
export type Ask = <Row>(statement: Statement, values: readonly unknown[]) => Promise<Row[]>;

const STREAM_PAGE = 5_000;
const LARGEST_VERSION = 2_147_483_647;

/** Reads a stream in pages, so that no statement's time grows with the stream's length. */
export async function readStream(
  ask: Ask,
  statements: Statements,
  streamId: string,
  {
    fromVersion,
    direction = 'forwards',
    limit = Number.POSITIVE_INFINITY,
  }: { fromVersion?: number; direction?: 'forwards' | 'backwards'; limit?: number },
): Promise<StoredEvent[]> {
  const forwards = direction === 'forwards';
  const statement = forwards ? statements.forwards : statements.backwards;
  let next = Math.min(fromVersion ?? (forwards ? 1 : LARGEST_VERSION), LARGEST_VERSION);
  const events: StoredEvent[] = [];
  while (events.length < limit) {
    const size = Math.min(limit - events.length, STREAM_PAGE);
    const page = await ask<EventRow>(statement, [streamId, next, size]);
    for (const row of page) events.push(toStoredEvent(row));
    if (page.length < size) break;
    next = events[events.length - 1]!.version + (forwards ? 1 : -1);
  }
  return events;
}

/** One bounded look at what comes after a position; `readUpTo` moves on also where no event passed the filter. */
export async function readAfter(
  ask: Ask,
  statements: Statements,
  after: Position,
  prefixes: readonly string[] | undefined,
  limit: number,
): Promise<AllRead> {
  if (prefixes === undefined) {
    const events = (await ask<EventRow>(statements.all, [after, limit])).map(toStoredEvent);
    return { events, readUpTo: events.at(-1)?.position ?? after };
  }
  const rows = await ask<EventRow & { scanned: string | null }>(statements.filtered, [
    after,
    limit,
    prefixes,
  ]);
  const events = rows.filter((row) => row.position !== null).map(toStoredEvent);
  const scanned = rows[0]?.scanned ?? null;
  if (events.length === limit) return { events, readUpTo: events.at(-1)!.position };
  return { events, readUpTo: scanned === null ? after : BigInt(scanned) };
}
