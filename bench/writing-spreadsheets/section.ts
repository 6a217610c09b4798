import { execFile } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { newDirectory } from '../../e2e/harness/instance.ts';
import type { LoneSection } from '../measuring/section.ts';
import { figureOf } from '../results/statistics.ts';

const PROGRAM = join(import.meta.dirname, 'write-spreadsheet.ts');
const BYTES_A_MEGABYTE = 1024 * 1024;

export interface WrittenSpreadsheet {
  readonly rows: number;
  readonly seconds: number;
  /** Of the whole process, from its start. */
  readonly peakBytes: number;
  readonly fileBytes: number;
}

export const writingSpreadsheets: LoneSection = {
  key: 'f',
  title: 'A spreadsheet of 100,000 movements',
  needs: 'nothing',
  limitMinutes: 10,
  measure: async (measuring) => {
    const directory = newDirectory();
    measuring.atEnd(() => rm(directory, { recursive: true, force: true }));
    const rows = measuring.size(100_000, 5_000);
    const written: WrittenSpreadsheet[] = [];
    for (let repetition = 0; repetition < measuring.repetitions; repetition += 1) {
      const args = [PROGRAM, String(rows), join(directory, `${repetition}.xlsx`)];
      const { stdout } = await promisify(execFile)(process.execPath, args);
      written.push(JSON.parse(stdout));
    }
    const wrong = written.find((one) => one.rows !== rows);
    if (wrong !== undefined) throw new Error(`${wrong.rows} rows were written of ${rows}`);
    const of = (pick: (one: WrittenSpreadsheet) => number) => written.map(pick);
    return [
      figureOf(
        'written',
        's',
        of(({ seconds }) => seconds),
      ),
      figureOf(
        'rows a second',
        'rows/s',
        of(({ seconds }) => rows / seconds),
      ),
      figureOf(
        'peak memory of the process',
        'MiB',
        of(({ peakBytes }) => peakBytes / BYTES_A_MEGABYTE),
        {
          below: 256,
        },
      ),
      figureOf(
        'the file',
        'MiB',
        of(({ fileBytes }) => fileBytes / BYTES_A_MEGABYTE),
      ),
    ];
  },
};
