import { describe, expect, it } from '@jest/globals';
import { isOlderThan, nextAttemptAt, nextLookAt } from './waiting.js';

const NOW = '2026-11-24T10:00:00.000Z';

describe('R11 a failing mail server delays, never loses', () => {
  it.each([
    [1, '2026-11-24T10:00:01.000Z'],
    [2, '2026-11-24T10:00:02.000Z'],
    [5, '2026-11-24T10:00:16.000Z'],
    [12, '2026-11-24T10:34:08.000Z'],
    [13, '2026-11-24T11:00:00.000Z'],
    [5000, '2026-11-24T11:00:00.000Z'],
  ])('after %d attempts the next one is at %s', (attempts, at) => {
    expect(nextAttemptAt(attempts, NOW)).toBe(at);
  });

  it.each([
    [NOW, '2026-11-24T10:00:00.200Z'],
    ['2026-11-24T09:59:50.000Z', '2026-11-24T10:00:05.000Z'],
    ['2026-11-20T10:00:00.000Z', '2026-11-24T11:00:00.000Z'],
    ['2026-11-24T10:05:00.000Z', '2026-11-24T10:00:00.200Z'],
  ])('what waits since %s is looked at again at %s', (since, at) => {
    expect(nextLookAt(since, NOW)).toBe(at);
  });

  it('is older than a minute only after it', () => {
    expect(isOlderThan(60_000, '2026-11-24T09:59:00.000Z', NOW)).toBe(false);
    expect(isOlderThan(60_000, '2026-11-24T09:58:59.999Z', NOW)).toBe(true);
  });
});
