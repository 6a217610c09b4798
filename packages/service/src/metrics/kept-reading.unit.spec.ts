import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { KeptReading } from './kept-reading.js';

beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
});

/** A question that is answered when the test says so. */
function question() {
  const asked: PromiseWithResolvers<number>[] = [];
  const reading = new KeptReading(() => {
    const answer = Promise.withResolvers<number>();
    asked.push(answer);
    return answer.promise;
  });
  return { asked, reading };
}

test('is asked once for all who want it, and not again for 5 s', async () => {
  const { asked, reading } = question();
  const wanted = [reading.get(), reading.get()];
  asked[0]!.resolve(7);
  expect(await Promise.all(wanted)).toEqual([7, 7]);
  await jest.advanceTimersByTimeAsync(4999);
  expect([await reading.get(), asked.length]).toEqual([7, 1]);
  await jest.advanceTimersByTimeAsync(1);
  const later = reading.get();
  expect(asked).toHaveLength(2);
  asked[1]!.resolve(8);
  expect(await later).toBe(8);
});

test('is waited for 2 s, and is null while nothing is known; a late answer counts', async () => {
  const { asked, reading } = question();
  const wanted = reading.get();
  await jest.advanceTimersByTimeAsync(2000);
  expect(await wanted).toBeNull();
  asked[0]!.resolve(7);
  expect([await reading.get(), asked.length]).toEqual([7, 1]);
});

test('is what was known before for 30 s after a failure, then null, and is asked anew', async () => {
  const { asked, reading } = question();
  const first = reading.get();
  asked[0]!.resolve(7);
  await first;
  const failing = async () => {
    const wanted = reading.get();
    asked.at(-1)!.reject(new Error('away'));
    return wanted;
  };
  await jest.advanceTimersByTimeAsync(29_999);
  expect(await failing()).toBe(7);
  await jest.advanceTimersByTimeAsync(1);
  expect([await failing(), asked.length]).toEqual([null, 3]);
});
