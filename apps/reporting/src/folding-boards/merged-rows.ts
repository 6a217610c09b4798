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
  /** Rows as JSON arrays, one for each table and set of columns. */
  readonly parameters: readonly string[];
}

/**
 * Changes of many rows of many tables as one statement, with the outcome of applying them one after another. A
 * statement may write a row once only, so changes of one row become one, or, where the row that is there decides, come
 * in statements that follow one another. The round trips are what a fold costs most.
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
    const rounds = Math.max(0, ...[...this.rounds.values()].map(({ length }) => length));
    for (let round = 0; round < rounds; round += 1) {
      const writes = [...this.rounds].flatMap(([table, changes]) =>
        alike(changes[round]?.values() ?? []).map((group) => ({ table, group })),
      );
      yield {
        text: inOne(writes.map(({ table, group }, index) => insertOf(table, group[0]!, index + 1))),
        parameters: writes.map(({ group }) => JSON.stringify(group.map(({ row }) => row))),
      };
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

function insertOf(table: BoardTable, { row, unlessNewer }: Change, parameter: number): string {
  const columns = Object.keys(row);
  const key: readonly string[] = KEYS[table];
  const changed = columns.filter((column) => !key.includes(column));
  const outcome =
    changed.length === 0
      ? 'DO NOTHING'
      : `DO UPDATE SET ${changed.map((column) => `${column} = EXCLUDED.${column}`).join(', ')}`;
  const condition = unlessNewer ? 'WHERE known.position <= EXCLUDED.position' : '';
  return `INSERT INTO ${table} AS known (${columns.join(', ')})
    SELECT ${columns.join(', ')} FROM json_populate_recordset(NULL::${table}, $${parameter}::json)
    ON CONFLICT (${key.join(', ')}) ${outcome} ${condition}`;
}

/** None of them writes a row that another one writes. */
function inOne(inserts: readonly string[]): string {
  const before = inserts.slice(0, -1).map((insert, index) => `written_${index} AS (${insert})`);
  return `${before.length === 0 ? '' : `WITH ${before.join(', ')} `}${inserts.at(-1)}`;
}
