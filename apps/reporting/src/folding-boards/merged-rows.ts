import type { RowChange } from './row-change.js';
import { type BoardTable, KEYS } from './tables.js';

/** Columns with their values as JSON has them. */
type Row = Record<string, unknown>;

interface Change {
  readonly row: Row;
  readonly unlessNewer: boolean;
}

export interface RowsStatement {
  readonly text: string;
  /** Its one parameter: the rows as a JSON array. */
  readonly rows: string;
}

/** A statement's parameter stays far below what Postgres takes at once. */
const MAX_ROWS = 2000;

/**
 * Changes of many rows as few statements, with the outcome of applying them one after another: a statement may write
 * a row once only, so changes of one row become one, or, where the row that is there decides, follow in rounds.
 */
export class MergedRows {
  private readonly rounds = new Map<BoardTable, Map<string, Change>[]>();
  /** Changes so far, before they were merged. */
  size = 0;

  add({ table, row, unlessNewer = undefined }: RowChange): void {
    this.size += 1;
    const key = keyOf(table, row);
    const rounds = this.rounds.get(table) ?? [];
    this.rounds.set(table, rounds);
    const last = rounds.findLastIndex((round) => round.has(key));
    if (last >= 0 && unlessNewer !== true) {
      write(row, rounds[last]!.get(key)!.row);
      return;
    }
    rounds[last + 1] ??= new Map();
    rounds[last + 1]!.set(key, { row: write(row, {}), unlessNewer: unlessNewer === true });
  }

  *statements(): Generator<RowsStatement> {
    for (const [table, rounds] of this.rounds) {
      for (const round of rounds) {
        for (const changes of alike(round.values())) {
          const text = statementOf(table, changes[0]!);
          for (let from = 0; from < changes.length; from += MAX_ROWS)
            yield { text, rows: jsonOf(changes.slice(from, from + MAX_ROWS)) };
        }
      }
    }
  }
}

const keyOf = (table: BoardTable, row: RowChange['row']): string =>
  KEYS[table].map((column) => String(row[column])).join('\n');

/** Columns without a value are not named. In loops, because a rebuild comes here some times for each event. */
function write(from: RowChange['row'], into: Row): Row {
  for (const column in from) {
    const value = from[column];
    if (value !== undefined) into[column] = typeof value === 'bigint' ? value.toString() : value;
  }
  return into;
}

/** Changes that name the same columns, in the same order: a statement leaves all others as they are. */
function alike(changes: Iterable<Change>): readonly (readonly Change[])[] {
  const groups = new Map<string, Change[]>();
  for (const change of changes) {
    const columns = `${Object.keys(change.row).join()}${change.unlessNewer}`;
    const group = groups.get(columns);
    if (group === undefined) groups.set(columns, [change]);
    else group.push(change);
  }
  return [...groups.values()];
}

function statementOf(table: BoardTable, { row, unlessNewer }: Change): string {
  const columns = Object.keys(row);
  const key: readonly string[] = KEYS[table];
  const changed = columns.filter((column) => !key.includes(column));
  const outcome =
    changed.length === 0
      ? 'DO NOTHING'
      : `DO UPDATE SET ${changed.map((column) => `${column} = EXCLUDED.${column}`).join(', ')}`;
  const condition = unlessNewer ? 'WHERE known.position <= EXCLUDED.position' : '';
  return `INSERT INTO ${table} AS known (${columns.join(', ')})
    SELECT ${columns.join(', ')} FROM json_populate_recordset(NULL::${table}, $1::json)
    ON CONFLICT (${key.join(', ')}) ${outcome} ${condition}`;
}

const jsonOf = (changes: readonly Change[]): string => JSON.stringify(changes.map(({ row }) => row));
