import { describe, expect, it } from '@jest/globals';
import { cellText, dateValue, durationValue, MAX_CELL_TEXT, romeTimeValue, wholeMinutes } from './cells.js';

describe('A text in a cell', () => {
  it.each([
    ['=1+1', '=1+1'],
    ['a\r\nb\rc', 'a\nb\nc'],
    ['a\u0000b\u001bc\u007fd\ufffee', 'abcde'],
    ['\ud800', '\ufffd'],
    ['tab\tstays', 'tab\tstays'],
  ])('%j is %j', (text, expected) => {
    expect(cellText(text)).toBe(expected);
  });

  it('is never cut through a pair of surrogates', () => {
    const cut = cellText('😀'.repeat(MAX_CELL_TEXT));
    expect(cut.isWellFormed()).toBe(true);
    expect(cut.length).toBeLessThanOrEqual(MAX_CELL_TEXT);
  });
});

describe('Minutes, dates and times', () => {
  it.each([
    [0, 0],
    [90, 0.0625],
    [-75, '-1:15'],
    [-5, '-0:05'],
  ])('%d min as a duration is %j', (minutes, expected) => {
    expect(durationValue(minutes)).toBe(expected);
  });

  it.each(['2026-02-29', '2026-13-01', '20260301', ''])('%j is no date', (text) => {
    expect(() => dateValue(text)).toThrow(RangeError);
  });

  it.each([
    ['2026-03-29T00:59:59.000Z', '2026-03-29T01:59:59.000Z'],
    ['2026-03-29T01:00:00.000Z', '2026-03-29T03:00:00.000Z'],
    ['2026-10-25T01:30:00.000Z', '2026-10-25T02:30:00.000Z'],
    ['2026-12-31T23:30:00.000Z', '2027-01-01T00:30:00.000Z'],
  ])('%s is shown as Rome’s clock showed it', (instant, expected) => {
    expect(romeTimeValue(instant).toISOString()).toBe(expected);
  });

  it('are never fractions', () => {
    expect(() => wholeMinutes(1.5, 'x')).toThrow('x is no whole number of minutes: 1.5');
  });
});
