import { describe, expect, it } from '@jest/globals';
import { heightOf, linesOf } from './height.js';

describe('The height of a row', () => {
  it.each([
    ['', 10, 1],
    ['short', 10, 1],
    ['exactly 10', 10, 1],
    ['two words that wrap', 10, 2],
    ['lucia@agenzia.example', 10, 3],
    ['a\nb\r\nc', 10, 3],
    ['abcdefghij abcdefghij', 10, 2],
    ['x'.repeat(100), 10, 10],
  ])('%j in %d characters takes %d lines', (text, width, lines) => {
    expect(linesOf(text, width)).toBe(lines);
  });

  it('is bounded', () => {
    expect([heightOf(0, 8), heightOf(2, 8), heightOf(1000, 8)]).toEqual([14, 28, 112]);
  });
});
