import { setTimeout as pause } from 'node:timers/promises';

/** How long a call waits for what another service has just made, before it answers 404 (api.md, Freshness). */
export const PATIENCE_MILLIS = 2000;

/** Asks again, ever more slowly, until there is an answer or the time is over; then null. */
export async function eventually<T>(
  ask: () => Promise<T | null>,
  patienceMillis = PATIENCE_MILLIS,
): Promise<T | null> {
  const until = performance.now() + patienceMillis;
  for (let wait = 5; ; wait = Math.min(wait * 2, 100)) {
    const answer = await ask();
    if (answer !== null || performance.now() >= until) return answer;
    await pause(wait);
  }
}
