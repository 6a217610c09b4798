/** What a figure should come to. */
export type Aim = { readonly atLeast: number } | { readonly atMost: number } | { readonly below: number };

/** Ratios are what two machines, or two loads of one machine, can be compared by. */
export const RATIO = 'ratio';

/** One measured number. */
export interface Figure {
  readonly name: string;
  /** The median of the repetitions, where there were several. */
  readonly value: number;
  /** `ratio`, or the unit in full: `events/s`, `ms`. */
  readonly unit: string;
  /** Of the repetitions. */
  readonly lowest?: number;
  readonly highest?: number;
  readonly aim?: Aim;
}

export function isMet({ value }: Pick<Figure, 'value'>, aim: Aim): boolean {
  if ('atLeast' in aim) return value >= aim.atLeast;
  return 'atMost' in aim ? value <= aim.atMost : value < aim.below;
}

/** On which machine, and how busy it was: the load average of one minute, in processes that want a processor. */
export interface Surroundings {
  readonly machine: Machine;
  readonly measuredAt: string;
  readonly commit: string;
  readonly quick: boolean;
  readonly loadBefore: number;
  readonly loadAfter: number;
  readonly seconds: number;
}

export interface SectionResult extends Surroundings {
  readonly key: string;
  readonly title: string;
  readonly figures: readonly Figure[];
  /** The settings of each Postgres that was used, as it told them. */
  readonly durability: readonly string[];
}

export interface Machine {
  readonly processors: number;
  readonly model: string;
  readonly memoryGiB: number;
  readonly system: string;
  readonly node: string;
}

/** What a run writes, and what `--compare` reads. */
export interface Results {
  readonly sections: readonly SectionResult[];
}
