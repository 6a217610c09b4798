import { Bell } from '@monteore/kernel';
import type { BatchHandler, Position, StoredEvent, Subscription } from '../port.js';

export const BATCH_EVENTS = 500;

/** Told of what mends itself but somebody should see in a log. */
export type OnProblem = (problem: string, error: unknown) => void;

export interface AllRead {
  readonly events: readonly StoredEvent[];
  readonly readUpTo: Position;
}

/** Rings a subscription's bell when there may be something to read, until the function that it answers is called. */
export interface Signals {
  listen(bell: Bell): () => void;
}

export interface SubscriptionTimes {
  /** The longest an event waits when its signal was lost. */
  readonly pollMilliseconds: number;
  readonly firstRetryMilliseconds: number;
  readonly longestRetryMilliseconds: number;
}

/** Starts the loop that brings events to a handler, in order, each batch until it is taken. */
export function startSubscription(
  after: Position,
  readNext: (after: Position) => Promise<AllRead>,
  handler: BatchHandler,
  signals: Signals,
  onProblem: OnProblem,
  times: SubscriptionTimes,
): Subscription {
  const bell = new Bell();
  const silence = signals.listen(bell);
  let stopped = false;

  /** Repeats `work` with growing pauses until it succeeds; undefined when stopped first. */
  const insist = async <T>(what: string, work: () => Promise<T>): Promise<T | undefined> => {
    let pause = times.firstRetryMilliseconds;
    while (!stopped) {
      try {
        return await work();
      } catch (error) {
        onProblem(what, error);
      }
      const end = performance.now() + pause;
      // New events do not shorten the pause, only stop() does.
      for (let left = pause; left > 0 && !stopped; left = end - performance.now()) await bell.wait(left);
      pause = Math.min(pause * 2, times.longestRetryMilliseconds);
    }
    return undefined;
  };

  const handle = (events: readonly StoredEvent[], readUpTo: Position) =>
    insist('a handler of new events failed', async () => {
      await handler(events, readUpTo);
      return true;
    });

  const run = async () => {
    let position = after;
    while (!stopped) {
      const next = await insist('new events cannot be read', () => readNext(position));
      if (next === undefined || stopped) break;
      if (next.readUpTo === position) {
        await bell.wait(times.pollMilliseconds);
        continue;
      }
      if (next.events.length > 0 && (await handle(next.events, next.readUpTo)) === undefined) break;
      position = next.readUpTo;
    }
  };

  const running = run();
  return {
    stop: () => {
      stopped = true;
      silence();
      bell.ring();
      return running;
    },
  };
}
