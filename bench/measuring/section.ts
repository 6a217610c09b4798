import type { Figure } from '../results/figure.ts';
import type { System } from '../systems/system.ts';

/** What a section is given to measure with. */
export interface Measuring {
  /** With small data sets, to see that it runs. */
  readonly quick: boolean;
  /** Of each thing that is compared. */
  readonly repetitions: number;
  /** The number for a full run, or that for a quick one. */
  size(full: number, quick: number): number;
  /** A line for whoever waits. */
  say(line: string): void;
  /** Called when the section is over, however it ended; the last one first. */
  atEnd(undo: () => Promise<unknown>): void;
  /** What a Postgres that is used says of its settings; throws Error unless it keeps what it has committed. */
  demandDurable(databaseUrl: string, whose: string): Promise<void>;
}

interface SectionBase {
  /** A letter, by which `--only` names it. */
  readonly key: string;
  readonly title: string;
  /** After so long it is given up. */
  readonly limitMinutes: number;
}

/** A section that starts what it needs. */
export interface LoneSection extends SectionBase {
  readonly needs: 'nothing' | 'kafka';
  readonly measure: (measuring: Measuring) => Promise<readonly Figure[]>;
}

/** A section that measures a running system; those that follow one another share it. */
export interface SystemSection extends SectionBase {
  readonly needs: 'embedded' | 'cluster';
  readonly measure: (measuring: Measuring, system: System) => Promise<readonly Figure[]>;
}

export type Section = LoneSection | SystemSection;

/**
 * Throws Error when the counts that two parts give of the same thing differ: no figure of it is to be believed then.
 * Of `unclear` ones nobody knows whether they are there.
 */
export function expectSame(what: string, acknowledged: number, found: number, unclear = 0): void {
  if (found < acknowledged || found > acknowledged + unclear)
    throw new Error(`${what}: ${acknowledged} were acknowledged and ${found} are in the database`);
}
