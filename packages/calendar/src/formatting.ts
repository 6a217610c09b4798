import { type Instant, isRealDate, type LocalDate, ROME } from './dates.js';

type Language = 'it' | 'en';

const LOCALES = { it: 'it-IT', en: 'en-GB' } as const;

const formats = (timeZone: string) => {
  const of = (language: Language) =>
    new Intl.DateTimeFormat(LOCALES[language], {
      weekday: 'long',
      day: 'numeric',
      month: 'long',
      year: 'numeric',
      hour: '2-digit',
      minute: '2-digit',
      hourCycle: 'h23',
      timeZone,
    });
  return { it: of('it'), en: of('en') };
};
// Made once: a formatter costs a hundred times what it formats.
const inRome = formats(ROME);
const inUtc = formats('UTC');

/** The parts in an order of our own: the commas between them change with the version of the locale data. */
function words(format: Intl.DateTimeFormat, at: Date): { day: string; time: string } {
  const parts = Object.fromEntries(format.formatToParts(at).map((part) => [part.type, part.value]));
  return {
    day: `${parts.weekday} ${parts.day} ${parts.month} ${parts.year}`,
    time: `${parts.hour}:${parts.minute}`,
  };
}

/**
 * A date in words: «lunedì 16 novembre 2026», "Monday 16 November 2026".
 * @throws RangeError when the date does not exist
 */
export function formatDate(date: LocalDate, language: Language): string {
  if (!isRealDate(date)) throw new RangeError(`not a date: ${date}`);
  return words(inUtc[language], new Date(`${date}T12:00:00Z`)).day;
}

/** An instant in words, in Rome's time: «lunedì 16 novembre 2026, ore 18:00», "Monday 16 November 2026, 18:00". */
export function formatInstant(instant: Instant, language: Language): string {
  const { day, time } = words(inRome[language], new Date(instant));
  return language === 'it' ? `${day}, ore ${time}` : `${day}, ${time}`;
}
