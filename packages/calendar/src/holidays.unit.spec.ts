import { describe, expect, it } from '@jest/globals';
import { addDays, isHoliday, isWorkingDay, italianHolidays } from './index.js';

const FIXED = [
  '01-01',
  '01-06',
  '04-25',
  '05-01',
  '06-02',
  '08-15',
  '11-01',
  '12-08',
  '12-25',
  '12-26',
] as const;

/** Easter Sunday by the anonymous Gregorian algorithm (Meeus, Astronomical Algorithms, chapter 8). */
function easter(year: number): string {
  const a = year % 19;
  const b = Math.floor(year / 100);
  const c = year % 100;
  const d = Math.floor(b / 4);
  const e = b % 4;
  const g = Math.floor((8 * b + 13) / 25);
  const h = (19 * a + b - d - g + 15) % 30;
  const i = Math.floor(c / 4);
  const k = c % 4;
  const l = (32 + 2 * e + 2 * i - h - k) % 7;
  const m = Math.floor((a + 11 * h + 19 * l) / 433);
  const month = Math.floor((h + l - 7 * m + 90) / 25);
  const day = (h + l - 7 * m + 33 * month + 19) % 32;
  return `${year}-${String(month).padStart(2, '0')}-${String(day).padStart(2, '0')}`;
}

function byLaw(year: number): string[] {
  const days = [...FIXED, ...(year >= 2026 ? ['10-04'] : [])].map((day) => `${year}-${day}`);
  return [...new Set([...days, easter(year), addDays(easter(year), 1)])].sort();
}

describe('R9 public holidays', () => {
  it.each([
    [2024, '2024-03-31'],
    [2026, '2026-04-05'],
    [2027, '2027-03-28'],
    [2038, '2038-04-25'],
    [2100, '2100-03-28'],
  ])('the list of these specs knows Easter %i', (year, sunday) => {
    expect(easter(year)).toBe(sunday);
  });

  it.each(Array.from({ length: 81 }, (_, index) => 2020 + index))('are the ones of the law in %i', (year) => {
    const dates = [...new Set(italianHolidays(year).map((holiday) => holiday.date))];
    expect(dates).toEqual(byLaw(year));
    for (const day of dates) expect(isHoliday(day)).toBe(true);
  });

  it('carry Italian names and cannot be changed by who reads them', () => {
    const holidays = italianHolidays(2026);
    expect(holidays.find((holiday) => holiday.date === '2026-06-02')).toEqual({
      date: '2026-06-02',
      name: 'Festa della Repubblica',
    });
    expect(Object.isFrozen(holidays)).toBe(true);
    expect(italianHolidays(2026)).toBe(holidays);
  });

  it.each([
    ['2026-04-06', false, 'Easter Monday'],
    ['2027-03-29', false, 'Easter Monday of the next year'],
    ['2026-12-31', true, 'the last of the year is worked'],
    ['2026-12-24', true, 'Christmas Eve is worked'],
    ['2027-10-04', false, 'Saint Francis, a holiday again since 2026'],
    ['2024-10-04', true, 'Saint Francis before the law'],
    ['2026-06-02', false, 'the Republic'],
    ['2026-06-29', true, 'Peter and Paul: a patron saint is local'],
    ['2026-12-07', true, 'Ambrose: a patron saint is local'],
    ['2026-04-03', true, 'Good Friday is worked'],
    ['2026-11-21', false, 'a Saturday'],
    ['2026-11-22', false, 'a Sunday'],
    ['2100-12-08', false, 'the end of the century'],
  ])('%s is a working day: %s (%s)', (date, working) => {
    expect(isWorkingDay(date)).toBe(working);
  });

  it('a closing day of the package is none', () => {
    expect(isWorkingDay('2026-12-07', ['2026-12-07'])).toBe(false);
    expect(isWorkingDay('2026-12-09', ['2026-12-07'])).toBe(true);
  });
});
