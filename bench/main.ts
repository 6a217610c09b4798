import { type Asked, HELP, readCommandLine } from './command-line.ts';
import { compareRuns } from './results/compare.ts';
import type { Results, SectionResult } from './results/figure.ts';
import { keepResults, putInto, readResults } from './results/keep.ts';
import { comparisonText, markdownTable, sectionText } from './results/table.ts';
import { Run } from './run.ts';

const write = (line: string) => process.stdout.write(`${line}\n`);

/** Measures what was asked, and keeps the results after each section. False when a section failed. */
async function measureAll({ sections, quick, repetitions, out, into }: Asked): Promise<[Results, boolean]> {
  const run = new Run({ quick, repetitions, say: write });
  let isStopping = false;
  const stop = () => {
    if (isStopping) return;
    isStopping = true;
    void run.stop().then(() => process.exit(130));
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, stop);
  process.on('disconnect', stop);

  const measured: SectionResult[] = [];
  let allWell = true;
  const results: Results = { sections: measured };
  for (const section of sections) {
    await run.release(section);
    write(`\n${section.key}. ${section.title}`);
    try {
      const result = await run.measure(section);
      measured.push(result);
      const { loadBefore, loadAfter, seconds } = result;
      write(sectionText(result));
      write(`  (${seconds} s, load ${loadBefore.toFixed(1)} before and ${loadAfter.toFixed(1)} after)`);
    } catch (error) {
      allWell = false;
      write(`  FAILED: ${(error as Error).stack}`);
    }
    const kept = out === undefined ? results : await keepResults(out, results);
    if (into !== undefined) await putInto(into, kept);
  }
  await run.release();
  return [results, allWell];
}

async function main(): Promise<void> {
  const asked = readCommandLine(process.argv.slice(2));
  if (asked === null) {
    write(HELP);
    return;
  }
  const earlier = asked.compare === undefined ? null : await readResults(asked.compare);
  const [results, allWell] = await measureAll(asked);
  write(`\n${markdownTable(results)}`);
  if (earlier !== null)
    write(`\nAgainst ${asked.compare}:\n${comparisonText(compareRuns(earlier, results))}`);
  process.exitCode = allWell ? 0 : 1;
}

// A Postgres that is being stopped is waited for and does not itself keep this process alive.
setInterval(() => {}, 60_000);
await main().catch((error: Error) => {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
});
process.exit();
