/** Integer minutes. No float ever holds a duration (rules.md, Words). */
export type Minutes = number;

/** The largest number of minutes an estimate, work entry or lot may carry. */
export const MAX_MINUTES = 600_000;

/** True for a whole number of minutes that fits an exact integer. */
export function isWholeMinutes(value: unknown): value is Minutes {
  return typeof value === 'number' && Number.isSafeInteger(value);
}

/** Minutes as a person reads them: `2 h 30 min`, `45 min`, `−1 h 05 min`. */
export function formatMinutes(minutes: Minutes): string {
  const sign = minutes < 0 ? '−' : '';
  const whole = Math.abs(minutes);
  const hours = Math.floor(whole / 60);
  const rest = whole % 60;
  if (hours === 0) return `${sign}${rest} min`;
  if (rest === 0) return `${sign}${hours} h`;
  return `${sign}${hours} h ${String(rest).padStart(2, '0')} min`;
}

export interface RoundingPolicy {
  readonly roundUpToMinutes: Minutes;
  readonly minimumMinutes: Minutes;
}

/**
 * R16: what an activity's actual (or estimated) total counts for before the multiplier.
 * Nothing worked counts nothing; anything else at least the minimum, rounded up to the step.
 */
export function roundTotalMinutes(totalMinutes: Minutes, policy: RoundingPolicy): Minutes {
  if (totalMinutes <= 0) return 0;
  const atLeast = Math.max(totalMinutes, policy.minimumMinutes);
  return Math.ceil(atLeast / policy.roundUpToMinutes) * policy.roundUpToMinutes;
}
