import { isWholeMinutes, type Minutes } from '@monteore/kernel';

/** The longest text a cell may hold, in UTF-16 code units. */
export const MAX_CELL_TEXT = 32_767;

const MINUTES_A_DAY = 1_440;

/** What XML 1.0 cannot carry, and DEL, which exceljs drops anyway. Lone surrogates are mended before. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters to remove
const ILLEGAL_IN_XML = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f\ufffe\uffff]/g;

/**
 * Text as a string cell carries it: nothing is put in front of a leading `=`, `+`, `-` or `@`, because the
 * cell's type already says that it is text. Line ends become LF: an XML parser would make them so anyway.
 */
export function cellText(text: string): string {
  const legal = text.toWellFormed().replace(/\r\n?/g, '\n').replace(ILLEGAL_IN_XML, '');
  if (legal.length <= MAX_CELL_TEXT) return legal;
  // toWellFormed would show a replacement mark where the cut goes through a surrogate pair.
  const cut = legal.slice(0, MAX_CELL_TEXT - 1);
  return `${cut.isWellFormed() ? cut : cut.slice(0, -1)}…`;
}

/**
 * Minutes as a duration of a spreadsheet (a fraction of a day). Excel prints a negative duration as `#####`
 * whatever its format, so one is written out; sums are made of the minutes beside it, never of this cell.
 */
export function durationValue(minutes: Minutes): number | string {
  if (minutes >= 0) return minutes / MINUTES_A_DAY;
  const whole = -minutes;
  return `-${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`;
}

/** The formula that does to the cell at `address` what {@link durationValue} does to a number. */
export function durationFormula(address: string): string {
  const negative = `"-"&INT(-${address}/60)&":"&TEXT(MOD(-${address},60),"00")`;
  return `IF(${address}<0,${negative},${address}/${MINUTES_A_DAY})`;
}

const LOCAL_DATE = /^(\d{4})-(\d{2})-(\d{2})$/;

/**
 * A calendar date as exceljs wants it: it counts days in UTC.
 * @throws RangeError when the text is no date, so that no cell shows another day.
 */
export function dateValue(date: string): Date {
  const value = LOCAL_DATE.test(date) ? new Date(`${date}T00:00:00Z`) : new Date(Number.NaN);
  if (Number.isNaN(value.getTime()) || value.toISOString().slice(0, 10) !== date) {
    throw new RangeError(`No calendar date: ${JSON.stringify(date)}`);
  }
  return value;
}

const romeWallClock = new Intl.DateTimeFormat('en-GB', {
  timeZone: 'Europe/Rome',
  hourCycle: 'h23',
  year: 'numeric',
  month: '2-digit',
  day: '2-digit',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
});

/**
 * An instant as the wall clock in Rome showed it, in whole seconds: a spreadsheet has no time zones.
 * @throws RangeError when the text is no instant.
 */
export function romeTimeValue(instant: string): Date {
  const parts: Partial<Record<Intl.DateTimeFormatPartTypes, number>> = {};
  for (const { type, value } of romeWallClock.formatToParts(new Date(instant))) parts[type] = Number(value);
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts;
  return new Date(Date.UTC(year, month - 1, day, hour, minute, second));
}

/** @throws TypeError for a fraction: no float ever holds a duration. */
export function wholeMinutes(minutes: Minutes, what: string): Minutes {
  if (!isWholeMinutes(minutes)) throw new TypeError(`${what} is no whole number of minutes: ${minutes}`);
  return minutes;
}
