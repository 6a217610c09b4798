import { readFileSync } from 'node:fs';
import type { Clock } from '@monteore/kernel';
import { systemClock } from '@monteore/kernel';

/**
 * The clock of a process: the machine's, or, where `MONTEORE_TEST_CLOCK` names a file, the machine's moved by the
 * milliseconds written there. The file is read at each question, so that every process is moved at the same moment.
 * Throws Error when the file holds no whole number.
 */
export function clockFrom(testClockFile: string | undefined): Clock {
  if (testClockFile === undefined || testClockFile === '') return systemClock;
  return {
    now: () => {
      const text = readFileSync(testClockFile, 'utf8').trim();
      if (!/^[+-]?\d+$/.test(text))
        throw new Error(`${testClockFile} must hold a whole number of milliseconds`);
      return new Date(Date.now() + Number(text)).toISOString();
    },
  };
}
