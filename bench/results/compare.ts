import { RATIO, type Results, type SectionResult } from './figure.ts';

export interface RatioChange {
  readonly section: string;
  readonly name: string;
  readonly before: number;
  readonly after: number;
  /** Of the ratio: 10 where it went from 2.0 to 2.2. */
  readonly changePercent: number;
}

export interface Comparison {
  readonly changes: readonly RatioChange[];
  /** Ratios that only one of the two runs has, as `section: name`. */
  readonly onlyBefore: readonly string[];
  readonly onlyAfter: readonly string[];
}

/** The ratios of two runs. Sections that the later run left out are left out here too. */
export function compareRuns(before: Results, after: Results): Comparison {
  const measured = new Set(after.sections.map(({ key }) => key));
  const earlier = ratiosOf(before.sections.filter(({ key }) => measured.has(key)));
  const later = ratiosOf(after.sections);
  const changes = [...later].flatMap(([id, { section, name, value }]): RatioChange[] => {
    const known = earlier.get(id);
    if (known === undefined) return [];
    const changePercent = (value / known.value - 1) * 100;
    return [{ section, name, before: known.value, after: value, changePercent }];
  });
  return {
    changes,
    onlyBefore: [...earlier.keys()].filter((id) => !later.has(id)),
    onlyAfter: [...later.keys()].filter((id) => !earlier.has(id)),
  };
}

const ratiosOf = (sections: readonly SectionResult[]) =>
  new Map(
    sections.flatMap(({ key, figures }) =>
      figures
        .filter(({ unit }) => unit === RATIO)
        .map(({ name, value }) => [`${key}: ${name}`, { section: key, name, value }] as const),
    ),
  );
