import type { Aim, Figure } from './figure.ts';
import { RATIO } from './figure.ts';

/** The smallest value that so many percent of the values do not exceed (nearest rank). Throws RangeError for none. */
export function percentile(values: readonly number[], percent: number): number {
  if (values.length === 0) throw new RangeError('no values have no percentile');
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)]!;
}

/** The middle value; of an even number the mean of the two in the middle. Throws RangeError for none. */
export function median(values: readonly number[]): number {
  if (values.length === 0) throw new RangeError('no values have no median');
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** The median of repetitions, with how far apart they were. */
export const figureOf = (name: string, unit: string, values: readonly number[], aim?: Aim): Figure => ({
  name,
  unit,
  value: median(values),
  ...(values.length > 1 ? { lowest: Math.min(...values), highest: Math.max(...values) } : {}),
  ...(aim === undefined ? {} : { aim }),
});

/**
 * How the first compares with the second, repetition by repetition: each pair was measured one right after the other,
 * so what else the machine did weighs on both.
 */
export function ratioOf(
  name: string,
  values: readonly number[],
  others: readonly number[],
  aim?: Aim,
): Figure {
  if (values.length !== others.length)
    throw new RangeError(`${name}: not as many of the one as of the other`);
  return figureOf(
    name,
    RATIO,
    values.map((value, index) => value / others[index]!),
    aim,
  );
}
