import { z } from 'zod';
import { zDue, zId, zKind, zLocalDate, zMinutes, zText, zWorkStatus } from '../vocabulary.js';
import { zPersonLabel } from './ledger.js';

export const zProposeActivity = z.object({
  packageId: zId,
  requestId: zId.optional(),
  title: zText(300),
  kind: zKind,
  urgent: z.boolean().optional(),
  description: zText(5000).optional(),
});
export const zSubmitEstimate = z.object({
  minutes: zMinutes,
  assignee: zPersonLabel,
  due: zDue,
  urgent: z.boolean().optional(),
});
export const zDecide = z.object({
  version: z.number().int().min(1).max(1_000_000),
  decision: z.enum(['approve', 'reject']),
  reason: zText(1000).optional(),
  contactId: zId.optional(),
});
export const zWithdraw = z.object({ contactId: zId.optional() });
export const zDecideTogether = z.object({
  contactId: zId.optional(),
  decisions: z
    .array(
      z.object({
        activityId: zId,
        version: z.number().int().min(1),
        decision: z.enum(['approve', 'reject']),
        reason: zText(1000).optional(),
      }),
    )
    .min(1)
    .max(100)
    .refine(
      (list) => new Set(list.map((item) => item.activityId)).size === list.length,
      'an activity is named twice',
    ),
});
export const zChangeWorkStatus = z.object({ status: zWorkStatus });
export const zChangeDueDate = z.object({
  date: zLocalDate,
  reason: zText(1000),
  firmness: z.enum(['rigid', 'flexible']).optional(),
});
export const zReassign = z.object({ assignee: zPersonLabel });
export const zReplicate = z.object({ reason: zText(1000), urgent: z.boolean().optional() });
export const zLinkDecision = z.object({
  decision: z.enum(['approve', 'reject']),
  reason: zText(1000, 0).optional(),
});
