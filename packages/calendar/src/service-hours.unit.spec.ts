import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  endOfDay,
  formatInstant,
  isRealDate,
  isWorkingDay,
  italianHolidays,
  localDateOf,
  nextServiceMoment,
  reminderAt,
  takeInChargeDeadline,
} from './index.js';

describe('R9 public holidays', () => {
  const fixed = ['01-01', '01-06', '04-25', '05-01', '06-02', '08-15', '11-01', '12-08', '12-25', '12-26'];

  it.each(Array.from({ length: 21 }, (_, index) => 2020 + index))('are the ones of the law in %i', (year) => {
    const dates = italianHolidays(year).map((holiday) => holiday.date.slice(5));
    for (const day of fixed) expect(dates).toContain(day);
    expect(dates.includes('10-04')).toBe(year >= 2026);
    expect(dates).not.toContain('12-31');
    expect(dates).toHaveLength(fixed.length + 2 + (year >= 2026 ? 1 : 0));
  });

  it.each([
    ['2026-04-06', false, 'Easter Monday'],
    ['2027-03-29', false, 'Easter Monday of the next year'],
    ['2026-12-31', true, 'the last of the year is worked'],
    ['2027-10-04', false, 'Saint Francis, a holiday again since 2026'],
    ['2024-10-04', true, 'Saint Francis before the law'],
    ['2026-06-29', true, 'a patron saint is local'],
    ['2026-11-21', false, 'a Saturday'],
  ])('%s is a working day: %s (%s)', (date, working) => {
    expect(isWorkingDay(date)).toBe(working);
  });
});

describe('R9 service hours', () => {
  it.each([
    ['2026-11-16T08:00:00.000Z', '2026-11-16T08:00:00.000Z', 'nine sharp is inside'],
    ['2026-11-16T07:59:59.999Z', '2026-11-16T08:00:00.000Z', 'just before nine'],
    ['2026-11-16T12:00:00.000Z', '2026-11-16T13:00:00.000Z', 'one sharp is lunch'],
    ['2026-11-16T16:59:59.000Z', '2026-11-16T16:59:59.000Z', 'a second before six'],
    ['2026-11-16T17:00:00.000Z', '2026-11-17T08:00:00.000Z', 'six sharp is over'],
    ['2026-11-13T17:30:00.000Z', '2026-11-16T08:00:00.000Z', 'Friday evening is Monday'],
    ['2026-03-27T18:00:00.000Z', '2026-03-30T07:00:00.000Z', 'over the change to summer time'],
    ['2026-10-23T18:00:00.000Z', '2026-10-26T08:00:00.000Z', 'over the change back'],
    ['2026-12-24T18:00:00.000Z', '2026-12-28T08:00:00.000Z', 'over Christmas'],
  ])('%s counts as received at %s: %s', (receivedAt, counted) => {
    expect(nextServiceMoment(receivedAt)).toBe(counted);
  });
});

describe('R9 taken in charge within five working days', () => {
  it.each([
    ['2026-11-09T08:12:09.000Z', [], '2026-11-16T17:00:00.000Z'],
    ['2026-11-13T17:30:00.000Z', [], '2026-11-23T17:00:00.000Z'],
    ['2026-12-28T09:00:00.000Z', [], '2027-01-05T17:00:00.000Z'],
    ['2026-03-27T09:00:00.000Z', [], '2026-04-03T16:00:00.000Z'],
    ['2026-11-09T08:12:09.000Z', ['2026-11-16'], '2026-11-17T17:00:00.000Z'],
  ])('received %s, closed on %j: by %s', (receivedAt, closingDays, by) => {
    const deadline = takeInChargeDeadline(receivedAt, closingDays);
    expect(deadline.takeInChargeBy).toBe(by);
    expect(deadline.workingDays).toHaveLength(5);
  });

  it('reminds when one working day is left', () => {
    expect(reminderAt('2026-11-16T17:00:00.000Z')).toBe('2026-11-13T17:00:00.000Z');
    expect(reminderAt('2027-01-05T17:00:00.000Z')).toBe('2027-01-04T17:00:00.000Z');
  });

  it('never lies before the receipt, never moves back as receipts come later, and counts working days only', () => {
    const instants = fc.date({
      min: new Date('2020-01-01'),
      max: new Date('2099-01-01'),
      noInvalidDate: true,
    });
    fc.assert(
      fc.property(instants, fc.nat(14 * 86_400_000), (date, later) => {
        const first = takeInChargeDeadline(date.toISOString());
        const second = takeInChargeDeadline(new Date(date.getTime() + later).toISOString());
        expect(first.takeInChargeBy > date.toISOString()).toBe(true);
        expect(second.takeInChargeBy >= first.takeInChargeBy).toBe(true);
        for (const day of first.workingDays) expect(isWorkingDay(day)).toBe(true);
        expect(first.workingDays).not.toContain(localDateOf(first.countedFrom));
      }),
    );
  });
});

describe('dates', () => {
  it.each([
    ['2026-02-30', false],
    ['2024-02-29', true],
    ['2026-13-01', false],
    ['2026-1-1', false],
  ])('%s exists: %s', (text, real) => {
    expect(isRealDate(text)).toBe(real);
  });

  it.each([
    ['2026-03-29', '2026-03-29T22:00:00.000Z'],
    ['2026-10-25', '2026-10-25T23:00:00.000Z'],
    ['2026-11-16', '2026-11-16T23:00:00.000Z'],
  ])('the end of %s is %s', (date, instant) => {
    expect(endOfDay(date)).toBe(instant);
  });

  it('are written out in the reader’s language', () => {
    expect(formatInstant('2026-11-16T17:00:00.000Z', 'it')).toBe('lunedì 16 novembre 2026, ore 18:00');
    expect(formatInstant('2026-11-16T17:00:00.000Z', 'en')).toBe('Monday, 16 November 2026, 18:00');
  });
});
