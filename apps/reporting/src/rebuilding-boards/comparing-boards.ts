import type { SqlTransaction } from '@monteore/messaging';
import { BOARD_TABLES, type BoardTable, KEYS } from '../folding-boards/tables.js';

/** What would change in one table if the replayed one took the place of the one that serves. */
export interface TableDiff {
  readonly table: string;
  readonly servingRows: number;
  readonly replayedRows: number;
  /** Rows that only one of the two has, and rows of both that differ. */
  readonly added: number;
  readonly removed: number;
  readonly changed: number;
  /** In how many of the changed rows each column differs, for those that do. */
  readonly columns: Readonly<Record<string, number>>;
  /** At most `EXAMPLES`, by key. */
  readonly examples: readonly RowDiff[];
}

export interface RowDiff {
  readonly key: Readonly<Record<string, string>>;
  readonly kind: 'added' | 'removed' | 'changed';
  /** Of a changed row: each column that differs, as it serves and as it would be; cut to `SHOWN_CHARACTERS`. */
  readonly columns: Readonly<Record<string, readonly [serving: string | null, replayed: string | null]>>;
}

export const EXAMPLES = 5;
export const SHOWN_CHARACTERS = 120;

export const isDifferent = ({ added, removed, changed }: TableDiff): boolean => added + removed + changed > 0;

/** Compares the boards of two schemas, row by row and column by column. What one of them lacks is empty there. */
export async function compareBoards(
  tx: SqlTransaction,
  serving: string,
  replayed: string,
): Promise<readonly TableDiff[]> {
  const diffs: TableDiff[] = [];
  for (const table of BOARD_TABLES)
    diffs.push(await new TableComparison(tx, table, serving, replayed).compare());
  return diffs;
}

interface Side {
  readonly table: string;
  readonly types: ReadonlyMap<string, string>;
}

class TableComparison {
  constructor(
    private readonly tx: SqlTransaction,
    private readonly table: BoardTable,
    private readonly serving: string,
    private readonly replayed: string,
  ) {}

  async compare(): Promise<TableDiff> {
    const [old, made] = [await this.side(this.serving), await this.side(this.replayed)];
    const joined = joinOf(this.table, old, made);
    const columns = [...new Set([...old.types.keys(), ...made.types.keys()])].filter(
      (column) => !(KEYS[this.table] as readonly string[]).includes(column),
    );
    const differs = new Map(columns.map((column) => [column, differenceOf(column, old, made)]));
    const [counts] = await this.tx.query<Record<string, number>>(
      `SELECT count(old.ctid)::integer AS "servingRows", count(made.ctid)::integer AS "replayedRows",
         count(*) FILTER (WHERE old.ctid IS NULL)::integer AS added,
         count(*) FILTER (WHERE made.ctid IS NULL)::integer AS removed,
         count(*) FILTER (WHERE ${BOTH} AND (${[...differs.values()].join(' OR ')}))::integer AS changed,
         ${[...differs].map(([column, test]) => `count(*) FILTER (WHERE ${BOTH} AND ${test})::integer AS "column ${column}"`).join(', ')}
       FROM ${joined}`,
    );
    const { servingRows, replayedRows, added, removed, changed } = counts as unknown as TableDiff;
    const diff = { table: this.table, servingRows, replayedRows, added, removed, changed };
    const differing = columns
      .map((column): [string, number] => [column, counts![`column ${column}`]!])
      .filter(([, rows]) => rows > 0);
    const examples = isDifferent({ ...diff, columns: {}, examples: [] })
      ? await this.examples(joined, differs)
      : [];
    return { ...diff, columns: Object.fromEntries(differing), examples };
  }

  /** The table in one schema; one that is not there is as good as an empty one without columns. */
  private async side(schema: string): Promise<Side> {
    const rows = await this.tx.query<{ name: string; type: string }>(
      `SELECT attname AS name, format_type(atttypid, atttypmod) AS type FROM pg_attribute
       WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped`,
      [`${schema}.${this.table}`],
    );
    const types = new Map(rows.map(({ name, type }) => [name, type]));
    const key = KEYS[this.table];
    if (types.size > 0) {
      const missing = key.filter((column) => !types.has(column));
      if (missing.length > 0)
        throw new Error(`${schema}.${this.table} has no ${missing.join(', ')}: its rows cannot be compared`);
      return { table: `${schema}.${this.table}`, types };
    }
    const empty = key.map((column) => `NULL::text AS ${column}`).join(', ');
    return { table: `(SELECT NULL::tid AS ctid, ${empty} WHERE false)`, types };
  }

  private async examples(joined: string, differs: ReadonlyMap<string, string>): Promise<RowDiff[]> {
    const key: readonly string[] = KEYS[this.table];
    const rows = await this.tx.query<{
      key: Record<string, string>;
      kind: RowDiff['kind'];
      serving: Record<string, unknown> | null;
      replayed: Record<string, unknown> | null;
      columns: string[];
    }>(
      `SELECT jsonb_build_object(${key.map((column) => `'${column}', coalesce(old.${column}::text, made.${column}::text)`).join(', ')}) AS key,
         CASE WHEN old.ctid IS NULL THEN 'added' WHEN made.ctid IS NULL THEN 'removed' ELSE 'changed' END AS kind,
         to_jsonb(old) AS serving, to_jsonb(made) AS replayed,
         array_remove(ARRAY[${[...differs].map(([column, test]) => `CASE WHEN ${test} THEN '${column}' END`).join(', ')}]::text[], NULL) AS columns
       FROM ${joined}
       WHERE old.ctid IS NULL OR made.ctid IS NULL OR ${[...differs.values()].join(' OR ')}
       ORDER BY ${key.map((column) => `coalesce(old.${column}::text, made.${column}::text)`).join(', ')} LIMIT ${EXAMPLES}`,
    );
    return rows.map(({ serving, replayed, columns, ...row }) => ({
      ...row,
      columns:
        row.kind === 'changed'
          ? Object.fromEntries(
              columns.map((column) => [
                column,
                [shown(serving?.[column]), shown(replayed?.[column])] as const,
              ]),
            )
          : {},
    }));
  }
}

const BOTH = 'old.ctid IS NOT NULL AND made.ctid IS NOT NULL';

const joinOf = (table: BoardTable, old: Side, made: Side): string =>
  `${old.table} old FULL JOIN ${made.table} made ON ${KEYS[table]
    .map((column) => `old.${column}::text = made.${column}::text`)
    .join(' AND ')}`;

function differenceOf(column: string, old: Side, made: Side): string {
  const [before, after] = [old.types.get(column), made.types.get(column)];
  if (before === undefined) return `made.${column} IS NOT NULL`;
  if (after === undefined) return `old.${column} IS NOT NULL`;
  return before === after
    ? `old.${column} IS DISTINCT FROM made.${column}`
    : `old.${column}::text IS DISTINCT FROM made.${column}::text`;
}

function shown(value: unknown): string | null {
  if (value === undefined || value === null) return null;
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}…` : text;
}
