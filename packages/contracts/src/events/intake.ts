import { z } from 'zod';
import { zInstant } from '../vocabulary.js';

/** One request as intake knows it after the event; its text and its sender's address stay with intake. */
export const zRequestSnapshot = z.object({
  requestId: z.string(),
  /** Short number that people use: R-1024. */
  number: z.number().int(),
  packageId: z.string().optional(),
  clientId: z.string().optional(),
  contactId: z.string().optional(),
  state: z.enum(['received', 'taken-in-charge', 'linked', 'split', 'dismissed']),
  channel: z.enum(['mail', 'rest', 'form', 'reply', 'part']),
  urgent: z.boolean(),
  possiblySeveral: z.boolean(),
  receivedAt: zInstant,
  takeInChargeBy: zInstant,
  partOf: z.string().optional(),
  activityIds: z.array(z.string()),
});
export type RequestSnapshot = z.infer<typeof zRequestSnapshot>;

const ofRequest = { request: zRequestSnapshot };

export const intakeEvents = {
  RequestReceived: z.object(ofRequest),
  RequestTakenInCharge: z.object(ofRequest),
  RequestLinked: z.object({ ...ofRequest, activityId: z.string() }),
  RequestSplit: z.object({ ...ofRequest, partIds: z.array(z.string()) }),
  RequestDismissed: z.object({ ...ofRequest, reason: z.string() }),
  /** The request now belongs to this client and package; its full state under the client's key. */
  RequestAssigned: z.object(ofRequest),
  RequestDeadlineMissed: z.object(ofRequest),
  ReplyReceived: z.object({
    ...ofRequest,
    replyId: z.string(),
    /** Urgency said in a reply counts as the client's word for a new version (R8). */
    urgent: z.boolean(),
  }),
  /** A reply to a mail about an activity that no request stands behind. */
  ActivityReplyReceived: z.object({
    activityId: z.string(),
    packageId: z.string(),
    clientId: z.string(),
    contactId: z.string(),
    replyId: z.string(),
    urgent: z.boolean(),
  }),
} as const;
