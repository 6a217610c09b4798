import { type Instant, type LocalDate, ROME } from './dates.js';

const LOCALES = { it: 'it-IT', en: 'en-GB' } as const;

/** A date in words: «lunedì 16 novembre 2026», "Monday 16 November 2026". */
export function formatDate(date: LocalDate, language: 'it' | 'en'): string {
  return new Intl.DateTimeFormat(LOCALES[language], { dateStyle: 'full', timeZone: 'UTC' }).format(
    new Date(`${date}T12:00:00Z`),
  );
}

/** An instant in words, in Rome's time: «lunedì 16 novembre 2026, ore 18:00», "Monday, 16 November 2026, 18:00". */
export function formatInstant(instant: Instant, language: 'it' | 'en'): string {
  const at = new Date(instant);
  const day = new Intl.DateTimeFormat(LOCALES[language], { dateStyle: 'full', timeZone: ROME }).format(at);
  const time = new Intl.DateTimeFormat(LOCALES[language], { timeStyle: 'short', timeZone: ROME }).format(at);
  return language === 'it' ? `${day}, ore ${time}` : `${day}, ${time}`;
}
