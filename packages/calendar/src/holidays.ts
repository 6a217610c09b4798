import Holidays from 'date-holidays';
import type { LocalDate } from './dates.js';

export interface Holiday {
  readonly date: LocalDate;
  readonly name: string;
}

const library = new Holidays('IT');
const byYear = new Map<number, readonly Holiday[]>();

/**
 * R9: Italy's public holidays of a year, oldest first. The library also lists observances (Mother's Day), which are
 * working days; local patron saints are not in it, and a package names them in its closing days.
 * 4 October is a public holiday again since 2026, which the library knows in the version pinned here.
 */
export function italianHolidays(year: number): readonly Holiday[] {
  const known = byYear.get(year);
  if (known !== undefined) return known;
  const holidays = library
    .getHolidays(year)
    .filter((holiday) => holiday.type === 'public')
    .map((holiday) => ({ date: holiday.date.slice(0, 10), name: holiday.name }));
  byYear.set(year, holidays);
  return holidays;
}

export function isHoliday(date: LocalDate): boolean {
  return italianHolidays(Number(date.slice(0, 4))).some((holiday) => holiday.date === date);
}
