import {
  type Balances,
  CONTACT_ROLES,
  type Due,
  isStorableText,
  isUuid,
  KINDS,
  LANGUAGES,
  MAX_MINUTES,
  WORK_STATUSES,
} from '@monteore/kernel';
import { z } from 'zod';

/** The words of rules.md as they cross a boundary. */

const realDate = (text: string) => {
  const [year, month, day] = text.split('-').map(Number) as [number, number, number];
  const date = new Date(Date.UTC(year, month - 1, day));
  return date.getUTCFullYear() === year && date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
};

export const zId = z
  .string()
  .refine(isUuid, 'not an id: a UUID is expected')
  .transform((id) => id.toLowerCase());
export const zLocalDate = z
  .string()
  .regex(/^\d{4}-\d{2}-\d{2}$/, 'not a date: YYYY-MM-DD is expected')
  .refine(realDate, 'this date does not exist in the calendar');
export const zInstant = z.iso.datetime({ offset: true, error: 'not an instant: RFC 3339 is expected' });
export const zMinutes = z
  .number()
  .int('minutes are whole numbers')
  .min(1, 'at least 1 minute')
  .max(MAX_MINUTES, `at most ${MAX_MINUTES} minutes`);
export const zCount = z.number().int();

/** Text of a person, bounded, without what cannot be stored. */
export const zText = (maximum: number, minimum = 1) =>
  z
    .string()
    .refine(isStorableText, 'the text holds characters that cannot be stored (NUL or half a surrogate pair)')
    .transform((text) => text.trim())
    .refine(
      (text) => text.length >= minimum,
      minimum === 1 ? 'may not be empty' : `at least ${minimum} characters`,
    )
    .refine((text) => text.length <= maximum, `at most ${maximum} characters`);

export const zEmail = z
  .string()
  .max(254, 'at most 254 characters')
  .transform((email) => email.trim())
  .pipe(z.email('not an e-mail address'));

export const zKind = z.enum(KINDS);

export const zContactRoles = z
  .array(z.enum(CONTACT_ROLES))
  .max(3, 'at most three roles')
  .transform((roles) => [...new Set(roles)].sort());

export const zLanguage = z.enum(LANGUAGES);

export const zDue: z.ZodType<Due> = z.object({ date: zLocalDate, firmness: z.enum(['rigid', 'flexible']) });

export const zWorkStatus = z.enum(WORK_STATUSES);

/** R1: policies are fixed in the opening event; a later change acts from then on. */
export const zPolicy = z.object({
  urgentMultiplier: z.number().int().min(1).max(100),
  minorUpToMinutes: z.number().int().min(0).max(MAX_MINUTES),
  toleranceMinutes: z.number().int().min(0).max(MAX_MINUTES),
  overdraftMinutes: z.number().int().min(0).max(MAX_MINUTES),
  thresholdsPercent: z
    .array(z.number().int().min(1).max(100))
    .max(20)
    .transform((marks) => [...new Set(marks)].sort((a, b) => a - b)),
  roundUpToMinutes: z.number().int().min(1).max(1440),
  minimumMinutes: z.number().int().min(0).max(1440),
  closingDays: z
    .array(zLocalDate)
    .max(366)
    .transform((days) => [...new Set(days)].sort()),
});

/** R1: the balances that follow from the ledger's events alone. */
export const zBalances: z.ZodType<Balances> = z.object({
  grantedMinutes: zCount,
  chargedMinutes: zCount,
  postedMinutes: zCount,
  heldMinutes: zCount,
  availableMinutes: zCount,
});

export const zLot = z.object({
  lotId: z.string(),
  origin: z.enum(['purchase', 'top-up', 'rollover', 'adjustment', 'reversal']),
  minutes: zCount,
  remainingMinutes: zCount,
  heldMinutes: zCount,
  expiresOn: zLocalDate.optional(),
  state: z.enum(['open', 'expired']),
});
export type Lot = z.infer<typeof zLot>;

export const zActor = z.object({
  subject: z.string(),
  role: z.string(),
  onBehalfOf: z.string().optional(),
});

/** One entry of a package's ledger, as it can be checked against the hash chain (R15). */
export const zLedgerEntry = z.object({
  sequence: zCount,
  occurredOn: zLocalDate,
  postedDeltaMinutes: zCount,
  heldDeltaMinutes: zCount,
  chargedDeltaMinutes: zCount,
  actor: zActor,
  hash: z.string(),
});
export type LedgerEntry = z.infer<typeof zLedgerEntry>;

/** Where an activity's minutes stand, after the event that carries it. */
export const zActivityMinutes = z.object({
  activityId: z.string(),
  versionInForce: zCount.optional(),
  heldMinutes: zCount,
  actualMinutes: zCount,
  chargedMinutes: zCount,
  /** Weighted minutes of overruns that wait (open or refused by the client). */
  overrunMinutes: zCount,
});
export type ActivityMinutes = z.infer<typeof zActivityMinutes>;
