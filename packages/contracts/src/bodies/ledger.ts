import { MAX_MINUTES } from '@monteore/kernel';
import { z } from 'zod';
import {
  zContactRoles,
  zDue,
  zEmail,
  zId,
  zKind,
  zLanguage,
  zLocalDate,
  zMinutes,
  zPolicy,
  zText,
} from '../vocabulary.js';

/** A person of the team, by e-mail address (or by name where no address is known); never stored in an event. */
export const zPersonLabel = zText(254);

const zContact = z.object({
  name: zText(200),
  email: zEmail,
  roles: zContactRoles,
  language: zLanguage.optional(),
});

export const zRegisterClient = z.object({
  name: zText(200),
  language: zLanguage.default('it'),
  contacts: z.array(zContact).max(200).default([]),
});
export const zAddContact = zContact;
export const zChangeContact = z
  .object({
    roles: zContactRoles.optional(),
    active: z.boolean().optional(),
    name: zText(200).optional(),
    language: zLanguage.optional(),
  })
  .refine(
    (body) => Object.values(body).some((value) => value !== undefined),
    'nothing to change: give roles, active, name or language',
  );

export const zOpenPackage = z.object({
  clientId: zId,
  name: zText(200),
  referentEmail: zEmail,
  grantedMinutes: zMinutes,
  expiresOn: zLocalDate.optional(),
  endsOn: zLocalDate.optional(),
  policy: zPolicy.partial().default({}),
  contacts: z
    .array(z.object({ contactId: zId, roles: zContactRoles }))
    .max(200)
    .optional(),
  agreedActivities: z
    .array(
      z.object({
        title: zText(300),
        kind: zKind,
        estimateMinutes: zMinutes,
        assignee: zPersonLabel,
        due: zDue,
        urgent: z.boolean().default(false),
      }),
    )
    .max(500)
    .default([]),
});
export const zChangePolicy = zPolicy
  .partial()
  .refine(
    (body) => Object.values(body).some((value) => value !== undefined),
    'nothing to change: give at least one policy',
  );

export const zTopUp = z.object({
  minutes: zMinutes,
  expiresOn: zLocalDate.optional(),
  reference: zText(200).optional(),
});

export const zLogWork = z.object({
  activityId: zId,
  minutes: zMinutes,
  performedOn: zLocalDate,
  performedBy: zPersonLabel,
  note: zText(2000).optional(),
});
export const zReverseWork = z.object({ reason: zText(1000) });
export const zDecideOverrun = z.object({
  decision: z.enum(['charge', 'refuse', 'absorb']),
  reason: zText(1000),
  contactId: zId.optional(),
});
/** What the two buttons of an overrun's link say. */
export const zOverrunLinkDecision = z.object({
  decision: z.enum(['charge', 'refuse']),
  reason: zText(1000, 0).optional(),
});
export const zAdjustBalance = z.object({
  minutes: z
    .number()
    .int('minutes are whole numbers')
    .min(-MAX_MINUTES)
    .max(MAX_MINUTES)
    .refine((minutes) => minutes !== 0, 'an adjustment of 0 minutes changes nothing'),
  reason: zText(1000),
  lotId: zId.optional(),
});
export const zClosePackage = z
  .object({
    residual: z.enum(['expire', 'rollover', 'write-off']),
    rolloverPackageId: zId.optional(),
    reason: zText(1000),
  })
  .refine((body) => body.residual !== 'rollover' || body.rolloverPackageId !== undefined, {
    path: ['rolloverPackageId'],
    error: 'a rollover names the package that receives the hours',
  });
