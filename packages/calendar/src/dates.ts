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

/** The date in Rome at an instant. */
export function localDateOf(instant: Instant): LocalDate {
  return inRome(instant).toPlainDate().toString();
}

/** The time of day in Rome at an instant, in minutes since midnight; seconds count as fractions. */
export function minuteOfDay(instant: Instant): number {
  const { hour, minute, second, millisecond } = inRome(instant);
  return hour * 60 + minute + (second * 1000 + millisecond) / 60_000;
}

/** True for a `YYYY-MM-DD` that exists in the calendar: 2026-02-30 does not. */
export function isRealDate(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false;
  try {
    return Temporal.PlainDate.from(text, { overflow: 'reject' }).toString() === text;
  } catch {
    return false;
  }
}

/** The instant of a wall-clock time (`HH:mm`) on a date in Rome; in a gap of summer time, the moment after it. */
export function atLocalTime(date: LocalDate, time: string): Instant {
  return toInstant(
    Temporal.PlainDateTime.from(`${date}T${time}`).toZonedDateTime(ROME, { disambiguation: 'compatible' }),
  );
}

/** The first instant after a day in Rome: what is due at the end of its last day is due then (R13). */
export function endOfDay(date: LocalDate): Instant {
  return toInstant(Temporal.PlainDate.from(date).add({ days: 1 }).toZonedDateTime(ROME));
}

export function addDays(date: LocalDate, days: number): LocalDate {
  return Temporal.PlainDate.from(date).add({ days }).toString();
}

/** Whole days from one date to another; negative when `to` is earlier. */
export function daysBetween(from: LocalDate, to: LocalDate): number {
  return Temporal.PlainDate.from(from).until(Temporal.PlainDate.from(to), { largestUnit: 'day' }).days;
}

/** 1 for Monday … 7 for Sunday. */
export function dayOfWeek(date: LocalDate): number {
  return Temporal.PlainDate.from(date).dayOfWeek;
}
