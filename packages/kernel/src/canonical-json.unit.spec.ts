import { describe, expect, it } from '@jest/globals';
import { canonicalJson, inputHashOf } from './canonical-json.js';

describe('canonical JSON', () => {
  it.each([
    [{ b: 1, a: [true, null, 'è'] }, '{"a":[true,null,"è"],"b":1}'],
    [{ a: undefined, b: { d: 0, c: -0 } }, '{"b":{"c":0,"d":0}}'],
    ['"\\\n', '"\\"\\\\\\n"'],
  ])('writes %j in one way', (value, text) => {
    expect(canonicalJson(value)).toBe(text);
  });

  it.each([[Number.NaN], [2 ** 60], [() => 1], [1n], ['\ud800'], [new Date(0)]])('refuses %p', (value) => {
    expect(() => canonicalJson(value)).toThrow(TypeError);
  });

  it('gives equal inputs the same hash, whatever the order of their members', () => {
    expect(inputHashOf({ minutes: 30, note: 'x' })).toBe(inputHashOf({ note: 'x', minutes: 30 }));
    expect(inputHashOf({ minutes: 30 })).not.toBe(inputHashOf({ minutes: 31 }));
  });
});
