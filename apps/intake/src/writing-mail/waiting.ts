/** How long a mail waits for what another topic brings and what it could do without: a name, the request behind it. */
export const PATIENCE_MILLIS = 60_000;

const SHORTEST_MILLIS = 200;
const LONGEST_MILLIS = 3_600_000;
const FIRST_RETRY_MILLIS = 1000;

const later = (now: string, millis: number): string => new Date(Date.parse(now) + millis).toISOString();

export const isOlderThan = (millis: number, since: string, now: string): boolean =>
  Date.parse(now) - Date.parse(since) > millis;

/** When to look again at what has waited since then: ever more slowly, at least once an hour. */
export function nextLookAt(since: string, now: string): string {
  const waited = Date.parse(now) - Date.parse(since);
  return later(now, Math.min(LONGEST_MILLIS, Math.max(SHORTEST_MILLIS, waited / 2)));
}

/** When to send again after so many attempts that failed: 1 s, 2 s, 4 s … at most an hour (R11). */
export function nextAttemptAt(attempts: number, now: string): string {
  return later(now, Math.min(LONGEST_MILLIS, FIRST_RETRY_MILLIS * 2 ** Math.min(attempts - 1, 20)));
}
