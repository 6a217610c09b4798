import { setTimeout as pause } from 'node:timers/promises';
import { isTransient } from '@monteore/messaging';

/** How long a start waits for a database or a broker that does not answer yet. */
const PATIENCE_MILLISECONDS = 30_000;

/**
 * Does one step of a start again for as long as its surroundings do not answer: whoever starts everything at once, or
 * on a machine that is busy, need not keep an order. What fails by itself is thrown at once.
 */
export async function untilAnswered<T>(
  step: () => Promise<T>,
  patienceMilliseconds = PATIENCE_MILLISECONDS,
): Promise<T> {
  const end = performance.now() + patienceMilliseconds;
  for (let wait = 50; ; wait = Math.min(wait * 2, 2000)) {
    try {
      return await step();
    } catch (error) {
      if (!isTransient(error) || performance.now() + wait > end) throw error;
      await pause(wait);
    }
  }
}
