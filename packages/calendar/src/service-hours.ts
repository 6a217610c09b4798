import {
  addDays,
  atLocalTime,
  dayOfWeek,
  type Instant,
  type LocalDate,
  localDateOf,
  minuteOfDay,
} from './dates.js';
import { isHoliday } from './holidays.js';

/** The service windows of a working day, Europe/Rome (source description: 9–13 and 14–18). */
const WINDOWS = [
  { from: '09:00', fromMinute: 9 * 60, toMinute: 13 * 60 },
  { from: '14:00', fromMinute: 14 * 60, toMinute: 18 * 60 },
] as const;

/** Monday to Friday, no public holiday, none of the package's own closing days (R9). */
export function isWorkingDay(date: LocalDate, closingDays: readonly LocalDate[] = []): boolean {
  return dayOfWeek(date) <= 5 && !isHoliday(date) && !closingDays.includes(date);
}

/** The first working day after (`step` 1) or before (`step` −1) a date. */
function neighbouringWorkingDay(date: LocalDate, step: 1 | -1, closingDays: readonly LocalDate[]): LocalDate {
  let day = addDays(date, step);
  while (!isWorkingDay(day, closingDays)) day = addDays(day, step);
  return day;
}

/** The n-th working day after a date; the date itself does not count. `n` at least 1. */
export function nthWorkingDayAfter(
  date: LocalDate,
  n: number,
  closingDays: readonly LocalDate[] = [],
): LocalDate {
  return workingDaysAfter(date, n, closingDays).at(-1)!;
}

function workingDaysAfter(date: LocalDate, n: number, closingDays: readonly LocalDate[]): LocalDate[] {
  const days: LocalDate[] = [];
  for (let day = date; days.length < n; ) {
    day = neighbouringWorkingDay(day, 1, closingDays);
    days.push(day);
  }
  return days;
}

/**
 * R9: the moment at which something received counts as received: itself inside service hours, else the start of the
 * next service window. A window's first minute is inside it, its end is not.
 */
export function nextServiceMoment(receivedAt: Instant, closingDays: readonly LocalDate[] = []): Instant {
  const date = localDateOf(receivedAt);
  if (isWorkingDay(date, closingDays)) {
    const minute = minuteOfDay(receivedAt);
    for (const window of WINDOWS) {
      if (minute < window.fromMinute) return atLocalTime(date, window.from);
      if (minute < window.toMinute) return new Date(receivedAt).toISOString();
    }
  }
  return atLocalTime(neighbouringWorkingDay(date, 1, closingDays), WINDOWS[0].from);
}

export interface TakeInChargeDeadline {
  /** The service moment from which is counted. */
  readonly countedFrom: Instant;
  /** The five working days, the last of them the deadline's. */
  readonly workingDays: readonly LocalDate[];
  /** 18:00 of the fifth. */
  readonly takeInChargeBy: Instant;
}

/** R9: taken in charge within five working days; the day of receipt does not count. */
export function takeInChargeDeadline(
  receivedAt: Instant,
  closingDays: readonly LocalDate[] = [],
): TakeInChargeDeadline {
  const countedFrom = nextServiceMoment(receivedAt, closingDays);
  const workingDays = workingDaysAfter(localDateOf(countedFrom), 5, closingDays);
  return { countedFrom, workingDays, takeInChargeBy: atLocalTime(workingDays.at(-1)!, '18:00') };
}

/** R9: when one working day is left, which is 18:00 of the working day before the deadline's. */
export function reminderAt(takeInChargeBy: Instant, closingDays: readonly LocalDate[] = []): Instant {
  return atLocalTime(neighbouringWorkingDay(localDateOf(takeInChargeBy), -1, closingDays), '18:00');
}
