import Holidays from 'date-holidays';
import type { LocalDate } from './dates.js';

/** A day on which nobody works in Italy, with its Italian name. */
export interface Holiday {
  readonly date: LocalDate;
  readonly name: string;
}

/*
 * Only the type `public` counts: the library also lists observances such as Mother's Day, which are worked. 31 December
 * is not in its list for Italy, nor are local patron saints; a package names its own in its closing days.
 *
 * Version 3.37 agrees with Italian law for 2020–2100, 4 October included, a public holiday again from 2026 by a law of
 * 2025 (the specs compare every year with a list of their own). So nothing is mended here. It is wrong for 1977–2000,
 * when 2 June was worked; no package is that old.
 */
const library = new Holidays('IT', { types: ['public'], languages: ['it'] });

interface Year {
  readonly list: readonly Holiday[];
  readonly dates: ReadonlySet<LocalDate>;
}
const byYear = new Map<number, Year>();

function holidaysOf(year: number): Year {
  const known = byYear.get(year);
  if (known !== undefined) return known;
  const list = library
    .getHolidays(year)
    .filter((holiday) => holiday.type === 'public')
    // The text carries the day in Italy; `start` would be an instant and depend on the machine's zone.
    .map((holiday) => Object.freeze({ date: holiday.date.slice(0, 10), name: holiday.name }));
  const computed = { list: Object.freeze(list), dates: new Set(list.map((holiday) => holiday.date)) };
  byYear.set(year, computed);
  return computed;
}

/**
 * R9: Italy's public holidays of a year, oldest first, Easter Sunday among them. Two may share a day (25 April 2038 is
 * also Easter).
 */
export function italianHolidays(year: number): readonly Holiday[] {
  return holidaysOf(year).list;
}

/** R9: true on a public holiday of the whole country. */
export function isHoliday(date: LocalDate): boolean {
  return holidaysOf(Number(date.slice(0, 4))).dates.has(date);
}
