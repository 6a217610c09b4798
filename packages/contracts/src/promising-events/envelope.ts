import { z } from 'zod';
import { zInstant } from '../vocabulary.js';

/** What stands around the data of every public message: CloudEvents 1.0 in JSON (architecture.md, Messaging port). */
export const zEnvelope = z.object({
  specversion: z.literal('1.0'),
  id: z.string().min(1).describe('The same id is the same message, told again.'),
  source: z
    .string()
    .min(1)
    .describe('monteore.<service>/<store id>: a restored or copied store has another.'),
  type: z.string().min(1).describe('A type that a consumer does not know is passed over.'),
  time: zInstant.describe('When the fact was recorded, RFC 3339 in UTC.'),
  subject: z.string().min(1).describe('The key.'),
  partitionkey: z
    .string()
    .min(1)
    .describe("The client's id, or what stands for it; messages are in order by key."),
  position: z
    .string()
    .regex(/^\d+$/)
    .describe('Grows with every message of its source; at or below the last one seen of a key is a repeat.'),
  correlationid: z.string().min(1).describe('One for everything that follows from the same request.'),
  causationid: z.string().optional().describe('The message or command that this follows from.'),
  traceparent: z.string().optional().describe('W3C trace context.'),
  datacontenttype: z.literal('application/json'),
  data: z.looseObject({}).describe('As the schema of the type says; members that are not known are ignored.'),
});
