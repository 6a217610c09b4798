import { z } from 'zod';
import { zLanguage } from '../vocabulary.js';

/**
 * Names and addresses, the only place where they cross a boundary: compacted topics `monteore.<service>.people.v1`,
 * latest value per id. An empty record (PersonErased) is the tombstone.
 */
export const peopleEvents = {
  PersonKnown: z.object({
    personId: z.string(),
    kind: z.enum(['client', 'contact', 'team']),
    clientId: z.string().optional(),
    name: z.string().optional(),
    email: z.string().optional(),
    language: zLanguage.optional(),
  }),
  PersonErased: z.object({ personId: z.string() }),
} as const;
export type PersonKnown = z.infer<typeof peopleEvents.PersonKnown>;
