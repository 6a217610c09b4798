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
