import type { Minutes } from '@monteore/kernel';
import type ExcelJS from 'exceljs';
import { cellText, durationFormula, durationValue } from './cells.js';
import { heightOf, linesOf } from './height.js';
import { COMMON, LOT_STATE, PACKAGE_STATUS, RESIDUAL, SHEET, SUMMARY, type Word } from './labels.js';
import { pageOf } from './page.js';
import type { StatementHead, WorkbookLanguage } from './statement.js';
import { type CellKind, STYLES, type Styles } from './styles.js';
import { cellValue, put, type WrittenTable } from './table-sheet.js';
import type { WorkbookStream } from './workbook-stream.js';

const WIDTHS = [34, 14, 12, 16, 12, 14, 14];
/** Where a text fills the page from column B on: how many characters fit on one of its lines. */
const CHARACTERS_A_LINE = 80;
/** A spreadsheet's row is at most 409 points high. */
const MAX_LINES = 29;

/** The finished tables that the summary's formulas refer to, and what the activities count without a sum. */
export interface SummarySources {
  readonly activities: WrittenTable;
  readonly movements: WrittenTable;
  readonly unfinished: number;
}

/** Writes the summary: balances and totals are formulas over the other two sheets. */
export function writeSummary(
  workbook: WorkbookStream,
  language: WorkbookLanguage,
  head: StatementHead,
  sources: SummarySources,
): void {
  const sheet = workbook.addWorksheet(SHEET.summary[language], pageOf(head, language, 'portrait'));
  sheet.columns = WIDTHS.map((width) => ({ width }));
  const page = new SummaryPage(sheet, language);
  page.title(`${SHEET.summary[language]} · ${head.packageName}`);
  writePackage(page, head, language);
  writeBalances(page, head, sources.movements);
  writeWork(page, sources);
  writeResidual(page, head);
  writeLots(page, head, language);
  if (head.verification) {
    page.section([SUMMARY.verification]);
    page.entry(SUMMARY.entries, 'minutes', head.verification.entries);
    page.text(SUMMARY.headHash, head.verification.headHash);
  }
  sheet.pageSetup.printArea = `A$1:G$${page.lastRow}`;
  sheet.commit();
}

function writePackage(page: SummaryPage, head: StatementHead, language: WorkbookLanguage): void {
  page.text(SUMMARY.client, head.clientName);
  page.text(SUMMARY.packageName, head.packageName);
  page.text(SUMMARY.referent, head.referent);
  page.text(SUMMARY.status, PACKAGE_STATUS[head.status][language]);
  page.entry(SUMMARY.openedOn, 'date', head.openedOn);
  if (head.closedOn !== undefined) page.entry(SUMMARY.closedOn, 'date', head.closedOn);
  if (head.closingReason !== undefined) page.text(SUMMARY.closingReason, head.closingReason);
  page.entry(SUMMARY.generatedAt, 'time', head.generatedAt);
}

/** R1: what follows from the movements is counted from them; what does not is stated as the ledger states it. */
function writeBalances(page: SummaryPage, head: StatementHead, movements: WrittenTable): void {
  const { balances } = head;
  const sum = (key: string): string => `SUM(${movements.range(key)})`;
  page.section([SUMMARY.balances, SUMMARY.minutes, SUMMARY.hours, SUMMARY.source]);
  page.duration(SUMMARY.granted, balances.grantedMinutes, undefined, SUMMARY.fromLedger);
  page.duration(SUMMARY.charged, balances.chargedMinutes, sum('chargedDeltaMinutes'), SUMMARY.fromMovements);
  const posted = page.duration(
    SUMMARY.posted,
    balances.postedMinutes,
    sum('postedDeltaMinutes'),
    SUMMARY.fromMovements,
  );
  const held = page.duration(
    SUMMARY.held,
    balances.heldMinutes,
    sum('heldDeltaMinutes'),
    SUMMARY.fromMovements,
  );
  page.duration(SUMMARY.available, balances.availableMinutes, `${posted}-${held}`, SUMMARY.fromBalances);
  page.duration(SUMMARY.pending, balances.pendingMinutes, undefined, SUMMARY.fromEstimates);
}

function writeWork(page: SummaryPage, { activities, unfinished }: SummarySources): void {
  const yes = `"${COMMON.yes[page.language]}"`;
  const duration = (label: Word, key: string): void => {
    const minutes = activities.sums.get(key) ?? 0;
    page.duration(label, minutes, `SUM(${activities.range(key)})`, SUMMARY.fromActivities);
  };
  page.section([SUMMARY.work, SUMMARY.minutes, SUMMARY.hours, SUMMARY.source]);
  page.entry(SUMMARY.activityCount, 'minutes', {
    formula: `COUNT(${activities.range('number')})`,
    result: activities.rows,
  });
  page.entry(SUMMARY.unfinishedCount, 'minutes', {
    formula: `COUNTIF(${activities.range('unfinished')},${yes})`,
    result: unfinished,
  });
  duration(SUMMARY.actual, 'actualMinutes');
  duration(SUMMARY.charged, 'chargedMinutes');
  duration(SUMMARY.overrun, 'overrunMinutes');
}

function writeResidual(page: SummaryPage, head: StatementHead): void {
  const { residual } = head;
  if (!residual) return;
  page.section([SUMMARY.residual, SUMMARY.minutes, SUMMARY.hours]);
  page.duration(RESIDUAL[residual.kind], residual.minutes);
  if (residual.toPackageName !== undefined) page.text(SUMMARY.toPackage, residual.toPackageName);
}

function writeLots(page: SummaryPage, head: StatementHead, language: WorkbookLanguage): void {
  if (head.lots.length === 0) return;
  page.section([
    SUMMARY.lot,
    SUMMARY.minutes,
    SUMMARY.hours,
    SUMMARY.remaining,
    SUMMARY.hours,
    SUMMARY.expiresOn,
    SUMMARY.state,
  ]);
  const first = page.lastRow + 1;
  for (const lot of head.lots) {
    page.row([
      ['text', cellText(lot.label)],
      ['minutes', lot.minutes],
      ['duration', durationValue(lot.minutes)],
      ['minutes', lot.remainingMinutes],
      ['duration', durationValue(lot.remainingMinutes)],
      ['date', lot.expiresOn === undefined ? null : cellValue('date', lot.expiresOn)],
      ['flag', LOT_STATE[lot.state][language]],
    ]);
  }
  const last = page.lastRow;
  const total = (letter: string, minutes: Minutes): readonly Cell[] => [
    ['minutes', { formula: `SUM(${letter}${first}:${letter}${last})`, result: minutes }],
    ['duration', { formula: durationFormula(`${letter}${last + 1}`), result: durationValue(minutes) }],
  ];
  const sumOf = (minutes: (lot: StatementHead['lots'][number]) => Minutes): Minutes =>
    head.lots.reduce((sum, lot) => sum + minutes(lot), 0);
  page.row(
    [
      ['text', COMMON.total[language]],
      ...total(
        'B',
        sumOf((lot) => lot.minutes),
      ),
      ...total(
        'D',
        sumOf((lot) => lot.remainingMinutes),
      ),
      ['date', null],
      ['flag', null],
    ],
    'total',
  );
}

type Cell = readonly [kind: CellKind, value: ExcelJS.CellValue];

/** A cursor over the summary's rows. */
class SummaryPage {
  readonly #styles: Styles;
  lastRow = 0;

  constructor(
    private readonly sheet: ExcelJS.Worksheet,
    readonly language: WorkbookLanguage,
  ) {
    this.#styles = STYLES[language];
  }

  title(text: string): void {
    const row = this.#next();
    put(row, 0, cellText(text), this.#styles.title);
    row.commit();
    const note = this.#next();
    put(note, 0, COMMON.howToRead[this.language], this.#styles.note);
    note.commit();
    this.#next().commit();
  }

  /** An empty line and a line of headings. */
  section(headings: readonly Word[]): void {
    this.#next().commit();
    const row = this.#next();
    for (const [index, heading] of headings.entries()) {
      put(row, index, heading[this.language], this.#styles.header);
    }
    row.commit();
  }

  entry(label: Word, kind: CellKind, value: string | number | ExcelJS.CellFormulaValue): void {
    const shown = typeof value === 'object' ? value : cellValue(kind, value);
    this.#labelled(label, [[kind, shown]]);
  }

  /** A text over the whole width. Merged cells do not grow by themselves, so the row is given its height. */
  text(label: Word, text: string): void {
    const shown = cellText(text);
    const row = this.#next();
    put(row, 0, label[this.language], this.#styles.label);
    put(row, 1, shown, this.#styles.body.text);
    this.sheet.mergeCells(this.lastRow, 2, this.lastRow, WIDTHS.length);
    row.height = heightOf(linesOf(shown, CHARACTERS_A_LINE), MAX_LINES);
    row.commit();
  }

  /** Minutes, the same as a duration, and where they come from. Returns the address of the minutes. */
  duration(label: Word, minutes: Minutes, formula?: string, source?: Word): string {
    const address = `B${this.lastRow + 1}`;
    const cells: readonly Cell[] = [
      ['minutes', formula === undefined ? minutes : { formula, result: minutes }],
      ['duration', { formula: durationFormula(address), result: durationValue(minutes) }],
    ];
    this.#labelled(label, cells, source?.[this.language]);
    return address;
  }

  row(cells: readonly Cell[], styles: 'body' | 'total' = 'body'): void {
    const row = this.#next();
    for (const [index, [kind, value]] of cells.entries()) put(row, index, value, this.#styles[styles][kind]);
    row.commit();
  }

  /** @param remark runs on over the empty cells to its right */
  #labelled(label: Word, cells: readonly Cell[], remark?: string): void {
    const row = this.#next();
    put(row, 0, label[this.language], this.#styles.label);
    for (const [index, [kind, value]] of cells.entries()) {
      put(row, index + 1, value, this.#styles.body[kind]);
    }
    if (remark !== undefined) put(row, cells.length + 1, remark, this.#styles.remark);
    row.commit();
  }

  #next(): ExcelJS.Row {
    this.lastRow += 1;
    return this.sheet.getRow(this.lastRow);
  }
}
