import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  addDays,
  atLocalTime,
  dayOfWeek,
  daysBetween,
  endOfDay,
  formatDate,
  formatInstant,
  isRealDate,
  localDateOf,
  ROME,
} from './index.js';

const date = fc
  .date({ min: new Date('2020-01-01'), max: new Date('2100-12-30'), noInvalidDate: true })
  .map((day) => day.toISOString().slice(0, 10));

describe('dates', () => {
  it.each([
    ['2026-02-30', false],
    ['2024-02-29', true],
    ['2100-02-29', false],
    ['2026-13-01', false],
    ['2026-00-10', false],
    ['2026-1-1', false],
    ['20260101', false],
    ['2026-01-01T00:00', false],
    ['+002026-01-01', false],
    [' 2026-01-01', false],
    ['2026-01-01\n', false],
    ['', false],
  ])('%j exists: %s', (text, real) => {
    expect(isRealDate(text)).toBe(real);
  });

  it('are refused where they do not exist', () => {
    expect(() => addDays('2026-02-30', 1)).toThrow(RangeError);
    expect(() => endOfDay('20260101')).toThrow(RangeError);
    expect(() => formatDate('2026-02-30', 'it')).toThrow(RangeError);
    expect(() => addDays('9999-12-31', 1)).toThrow(RangeError);
    expect(() => atLocalTime('2026-01-01', '24:00')).toThrow(RangeError);
    expect(() => atLocalTime('2026-01-01', '9:00')).toThrow(RangeError);
  });

  it('count days over the change of the hour, leap days and years', () => {
    expect(addDays('2026-03-28', 2)).toBe('2026-03-30');
    expect(addDays('2024-02-28', 1)).toBe('2024-02-29');
    expect(addDays('2026-01-01', -1)).toBe('2025-12-31');
    expect(daysBetween('2026-10-24', '2026-10-26')).toBe(2);
    expect(daysBetween('2026-10-26', '2026-10-24')).toBe(-2);
    expect(dayOfWeek('2026-11-16')).toBe(1);
    expect(dayOfWeek('2026-11-22')).toBe(7);
  });

  it('add up', () => {
    fc.assert(
      fc.property(date, fc.integer({ min: -10_000, max: 10_000 }), (day, days) => {
        const other = addDays(day, days);
        expect(daysBetween(day, other)).toBe(days);
      }),
    );
  });
});

describe('Rome time', () => {
  it.each([
    ['2026-11-16T22:59:59.999Z', '2026-11-16'],
    ['2026-11-16T23:00:00.000Z', '2026-11-17'],
    ['2026-07-16T21:59:59.999Z', '2026-07-16'],
    ['2026-07-16T22:00:00.000Z', '2026-07-17'],
    ['2026-11-16T23:30:00.000+02:00', '2026-11-16'],
  ])('at %s it is %s', (instant, day) => {
    expect(localDateOf(instant)).toBe(day);
  });

  it.each([
    ['2026-03-28', '2026-03-28T23:00:00.000Z', 'the night before the change has the old offset'],
    ['2026-03-29', '2026-03-29T22:00:00.000Z', 'a day of 23 hours'],
    ['2026-10-25', '2026-10-25T23:00:00.000Z', 'a day of 25 hours'],
    ['2026-11-16', '2026-11-16T23:00:00.000Z', 'winter'],
    ['2026-12-31', '2026-12-31T23:00:00.000Z', 'the year'],
  ])('R13 the end of %s is %s: %s', (day, instant) => {
    expect(endOfDay(day)).toBe(instant);
  });

  it.each([
    ['2026-11-16', '18:00', '2026-11-16T17:00:00.000Z', 'winter'],
    ['2026-07-16', '18:00', '2026-07-16T16:00:00.000Z', 'summer'],
    ['2026-03-29', '02:30', '2026-03-29T01:30:00.000Z', 'skipped: read as 03:30'],
    ['2026-10-25', '02:30', '2026-10-25T00:30:00.000Z', 'repeated: the first'],
  ])('%s %s is %s (%s)', (day, time, instant) => {
    expect(atLocalTime(day, time)).toBe(instant);
  });

  it('are those of their own instant, whatever was asked for before', () => {
    const inRome = new Intl.DateTimeFormat('en-CA', { timeZone: ROME });
    const moment = fc.integer({
      min: Date.parse('1890-01-01T00:00:00Z'),
      max: Date.parse('2110-01-01T00:00:00Z'),
    });
    fc.assert(
      fc.property(moment, fc.integer({ min: -3_600_000, max: 3_600_000 }), (at, apart) => {
        for (const each of [at, at + apart, at]) {
          const instant = new Date(each);
          expect(localDateOf(instant.toISOString())).toBe(inRome.format(instant));
        }
      }),
    );
    localDateOf('2026-11-16T17:10:00.000Z');
    expect(() => localDateOf('2026-11-16T17:99:00.000Z')).toThrow(RangeError);
  });

  it('R13 a day ends where the next begins, and holds every instant between', () => {
    fc.assert(
      fc.property(date, (day) => {
        const end = endOfDay(day);
        expect(end).toBe(atLocalTime(addDays(day, 1), '00:00'));
        expect(localDateOf(new Date(Date.parse(end) - 1).toISOString())).toBe(day);
        expect(localDateOf(end)).toBe(addDays(day, 1));
      }),
    );
  });
});

describe('dates in words', () => {
  it('are written in the reader’s language', () => {
    expect(formatDate('2026-11-16', 'it')).toBe('lunedì 16 novembre 2026');
    expect(formatDate('2026-11-16', 'en')).toBe('Monday 16 November 2026');
    expect(formatInstant('2026-11-16T17:00:00.000Z', 'it')).toBe('lunedì 16 novembre 2026, ore 18:00');
    expect(formatInstant('2026-11-16T17:00:00.000Z', 'en')).toBe('Monday 16 November 2026, 18:00');
  });

  it('are Rome’s, also past midnight', () => {
    expect(formatInstant('2026-07-01T22:05:00.000Z', 'it')).toBe('giovedì 2 luglio 2026, ore 00:05');
  });
});
