import { describe, expect, it, jest } from '@jest/globals';
import type ExcelJS from 'exceljs';
import { cellText, MAX_CELL_TEXT } from './cells.js';
import { activity, bytesOf, head, Movements, reopen, smallStatement } from './fixtures/statement.js';

const cellsOf = (sheet: ExcelJS.Worksheet): ExcelJS.Cell[] => {
  const cells: ExcelJS.Cell[] = [];
  sheet.eachRow((row) => row.eachCell((cell) => cells.push(cell)));
  return cells;
};

const formulasOf = (sheet: ExcelJS.Worksheet) =>
  cellsOf(sheet).filter(
    (cell) => typeof cell.value === 'object' && cell.value !== null && 'formula' in cell.value,
  );

/** What the sums of a sheet's own columns come to, beside what the file says they do. */
function recounted(workbook: ExcelJS.Workbook, formula: string): number {
  const [, sheetName, letter, from, to] = /^SUM\((?:'([^']+)'!)?([A-Z]+)(\d+):[A-Z]+(\d+)\)$/.exec(formula)!;
  const sheet = workbook.getWorksheet(sheetName!)!;
  let sum = 0;
  for (let row = Number(from); row <= Number(to); row += 1)
    sum += Number(sheet.getCell(`${letter}${row}`).value ?? 0);
  return sum;
}

/** Only the date is made up: streams need their ticks. */
const REAL_TIMERS = ['nextTick', 'setImmediate', 'setTimeout', 'setInterval', 'queueMicrotask'] as const;

const small = () => {
  const { head: of, activities, movements } = smallStatement();
  return bytesOf('it', of, activities, movements);
};

describe('R14 the spreadsheet of a package', () => {
  it.each([
    ['it', ['Attività', 'Movimenti', 'Riepilogo']],
    ['en', ['Activities', 'Movements', 'Summary']],
  ] as const)('has its three sheets in %s', async (language, names) => {
    const { head: of, activities, movements } = smallStatement();
    const workbook = await reopen(await bytesOf(language, of, activities, movements));
    expect(workbook.worksheets.map((sheet) => sheet.name)).toEqual(names);
  });

  it('lists activities and movements with their numbers', async () => {
    const workbook = await reopen(await small());
    const [activities, movements] = workbook.worksheets;
    const valuesOf = (sheet: ExcelJS.Worksheet, row: number) =>
      (sheet.getRow(row).values as unknown[]).slice(1);
    expect(valuesOf(activities!, 5)).toEqual([
      1,
      'Attività 1',
      'Assistenza al sito',
      'Concordata',
      'Sì',
      'lucia@agenzia.example',
      'Fatta',
      'Approvata',
      'Conclusa',
      1,
      30,
      3,
      90,
      30,
      new Date('1899-12-30T00:30:00.000Z'),
      90,
      new Date('1899-12-30T01:30:00.000Z'),
      0,
      new Date('2026-03-20T00:00:00.000Z'),
      'Rigida',
    ]);
    expect(activities!.getCell('B6').value).toBe('Refuso (extra)');
    expect(valuesOf(movements!, 8).slice(0, 4)).toEqual([
      4,
      new Date('2026-03-03T00:00:00.000Z'),
      new Date('2026-03-03T11:00:00.000Z'),
      'Lavoro addebitato',
    ]);
    expect(valuesOf(movements!, 8).slice(7, 15)).toEqual([30, 3, 90, -90, -90, 510, 0, 510]);
    expect(movements!.getCell('R8').value).toBe('4'.padStart(64, '0'));
  });

  it('has totals that are formulas, whose cached values are what they count', async () => {
    const workbook = await reopen(await small());
    const sums = workbook.worksheets.flatMap((sheet) =>
      formulasOf(sheet).map((cell) => ({ sheet: sheet.name, value: cell.value as ExcelJS.CellFormulaValue })),
    );
    const plain = sums.filter(({ value }) => value.formula.startsWith('SUM('));
    expect(plain.length).toBeGreaterThanOrEqual(15);
    for (const { sheet, value } of plain) {
      const formula = value.formula.includes('!')
        ? value.formula
        : value.formula.replace('(', `('${sheet}'!`);
      expect([formula, value.result ?? 0]).toEqual([formula, recounted(workbook, formula)]);
    }
  });

  it('states the ledger’s balances in the summary', async () => {
    const summary = (await reopen(await small())).getWorksheet('Riepilogo')!;
    const minutes = new Map<unknown, unknown>();
    summary.eachRow((row) => {
      const value = row.getCell(2).value;
      const shown =
        typeof value === 'object' && value !== null && 'formula' in value ? (value.result ?? 0) : value;
      if (!minutes.has(row.getCell(1).value)) minutes.set(row.getCell(1).value, shown);
    });
    expect(Object.fromEntries(minutes)).toMatchObject({
      'Ore concesse': 600,
      'Ore addebitate': 90,
      Saldo: 510,
      'Ore prenotate': 60,
      'Ore disponibili': 450,
      'In attesa di decisione': 45,
      'Attività elencate': 2,
      'di cui non finite': 1,
      'Movimenti nel registro': 5,
    });
  });

  it('is the same bytes for the same input, whatever the clock says', async () => {
    const first = await small();
    jest.useFakeTimers({ now: new Date('2031-07-01T03:04:05.000Z'), doNotFake: [...REAL_TIMERS] });
    try {
      expect(new Date().getFullYear()).toBe(2031);
      expect((await small()).equals(first)).toBe(true);
    } finally {
      jest.useRealTimers();
    }
  });

  it('can be empty', async () => {
    const workbook = await reopen(await bytesOf('en', head({}), [], []));
    expect(workbook.getWorksheet('Activities')!.getCell('B5').value).toBe('No rows');
  });

  it.each([
    ['movements.postedMinutes', { postedMinutes: 511, availableMinutes: 450 }],
    ['movements.heldMinutes', { heldMinutes: 61 }],
    ['movements.chargedMinutes', { chargedMinutes: 91 }],
  ])('is refused when %s would contradict the ledger', async (total, wrong) => {
    const { head: of, activities, movements } = smallStatement();
    const given = { ...of, balances: { ...of.balances, ...wrong } };
    await expect(bytesOf('it', given, activities, movements)).rejects.toMatchObject({
      name: 'StatementMismatchError',
      differences: expect.arrayContaining([expect.objectContaining({ total })]),
    });
  });

  it.each([
    ['a fraction of a minute', () => bytesOf('it', head({}), [activity(1, { actualMinutes: 0.5 })], [])],
    ['a date that does not exist', () => bytesOf('it', head({}), [activity(1, { dueOn: '2026-02-30' })], [])],
    ['no instant', () => bytesOf('it', head({}, { generatedAt: 'now' }), [], [])],
  ])('is refused with %s', async (_what, write) => {
    await expect(write()).rejects.toThrow(/minutes|date|instant/i);
  });
});

describe('R14 no text of a person can become a formula', () => {
  const HOSTILE = [
    "=cmd|' /C calc'!A0",
    '=HYPERLINK("http://evil.example","click")',
    '+1+1',
    '-2+3',
    '@SUM(A1:A9)',
    '\t=1+1',
    '\r\n=1+1',
    '{=1+1}',
    "'=1+1",
    '<script>alert(1)</script> & "quotes" ]]>',
    'control\u0000\u0007\u001b\u007f characters',
    'half a pair \ud800 here',
    '=A'.repeat(20_000),
  ];

  it.each(HOSTILE.map((text) => [JSON.stringify(text).slice(0, 40), text]))('%s', async (_name, text) => {
    const movements = new Movements().add('LotAdded', 0, 0, 0, {
      activity: text,
      actor: text,
      performedBy: text,
      note: text,
      type: text,
    });
    const of = head(
      {},
      {
        packageName: text,
        clientName: text,
        referent: text,
        closingReason: text,
        lots: [{ label: text, minutes: 0, remainingMinutes: 0, state: 'open' }],
      },
    );
    const workbook = await reopen(
      await bytesOf(
        'it',
        of,
        [activity(1, { displayTitle: text, assignee: text, origin: text })],
        movements.rows,
      ),
    );
    for (const sheet of workbook.worksheets) {
      for (const cell of formulasOf(sheet)) {
        expect((cell.value as ExcelJS.CellFormulaValue).formula).toMatch(
          /^(SUM|IF|COUNT|COUNTIF)\(|^B\d+-B\d+$/,
        );
      }
      for (const cell of cellsOf(sheet)) {
        if (typeof cell.value === 'string') expect(cell.value.length).toBeLessThanOrEqual(MAX_CELL_TEXT);
      }
    }
    const shown = workbook.getWorksheet('Attività')!.getCell('B5').value;
    expect(typeof shown).toBe('string');
    expect(shown).toBe(cellText(text));
  });

  it('cuts what no cell can hold, and says so', async () => {
    const workbook = await reopen(
      await bytesOf('it', head({}), [activity(1, { displayTitle: 'x'.repeat(40_000) })], []),
    );
    const shown = String(workbook.getWorksheet('Attività')!.getCell('B5').value);
    expect([shown.length, shown.at(-1)]).toEqual([MAX_CELL_TEXT, '…']);
  });
});
