import { addDays, atLocalTime, dayOfWeek, type Instant, type LocalDate, localDateOf } from './dates.js';
import { isHoliday } from './holidays.js';

/** The service windows of a working day, Europe/Rome (R9). A window's first instant is inside it, its end is not. */
const WINDOWS = [
  { from: '09:00', to: '13:00' },
  { from: '14:00', to: '18:00' },
] as const;
const END_OF_SERVICE = '18:00';
const WORKING_DAYS_TO_TAKE_IN_CHARGE = 5;

/** R9: Monday to Friday, no public holiday, none of the package's own closing days. */
export function isWorkingDay(date: LocalDate, closingDays: readonly LocalDate[] = []): boolean {
  return dayOfWeek(date) <= 5 && !isHoliday(date) && !closingDays.includes(date);
}

/** The first working day after (`step` 1) or before (`step` −1) a date; the date itself does not count. */
function neighbouringWorkingDay(date: LocalDate, step: 1 | -1, closingDays: readonly LocalDate[]): LocalDate {
  let day = addDays(date, step);
  while (!isWorkingDay(day, closingDays)) day = addDays(day, step);
  return day;
}

function workingDaysAfter(date: LocalDate, n: number, closingDays: readonly LocalDate[]): LocalDate[] {
  if (!Number.isSafeInteger(n) || n < 1) throw new RangeError(`not a number of working days: ${n}`);
  const days: LocalDate[] = [];
  for (let day = date; days.length < n; ) {
    day = neighbouringWorkingDay(day, 1, closingDays);
    days.push(day);
  }
  return days;
}

/**
 * The n-th working day after a date, which itself does not count (R9, and R14's closing of a used-up package).
 * @throws RangeError when `n` is not a whole number of at least 1
 */
export function nthWorkingDayAfter(
  date: LocalDate,
  n: number,
  closingDays: readonly LocalDate[] = [],
): LocalDate {
  return workingDaysAfter(date, n, closingDays).at(-1)!;
}

/** The last working day before a date, which itself does not count. */
export function workingDayBefore(date: LocalDate, closingDays: readonly LocalDate[] = []): LocalDate {
  return neighbouringWorkingDay(date, -1, closingDays);
}

/**
 * R9: the moment at which something received counts as received: itself inside service hours, else the start of the
 * next service window. 09:00 and 14:00 sharp are inside, 13:00 and 18:00 sharp are not.
 */
export function nextServiceMoment(receivedAt: Instant, closingDays: readonly LocalDate[] = []): Instant {
  const date = localDateOf(receivedAt);
  if (isWorkingDay(date, closingDays)) {
    const received = new Date(receivedAt).toISOString();
    for (const window of WINDOWS) {
      const from = atLocalTime(date, window.from);
      if (received < from) return from;
      if (received < atLocalTime(date, window.to)) return received;
    }
  }
  return atLocalTime(neighbouringWorkingDay(date, 1, closingDays), WINDOWS[0].from);
}

export interface TakeInChargeDeadline {
  /** The service moment at which the request counts as received. */
  readonly countedFrom: Instant;
  /** The five working days that were counted, the last of them the deadline's. */
  readonly workingDays: readonly LocalDate[];
  /** 18:00 in Rome of the fifth. */
  readonly takeInChargeBy: Instant;
  /** The date of the fifth. */
  readonly takeInChargeOn: LocalDate;
}

/** R9: taken in charge within five working days; the day that counts as the day of receipt is none of them. */
export function takeInChargeDeadline(
  receivedAt: Instant,
  closingDays: readonly LocalDate[] = [],
): TakeInChargeDeadline {
  const countedFrom = nextServiceMoment(receivedAt, closingDays);
  const workingDays = workingDaysAfter(localDateOf(countedFrom), WORKING_DAYS_TO_TAKE_IN_CHARGE, closingDays);
  const takeInChargeOn = workingDays.at(-1)!;
  return {
    countedFrom,
    workingDays,
    takeInChargeBy: atLocalTime(takeInChargeOn, END_OF_SERVICE),
    takeInChargeOn,
  };
}

/**
 * R9: when one working day is left: 18:00 of the working day before the deadline's. From then on the deadline's own day
 * is all there is, and the mail lies on top when that day's service begins.
 */
export function reminderAt(takeInChargeBy: Instant, closingDays: readonly LocalDate[] = []): Instant {
  return atLocalTime(workingDayBefore(localDateOf(takeInChargeBy), closingDays), END_OF_SERVICE);
}
