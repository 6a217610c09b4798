import { readFileSync, renameSync, writeFileSync } from 'node:fs';

const MILLISECONDS = { days: 86_400_000, hours: 3_600_000, minutes: 60_000 } as const;

/** Moves the clock of every process that was started with `MONTEORE_TEST_CLOCK` set to the file. */
export class TestClock {
  readonly file: string;

  constructor(file: string) {
    this.file = file;
  }

  now(): Date {
    return new Date(Date.now() + Number(readFileSync(this.file, 'utf8')));
  }

  advance(by: Partial<Record<keyof typeof MILLISECONDS, number>>): void {
    let offset = Number(readFileSync(this.file, 'utf8'));
    for (const [unit, count] of Object.entries(by)) offset += MILLISECONDS[unit as keyof typeof by] * count;
    this.write(offset);
  }

  /** Domain time never goes back: an earlier instant than now is refused. */
  moveTo(instant: string): void {
    if (Date.parse(instant) < this.now().getTime()) throw new RangeError(`${instant} is past`);
    this.write(Date.parse(instant) - Date.now());
  }

  /** Whole or not at all: it is read at every question for the time. */
  private write(offsetMilliseconds: number): void {
    writeFileSync(`${this.file}.new`, String(Math.round(offsetMilliseconds)));
    renameSync(`${this.file}.new`, this.file);
  }
}
