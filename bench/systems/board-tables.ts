import { inboxTables } from '@monteore/messaging';
import { reportingService } from '@monteore/reporting';
import { dueTables } from '@monteore/service';
import type pg from 'pg';
import { BOARD_TABLES } from '../../apps/reporting/dist/folding-boards/tables.js';
import { copiedOut, copyIn } from '../data-sets/copying.ts';

export const SCHEMA = 'reporting';
export const COPIES = 'copies';

/** Reporting's tables, empty, in the schema that it uses. */
export async function makeBoardTables(client: pg.Client): Promise<void> {
  const own = reportingService.migrations.map(({ sql }) => sql);
  await makeSchema(client, SCHEMA, [inboxTables(SCHEMA), dueTables, ...own].join('\n'));
}

async function makeSchema(client: pg.Client, schema: string, sql: string): Promise<void> {
  await client.query(`SET client_min_messages TO warning; DROP SCHEMA IF EXISTS ${schema} CASCADE`);
  await client.query(`CREATE SCHEMA ${schema}; SET search_path TO ${schema}; ${sql}; RESET search_path`);
}

/** The rows of every board, table by table. */
export type BoardRows = ReadonlyMap<string, readonly Buffer[]>;

export async function boardRowsOf(client: pg.Client): Promise<BoardRows> {
  const rows = new Map<string, readonly Buffer[]>();
  for (const table of BOARD_TABLES) rows.set(table, await copiedOut(client, `${SCHEMA}.${table}`));
  return rows;
}

/** Seconds that COPY takes for the same rows, into tables with the same keys and indexes, in one transaction. */
export async function secondsToCopy(client: pg.Client, rows: BoardRows): Promise<number> {
  await makeSchema(client, COPIES, reportingService.migrations[0]!.sql);
  const begun = performance.now();
  await client.query('BEGIN');
  for (const [table, chunks] of rows) await copyIn(client, `${COPIES}.${table}`, chunks);
  await client.query('COMMIT');
  return (performance.now() - begun) / 1000;
}

const SIZE = BOARD_TABLES.map((table) => `pg_total_relation_size('${SCHEMA}.${table}')`).join(' + ');
/** The bytes of all boards with their indexes. */
export const BOARD_BYTES = `SELECT ${SIZE} AS count`;
export const MOVEMENTS = `SELECT count(*) FROM ${SCHEMA}.movements`;
