import { ACTIVITY_STATES, APPROVALS } from '@monteore/kernel';
import { z } from 'zod';
import { zActor, zBalances, zCount, zDue, zInstant, zKind, zWorkStatus } from '../vocabulary.js';

const zEstimate = z.object({
  version: zCount,
  /** Minutes of actual work, of the whole activity. */
  minutes: zCount,
  multiplier: zCount,
  weightedMinutes: zCount,
  urgent: z.boolean(),
  assigneeId: z.string(),
  due: zDue,
});

/** One activity as estimation knows it after the event; ids in the place of names. */
export const zActivitySnapshot = z.object({
  activityId: z.string(),
  packageId: z.string(),
  clientId: z.string(),
  /** Its place on the board: 1 for the first of the package. */
  number: zCount,
  requestId: z.string().optional(),
  replicaOf: z.string().optional(),
  replacedBy: z.string().optional(),
  title: z.string(),
  displayTitle: z.string(),
  origin: z.enum(['agreed', 'extra']),
  kind: zKind,
  urgent: z.boolean(),
  approval: z.enum(APPROVALS),
  workStatus: zWorkStatus,
  state: z.enum(ACTIVITY_STATES),
  /** The newest version. */
  estimate: zEstimate.optional(),
  versionInForce: zCount.optional(),
  /** Whether the newest version waits for the client's decision, and so counts as pending (R1). */
  decisionAsked: z.boolean(),
  assigneeId: z.string().optional(),
  due: zDue.optional(),
  decidedBy: zActor.optional(),
  decidedAt: zInstant.optional(),
  unfinished: z.boolean(),
});
export type ActivitySnapshot = z.infer<typeof zActivitySnapshot>;

const ofActivity = {
  packageId: z.string(),
  clientId: z.string(),
  activity: zActivitySnapshot,
  /** R1: weighted minutes of the package's estimates that wait for a decision. */
  pendingMinutes: zCount,
};

export const estimationEvents = {
  ActivityProposed: z.object(ofActivity),
  EstimateSubmitted: z.object({
    ...ofActivity,
    version: zCount,
    path: z.enum(['automatic', 'decision', 'gate']),
    /** The team made an urgent activity normal without a decision (R2). */
    lowered: z.boolean(),
  }),
  HoursAsked: z.object({ ...ofActivity, version: zCount, weightedMinutes: zCount }),
  /** The client is asked to decide; of a major extra with the warning of R3. */
  DecisionAsked: z.object({
    ...ofActivity,
    version: zCount,
    weightedMinutes: zCount,
    warning: z
      .object({
        availableMinutes: zCount,
        leftMinutes: zCount,
        wouldNotFit: z.array(
          z.object({ activityId: z.string(), displayTitle: z.string(), weightedMinutes: zCount }),
        ),
      })
      .optional(),
    /** The version that stays in force until this one is decided. */
    previous: zEstimate.optional(),
  }),
  EstimateApproved: z.object({ ...ofActivity, version: zCount, decidedBy: zActor }),
  EstimateRejected: z.object({
    ...ofActivity,
    version: zCount,
    decidedBy: zActor,
    reason: z.string().optional(),
  }),
  ReservationRequested: z.object({
    packageId: z.string(),
    clientId: z.string(),
    reservationId: z.string(),
    items: z.array(
      z.object({
        activityId: z.string(),
        version: zCount,
        minutes: zCount,
        multiplier: zCount,
        weightedMinutes: zCount,
        /** `automatic`: a minor extra, charged up to the threshold (R6). */
        path: z.enum(['approved', 'automatic']),
        /** A finished activity is taken up again with this version (R6). */
        reopens: z.boolean(),
      }),
    ),
    /** `refuse`: several activities decided in one go (R5); nothing waits. */
    whenLacking: z.enum(['wait', 'refuse']),
  }),
  ApprovalWithdrawn: z.object({ ...ofActivity, version: zCount, withdrawnBy: zActor }),
  ActivityActivated: z.object({
    ...ofActivity,
    version: zCount,
    cause: z.enum(['automatic', 'approved', 'lowered']),
    balances: zBalances,
  }),
  ActivityWaitingForHours: z.object({
    ...ofActivity,
    version: zCount,
    cause: z.enum(['gate', 'reservation']),
    missingMinutes: zCount,
    balances: zBalances,
  }),
  WorkStatusChanged: z.object(ofActivity),
  DueDateChanged: z.object({ ...ofActivity, previousDue: zDue, reason: z.string() }),
  ActivityReassigned: z.object({ ...ofActivity, previousAssigneeId: z.string().optional() }),
  ActivityCompleted: z.object(ofActivity),
  ActivityCancelled: z.object(ofActivity),
  ActivityReplicated: z.object({ ...ofActivity, replicaId: z.string(), reason: z.string() }),
  ActivitiesClosed: z.object({
    packageId: z.string(),
    clientId: z.string(),
    /** Size-bound: the activities themselves were told one by one; these are the ones that ended with the package. */
    unfinishedActivityIds: z.array(z.string()),
    activityCount: zCount,
  }),
} as const;
