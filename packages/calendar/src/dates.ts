import { Temporal } from 'temporal-polyfill';

/** The one zone in which dates of packages, service hours and deadlines are meant (R9, R13). */
export const ROME = 'Europe/Rome';

/** RFC 3339 in UTC with milliseconds: `2026-11-16T17:00:00.000Z`. */
export type Instant = string;
/** `YYYY-MM-DD`, a date in Europe/Rome. */
export type LocalDate = string;

const inRome = (instant: Instant) => Temporal.Instant.from(instant).toZonedDateTimeISO(ROME);
const toInstant = (moment: Temporal.ZonedDateTime): Instant =>
  new Date(moment.epochMilliseconds).toISOString();

/** Temporal alone would also take `20261116` or a date with a time behind it, and keep one and drop the other. */
function plainDate(date: LocalDate): Temporal.PlainDate {
  if (!isRealDate(date)) throw new RangeError(`not a date: ${date}`);
  return Temporal.PlainDate.from(date);
}

/** Years beyond 9999 are written with a sign and six digits, which sorts before every other date. */
function fourDigitYear(date: Temporal.PlainDate): LocalDate {
  if (date.year < 0 || date.year > 9999) throw new RangeError(`year out of range: ${date}`);
  return date.toString();
}

/** An hour of UTC in this or the last century: since 1893 Rome has differed from UTC by whole hours. */
const HOUR_OF_UTC = /^(?:19|20)\d\d-\d\d-\d\dT\d\d(?=:[0-5]\d:[0-5]\d(?:\.\d+)?Z$)/;
let latestHour: { readonly hour: string; readonly date: LocalDate } | null = null;

/**
 * The date in Rome at an instant (any RFC 3339 offset is understood). Nearly all that is asked for are of the present
 * hour, which is one date.
 */
export function localDateOf(instant: Instant): LocalDate {
  const hour = HOUR_OF_UTC.exec(instant)?.[0];
  if (hour !== undefined && hour === latestHour?.hour) return latestHour.date;
  const date = fourDigitYear(inRome(instant).toPlainDate());
  if (hour !== undefined) latestHour = { hour, date };
  return date;
}

/** True for a `YYYY-MM-DD` that exists in the calendar: 2026-02-30 does not. */
export function isRealDate(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false;
  try {
    Temporal.PlainDate.from(text);
    return true;
  } catch {
    return false;
  }
}

/**
 * The instant of a wall-clock time (`HH:mm`, 00:00 to 23:59) on a date in Rome. A time that the change to summer time
 * skips is the moment as long after the gap (02:30 → 03:30); one that the change back repeats is the first of the two.
 * @throws RangeError when the date or the time does not exist
 */
export function atLocalTime(date: LocalDate, time: string): Instant {
  if (!/^([01]\d|2[0-3]):[0-5]\d$/.test(time)) throw new RangeError(`not a time of day: ${time}`);
  return toInstant(
    plainDate(date).toZonedDateTime({ timeZone: ROME, plainTime: Temporal.PlainTime.from(time) }),
  );
}

/** The first instant after a day in Rome: what is due at the end of its last day is due then (R13). */
export function endOfDay(date: LocalDate): Instant {
  return toInstant(plainDate(date).add({ days: 1 }).toZonedDateTime(ROME));
}

/** The date so many days later; earlier when `days` is negative. */
export function addDays(date: LocalDate, days: number): LocalDate {
  return fourDigitYear(plainDate(date).add({ days }));
}

/** Whole days from one date to another; negative when `to` is earlier. */
export function daysBetween(from: LocalDate, to: LocalDate): number {
  return plainDate(from).until(plainDate(to), { largestUnit: 'day' }).days;
}

/** 1 for Monday … 7 for Sunday. */
export function dayOfWeek(date: LocalDate): number {
  return plainDate(date).dayOfWeek;
}
