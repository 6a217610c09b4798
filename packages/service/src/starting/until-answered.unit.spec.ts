import { describe, expect, test } from '@jest/globals';
import { UnavailableError } from '@monteore/kernel';
import { untilAnswered } from './until-answered.js';

const failingTimes = (times: number, error: Error) => {
  let calls = 0;
  return async () => {
    calls += 1;
    if (calls <= times) throw error;
    return calls;
  };
};
const away = new UnavailableError('service.store-unavailable', 'does not answer');

describe('a start whose database does not answer yet', () => {
  test('does the step again until it does', async () => {
    expect(await untilAnswered(failingTimes(2, away))).toBe(3);
  });

  test('gives up after its patience, with the last reason', async () => {
    await expect(untilAnswered(failingTimes(1000, away), 100)).rejects.toBe(away);
  });

  test('throws at once what is no fault of the surroundings', async () => {
    const mistake = new Error('column "x" does not exist');
    await expect(untilAnswered(failingTimes(1, mistake))).rejects.toBe(mistake);
  });
});
