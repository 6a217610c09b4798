import type { SqlTransaction } from '@monteore/messaging';
import { MergedRows } from './merged-rows.js';
import type { BoardTable } from './tables.js';

/**
 * What an event makes of one row: the columns named get these values, the others stay. The same change applied twice
 * is applied once. `null` empties a column.
 */
export interface RowChange {
  readonly table: BoardTable;
  /** Columns and values, those of the key included. */
  readonly row: Readonly<Record<string, unknown>>;
  /** Messages of one row may come under two keys and so out of order: an older one changes nothing. */
  readonly unlessNewer?: true;
}

/** Writes the changes as if one after another, many rows a statement. */
export async function applyChanges(tx: SqlTransaction, changes: Iterable<RowChange>): Promise<void> {
  const merged = new MergedRows();
  for (const change of changes) merged.add(change);
  for (const { text, rows } of merged.statements()) await tx.query(text, [rows]);
}
