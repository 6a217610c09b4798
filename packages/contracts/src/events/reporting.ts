import { z } from 'zod';

export const reportingEvents = {
  /** R14: the kept file; fetched again by its hash, byte for byte. */
  ClosingStatementMade: z.object({
    packageId: z.string(),
    clientId: z.string(),
    sha256: z.string(),
    sizeBytes: z.number().int(),
    fileName: z.string(),
  }),
} as const;
