import { PassThrough, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { activityColumns } from './activities-sheet.js';
import { wholeMinutes } from './cells.js';
import { SHEET } from './labels.js';
import { movementColumns } from './movements-sheet.js';
import {
  type ActivityRow,
  type MovementRow,
  type Rows,
  type StatementCounts,
  type StatementDifference,
  type StatementHead,
  StatementMismatchError,
  type WorkbookLanguage,
} from './statement.js';
import { writeSummary } from './summary-sheet.js';
import { type WrittenTable, writeTable } from './table-sheet.js';
import { WorkbookStream } from './workbook-stream.js';

/**
 * R14: writes the spreadsheet of a package to `out` and ends it. Rows are read as fast as `out` takes them,
 * one at a time; the same input gives the same bytes.
 *
 * When it rejects, `out` has been destroyed and what it got is no readable file.
 * @throws StatementMismatchError when the rows add up to other balances than `head` states
 * @throws StatementTooLongError when a sheet cannot hold the rows
 */
export async function writeStatement(
  out: Writable,
  language: WorkbookLanguage,
  head: StatementHead,
  activities: Rows<ActivityRow>,
  movements: Rows<MovementRow>,
): Promise<StatementCounts> {
  checkHead(head);
  const sink = new PassThrough();
  const workbook = new WorkbookStream(sink, new Date(head.generatedAt));
  const piped = pipeline(sink, out);
  // A reader that goes away must wake the writer, or it would wait for ever.
  piped.catch(() => workbook.abandon());
  const written = writeSheets(workbook, language, head, activities, movements);
  try {
    const [counts] = await Promise.all([written, piped]);
    return counts;
  } catch (error) {
    workbook.abandon();
    sink.destroy(error instanceof Error ? error : new Error(String(error)));
    await piped.catch(() => undefined);
    throw error;
  }
}

async function writeSheets(
  workbook: WorkbookStream,
  language: WorkbookLanguage,
  head: StatementHead,
  activities: Rows<ActivityRow>,
  movements: Rows<MovementRow>,
): Promise<StatementCounts> {
  const unfinished = { count: 0 };
  const activityTable = await writeTable(workbook, language, head, {
    name: SHEET.activities,
    columns: activityColumns(language),
    rows: countingUnfinished(activities, unfinished),
  });
  const movementTable = await writeTable(workbook, language, head, {
    name: SHEET.movements,
    columns: movementColumns(language),
    rows: movements,
  });
  const differences = compare(head, activityTable, movementTable);
  if (differences.length > 0) throw new StatementMismatchError(differences);

  writeSummary(workbook, language, head, {
    activities: activityTable,
    movements: movementTable,
    unfinished: unfinished.count,
  });
  await workbook.commit();
  return { activities: activityTable.rows, movements: movementTable.rows };
}

async function* countingUnfinished(
  rows: Rows<ActivityRow>,
  unfinished: { count: number },
): AsyncGenerator<ActivityRow> {
  for await (const row of rows) {
    if (row.unfinished) unfinished.count += 1;
    yield row;
  }
}

/** The totals that both the rows and the ledger know, where they differ. */
function compare(
  { balances }: StatementHead,
  activities: WrittenTable,
  movements: WrittenTable,
): readonly StatementDifference[] {
  const sum = (table: WrittenTable, key: string): number => table.sums.get(key) ?? 0;
  const posted = sum(movements, 'postedDeltaMinutes');
  const held = sum(movements, 'heldDeltaMinutes');
  const totals: readonly (readonly [total: string, stated: number, counted: number])[] = [
    ['movements.postedMinutes', balances.postedMinutes, posted],
    ['movements.heldMinutes', balances.heldMinutes, held],
    ['movements.availableMinutes', balances.availableMinutes, posted - held],
    ['movements.chargedMinutes', balances.chargedMinutes, sum(movements, 'chargedDeltaMinutes')],
    ['activities.chargedMinutes', balances.chargedMinutes, sum(activities, 'chargedMinutes')],
  ];
  return totals
    .filter(([, stated, counted]) => stated !== counted)
    .map(([total, statedMinutes, countedMinutes]) => ({ total, statedMinutes, countedMinutes }));
}

/** What is wrong with the head is said before a byte is written. */
function checkHead(head: StatementHead): void {
  if (Number.isNaN(Date.parse(head.generatedAt))) {
    throw new RangeError(`No instant: ${JSON.stringify(head.generatedAt)}`);
  }
  for (const [name, minutes] of Object.entries(head.balances)) wholeMinutes(minutes, name);
  for (const lot of head.lots) {
    wholeMinutes(lot.minutes, `lot ${lot.label}`);
    wholeMinutes(lot.remainingMinutes, `remainder of lot ${lot.label}`);
  }
  if (head.residual) wholeMinutes(head.residual.minutes, 'residual');
}
