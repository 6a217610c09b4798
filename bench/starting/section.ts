import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { freePorts } from '../../e2e/harness/free-ports.ts';
import { launchProgram, newDirectory } from '../../e2e/harness/instance.ts';
import type { LoneSection } from '../measuring/section.ts';
import { figureOf } from '../results/statistics.ts';

const LIMIT_MILLISECONDS = 120_000;
const BETWEEN_LOOKS_MILLISECONDS = 20;

export const starting: LoneSection = {
  key: 'g',
  title: 'From the start of the program to ready',
  needs: 'nothing',
  limitMinutes: 15,
  measure: async (measuring) => {
    const [first, second]: number[][] = [[], []];
    for (let repetition = 0; repetition < measuring.repetitions; repetition += 1) {
      const directory = newDirectory();
      measuring.atEnd(() => rm(directory, { recursive: true, force: true }));
      first!.push(await secondsToReady(join(directory, 'data')));
      second!.push(await secondsToReady(join(directory, 'data')));
    }
    return [
      figureOf('first time: database, schemas and sample are made', 's', first!),
      figureOf('second time', 's', second!, { below: 10 }),
    ];
  },
};

/** The program as `npm start` runs it once everything is built, until `/health/ready` answers 200. It is stopped again. */
async function secondsToReady(dataDirectory: string): Promise<number> {
  const [port] = await freePorts(1);
  const begun = performance.now();
  const { child, exited, output } = launchProgram({ dataDirectory, flags: ['--port', String(port)] });
  try {
    for (;;) {
      if (await isReady(port!)) return (performance.now() - begun) / 1000;
      if (child.exitCode !== null || performance.now() - begun > LIMIT_MILLISECONDS)
        throw new Error(`the program did not become ready:\n${output()}`);
      await pause(BETWEEN_LOOKS_MILLISECONDS);
    }
  } finally {
    child.kill('SIGTERM');
    await exited;
  }
}

const isReady = (port: number): Promise<boolean> =>
  fetch(`http://127.0.0.1:${port}/health/ready`).then(
    ({ status }) => status === 200,
    () => false,
  );
