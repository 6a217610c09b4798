import type { SqlTransaction } from '@monteore/messaging';
import { type BoardTable, KEYS } from './tables.js';

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

const JSON_COLUMNS = new Set([
  'closing',
  'policy',
  'lots',
  'decided_by',
  'actor',
  'snapshot',
  'waiting',
  'facts',
]);

const parameterOf = (column: string, value: unknown): unknown =>
  value !== null && JSON_COLUMNS.has(column) ? JSON.stringify(value) : value;

/** Writes the changes in order. */
export async function applyChanges(tx: SqlTransaction, changes: readonly RowChange[]): Promise<void> {
  for (const { table, row, unlessNewer } of changes) {
    const given = Object.entries(row).filter(([, value]) => value !== undefined);
    const columns = given.map(([column]) => column);
    const key: readonly string[] = KEYS[table];
    const changed = columns.filter((column) => !key.includes(column));
    const outcome =
      changed.length === 0
        ? 'DO NOTHING'
        : `DO UPDATE SET ${changed.map((column) => `${column} = EXCLUDED.${column}`).join(', ')}`;
    const condition = unlessNewer === true ? 'WHERE known.position <= EXCLUDED.position' : '';
    await tx.query(
      `INSERT INTO ${table} AS known (${columns.join(', ')})
       VALUES (${columns.map((_, index) => `$${index + 1}`).join(', ')})
       ON CONFLICT (${key.join(', ')}) ${outcome} ${condition}`,
      given.map(([column, value]) => parameterOf(column, value)),
    );
  }
}
