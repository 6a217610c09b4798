import type { SqlTransaction } from '@monteore/messaging';
import { MergedRows } from './merged-rows.js';
import type { RowChange } from './row-change.js';

/** Writes the changes as if one after another, in one statement where that is possible. */
export async function applyChanges(tx: SqlTransaction, changes: Iterable<RowChange>): Promise<void> {
  const merged = new MergedRows();
  for (const change of changes) merged.add(change);
  for (const { text, parameters } of merged.statements()) await tx.query(text, parameters);
}
