import { z } from 'zod';
import { zEmail, zId, zInstant, zText } from '../vocabulary.js';

/** R8: REST and the board's form are equal doors. `urgent` absent: the text is read (R2). */
export const zSendRequest = z.object({
  packageId: zId,
  /** The contact who asks; a contact's own token asks for itself and may leave it out. */
  fromEmail: zEmail.optional(),
  subject: zText(300),
  text: zText(50_000),
  urgent: z.boolean().optional(),
});
export const zTakeInCharge = z.object({ packageId: zId.optional() }).default({});
export const zSplitRequest = z.object({
  parts: z
    .array(
      z.object({
        subject: zText(300),
        text: zText(50_000),
        /** Words of the original mail that make this part urgent, marked by a person (R8). */
        urgentWords: zText(500).optional(),
      }),
    )
    .min(2, 'at least two parts')
    .max(20, 'at most 20 parts'),
});
export const zDismissRequest = z.object({ reason: zText(1000) });
export const zReleaseMail = z.object({ contactId: zId.optional() }).default({});
export const zDiscardMail = z.object({ reason: zText(1000) });
/** R9, for a moment of which the public holidays are known. */
export const zDeadlineQuery = z.object({
  receivedAt: zInstant.refine((at) => at >= '2000' && at < '2100', 'between the years 2000 and 2099'),
  packageId: zId.optional(),
});
export const zRequestState = z.enum(['received', 'taken-in-charge', 'linked', 'split', 'dismissed']);
