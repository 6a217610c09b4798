import type { Minutes } from '@monteore/kernel';
import type ExcelJS from 'exceljs';
import { cellText, dateValue, durationFormula, durationValue, romeTimeValue, wholeMinutes } from './cells.js';
import { heightOf, linesOf } from './height.js';
import { COMMON, type Word } from './labels.js';
import { pageOf } from './page.js';
import { type Rows, type StatementHead, StatementTooLongError, type WorkbookLanguage } from './statement.js';
import { type CellKind, STYLES } from './styles.js';
import type { WorkbookStream } from './workbook-stream.js';

const HEADER_ROW = 4;
const LAST_ROW_OF_A_SHEET = 1_048_576;
/** What the space before a text takes of its column, in characters. */
const INDENT = 2;
/** A long note is cut on paper; in its cell it is whole. */
const MAX_LINES = 8;

interface AnyColumn {
  /** Names the column for totals and for formulas of other sheets. */
  readonly key: string;
  readonly header: Word;
  readonly width: number;
  /** Beyond the right edge of the printed page. */
  readonly unprinted?: boolean;
}

interface TextColumn<Row> extends AnyColumn {
  readonly kind: 'text' | 'flag' | 'date' | 'time';
  readonly value: (row: Row) => string | undefined;
}

interface NumberColumn<Row> extends AnyColumn {
  readonly kind: 'number' | 'minutes' | 'delta';
  readonly value: (row: Row) => number | undefined;
  readonly summed?: boolean;
}

/** The same minutes as the column `of`, as a duration. */
interface DurationColumn<Row> extends AnyColumn {
  readonly kind: 'duration';
  readonly value: (row: Row) => Minutes | undefined;
  readonly of: string;
}

export type Column<Row> = TextColumn<Row> | NumberColumn<Row> | DurationColumn<Row>;

/** What a finished table tells the sheets that refer to it. */
export interface WrittenTable {
  readonly rows: number;
  readonly sums: ReadonlyMap<string, Minutes>;
  /** The cells of one column for a formula on another sheet: `'Movimenti'!J5:J20`. */
  range(key: string): string;
}

export interface TableSheet<Row> {
  readonly name: Word;
  readonly columns: readonly Column<Row>[];
  readonly rows: Rows<Row>;
}

/** A value as its kind of cell carries it. */
export function cellValue(kind: CellKind, value: string | number): ExcelJS.CellValue {
  if (typeof value === 'number') return kind === 'duration' ? durationValue(value) : value;
  if (kind === 'date') return dateValue(value);
  if (kind === 'time') return romeTimeValue(value);
  return cellText(value);
}

/** Writes one sheet with a frozen header, a filter, and a row of totals below; holds one row at a time. */
export async function writeTable<Row>(
  workbook: WorkbookStream,
  language: WorkbookLanguage,
  head: StatementHead,
  table: TableSheet<Row>,
): Promise<WrittenTable> {
  const { columns } = table;
  const name = table.name[language];
  const sheet = workbook.addWorksheet(name, {
    ...pageOf(head, language, 'landscape'),
    views: [{ state: 'frozen', ySplit: HEADER_ROW }],
  });
  sheet.columns = columns.map(({ width }) => ({ width }));
  writeHeading(sheet, language, head, name, columns);

  const sums = new Map(columns.filter(isSummed).map(({ key }) => [key, 0]));
  let last = HEADER_ROW;
  for await (const row of table.rows) {
    last += 1;
    // One row is kept for the totals.
    if (last >= LAST_ROW_OF_A_SHEET) throw new StatementTooLongError(name);
    writeBodyRow(sheet.getRow(last), language, columns, row, sums);
    await workbook.ready();
  }
  const rows = last - HEADER_ROW;
  if (rows === 0) {
    // A total needs a range even where there is nothing to count.
    last += 1;
    writeEmptyRow(sheet.getRow(last), language, columns);
  }
  const range = (key: string): string => {
    const letter = letterOf(columns, key);
    return `${letter}${HEADER_ROW + 1}:${letter}${last}`;
  };
  writeTotals(sheet.getRow(last + 1), language, columns, sums, range);
  finishPage(sheet, columns, last);
  sheet.commit();
  return { rows, sums, range: (key) => `'${name}'!${range(key)}` };
}

function isSummed<Row>(column: Column<Row>): column is NumberColumn<Row> {
  return column.kind !== 'duration' && 'summed' in column && column.summed === true;
}

/** The letter of a column; there are fewer than 26 of them. */
function letterAt(index: number): string {
  return String.fromCharCode('A'.charCodeAt(0) + index);
}

function letterOf<Row>(columns: readonly Column<Row>[], key: string): string {
  const index = columns.findIndex((column) => column.key === key);
  if (index < 0) throw new Error(`No column ${key}`);
  return letterAt(index);
}

function writeHeading<Row>(
  sheet: ExcelJS.Worksheet,
  language: WorkbookLanguage,
  head: StatementHead,
  name: string,
  columns: readonly Column<Row>[],
): void {
  const styles = STYLES[language];
  const lines = [
    [cellText(`${name} · ${head.packageName}`), styles.title],
    [cellText(head.clientName), styles.note],
    [COMMON.howToRead[language], styles.note],
  ] as const;
  for (const [index, [text, style]] of lines.entries()) {
    const row = sheet.getRow(index + 1);
    put(row, 0, text, style);
    row.commit();
  }
  const row = sheet.getRow(HEADER_ROW);
  for (const [index, { header }] of columns.entries()) put(row, index, header[language], styles.header);
  row.height = 42;
  row.commit();
}

function writeBodyRow<Row>(
  target: ExcelJS.Row,
  language: WorkbookLanguage,
  columns: readonly Column<Row>[],
  row: Row,
  sums: Map<string, Minutes>,
): void {
  const styles = STYLES[language].body;
  let lines = 1;
  for (const [index, column] of columns.entries()) {
    const value = column.value(row);
    if (column.kind === 'text' && typeof value === 'string' && !column.unprinted) {
      lines = Math.max(lines, linesOf(value, column.width - INDENT));
    }
    put(target, index, value === undefined ? null : cellValue(column.kind, value), styles[column.kind]);
    if (typeof value !== 'number' || column.kind === 'number') continue;
    const minutes = wholeMinutes(value, `${column.key} in row ${target.number}`);
    if (isSummed(column)) sums.set(column.key, (sums.get(column.key) ?? 0) + minutes);
  }
  if (lines > 1) target.height = heightOf(lines, MAX_LINES);
  target.commit();
}

function writeEmptyRow<Row>(
  target: ExcelJS.Row,
  language: WorkbookLanguage,
  columns: readonly Column<Row>[],
): void {
  const firstText = columns.findIndex(({ kind }) => kind === 'text');
  for (const [index, column] of columns.entries()) {
    const value = index === firstText ? COMMON.nothing[language] : null;
    put(target, index, value, STYLES[language].body[column.kind]);
  }
  target.commit();
}

function writeTotals<Row>(
  target: ExcelJS.Row,
  language: WorkbookLanguage,
  columns: readonly Column<Row>[],
  sums: ReadonlyMap<string, Minutes>,
  range: (key: string) => string,
): void {
  const firstText = columns.findIndex(({ kind }) => kind === 'text');
  const totalOf = (column: Column<Row>, index: number): ExcelJS.CellValue => {
    if (index === firstText) return COMMON.total[language];
    if (isSummed(column)) return { formula: `SUM(${range(column.key)})`, result: sums.get(column.key) ?? 0 };
    if (column.kind !== 'duration' || !sums.has(column.of)) return null;
    const address = `${letterOf(columns, column.of)}${target.number}`;
    return { formula: durationFormula(address), result: durationValue(sums.get(column.of) ?? 0) };
  };
  for (const [index, column] of columns.entries()) {
    put(target, index, totalOf(column, index), STYLES[language].total[column.kind]);
  }
  target.commit();
}

/** The filter leaves the totals out, so that sorting cannot carry them away. */
function finishPage<Row>(sheet: ExcelJS.Worksheet, columns: readonly Column<Row>[], last: number): void {
  const printed = columns.filter(({ unprinted }) => !unprinted).length;
  sheet.autoFilter = `A${HEADER_ROW}:${letterAt(columns.length - 1)}${last}`;
  sheet.pageSetup.printTitlesRow = `${HEADER_ROW}:${HEADER_ROW}`;
  // exceljs puts a $ before each corner's column; the one before the row is ours.
  sheet.pageSetup.printArea = `A$1:${letterAt(printed - 1)}$${last + 1}`;
}

/** Sets value and style; the style's object is shared on purpose. */
export function put(
  row: ExcelJS.Row,
  index: number,
  value: ExcelJS.CellValue,
  style: Partial<ExcelJS.Style>,
): void {
  const cell = row.getCell(index + 1);
  cell.value = value;
  cell.style = style;
}
