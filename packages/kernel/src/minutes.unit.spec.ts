import { describe, expect, it } from '@jest/globals';
import { formatMinutes, roundTotalMinutes } from './minutes.js';

describe('R16 rounding', () => {
  it.each([
    [0, 15, 30, 0],
    [1, 15, 30, 30],
    [5, 15, 0, 15],
    [15, 15, 0, 15],
    [16, 15, 0, 30],
    [31, 15, 30, 45],
    [7, 1, 0, 7],
  ])(
    'counts a total of %i minutes, step %i, minimum %i, as %i',
    (total, roundUpToMinutes, minimumMinutes, counted) => {
      expect(roundTotalMinutes(total, { roundUpToMinutes, minimumMinutes })).toBe(counted);
    },
  );
});

describe('minutes on screen', () => {
  it.each([
    [0, '0 min'],
    [45, '45 min'],
    [60, '1 h'],
    [150, '2 h 30 min'],
    [65, '1 h 05 min'],
    [-90, '−1 h 30 min'],
  ])('shows %i as %s', (minutes, text) => {
    expect(formatMinutes(minutes)).toBe(text);
  });
});
