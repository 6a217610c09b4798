import { setTimeout as pause } from 'node:timers/promises';

/** Resolves with the first truthy answer; throws Error after `limitMilliseconds`. For what gives no event to wait for. */
export async function eventually<T>(
  condition: () => T | Promise<T>,
  what = 'a condition',
  limitMilliseconds = 15_000,
): Promise<NonNullable<T>> {
  const end = performance.now() + limitMilliseconds;
  for (;;) {
    const answer = await condition();
    if (answer) return answer;
    if (performance.now() > end) throw new Error(`${what} did not come true in ${limitMilliseconds} ms`);
    await pause(10);
  }
}
