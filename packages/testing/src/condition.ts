import { setTimeout as pause } from 'node:timers/promises';

const FIRST_PAUSE_MILLISECONDS = 10;
/** Who asks all the time takes the time of those who are to bring the answer about. */
const LONGEST_PAUSE_MILLISECONDS = 100;

/** Resolves with the first truthy answer; throws Error after `limitMilliseconds`. For what gives no event to wait for. */
export async function eventually<T>(
  condition: () => T | Promise<T>,
  what = 'a condition',
  limitMilliseconds = 15_000,
): Promise<NonNullable<T>> {
  const end = performance.now() + limitMilliseconds;
  for (let between = FIRST_PAUSE_MILLISECONDS; ; between *= 1.25) {
    const answer = await condition();
    if (answer) return answer;
    if (performance.now() > end) throw new Error(`${what} did not come true in ${limitMilliseconds} ms`);
    await pause(Math.min(between, LONGEST_PAUSE_MILLISECONDS));
  }
}
