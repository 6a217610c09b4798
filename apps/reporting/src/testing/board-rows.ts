import type { SqlTransaction } from '@monteore/messaging';
import { BOARD_TABLES } from '../folding-boards/tables.js';

/** Every row of every table of the boards, in an order of its own. */
export async function boardRows(database: SqlTransaction): Promise<Record<string, readonly object[]>> {
  const tables: Record<string, readonly object[]> = {};
  for (const table of BOARD_TABLES)
    tables[table] = await database.query(`SELECT * FROM ${table} t ORDER BY t::text`);
  return tables;
}
