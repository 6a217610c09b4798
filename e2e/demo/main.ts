import { cp, mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { startInstance } from '../harness/instance.ts';
import type { FourBalances } from './balances.ts';
import { type PlayedStep, playLife } from './life-of-a-package.ts';

const { values } = parseArgs({ options: { out: { type: 'string' } } });
const write = (line: string) => process.stdout.write(`${line}\n`);

const numbers = ({ posted, held, available, pending }: FourBalances): string =>
  [posted, held, available, pending].map((minutes) => String(minutes).padStart(6)).join('');

function show({ what, board, recounted, expected, agrees }: PlayedStep): void {
  write(`${numbers(board)}   ${agrees ? '=' : '≠'}  ${what}`);
  if (agrees) return;
  write(`${numbers(recounted)}      entries counted anew`);
  write(`${numbers(expected)}      expected by the rules`);
}

const directory =
  values.out === undefined ? await mkdtemp(join(tmpdir(), 'monteore-demo-')) : resolve(values.out);
await mkdir(directory, { recursive: true });
write('Starting an instance of its own …');
const instance = await startInstance({ empty: true, clock: true });
const stop = () => void instance.stop().then(() => process.exit(130));
process.on('SIGINT', stop);
process.on('SIGTERM', stop);
try {
  write(
    `\nMinutes on the board after each step (= : equal to the entries counted anew and to a count of our own)\n`,
  );
  write('posted  held avail. pend.');
  const { steps, workbook } = await playLife(instance, show);
  await cp(instance.outbox.directory, join(directory, 'mails-out'), { recursive: true });
  await writeFile(join(directory, 'chiusura.xlsx'), workbook);
  const wrong = steps.filter(({ agrees }) => !agrees).length;
  write(`\n${steps.length} steps, ${wrong} with a balance that differs.`);
  write(`Mails out:   ${join(directory, 'mails-out')} (${(await instance.outbox.mails()).length} files)`);
  write(`Spreadsheet: ${join(directory, 'chiusura.xlsx')}`);
  process.exitCode = wrong === 0 ? 0 : 1;
} catch (error) {
  write(`\nThe demo broke off: ${(error as Error).stack}`);
  process.exitCode = 1;
} finally {
  await instance.stop();
}
