import { z } from 'zod';
import {
  zActivityMinutes,
  zActor,
  zBalances,
  zContactRoles,
  zCount,
  zDue,
  zKind,
  zLanguage,
  zLedgerEntry,
  zLocalDate,
  zLot,
  zPolicy,
} from '../vocabulary.js';

/** Everything the ledger says of a package carries the balances after it (architecture.md, third rule). */
const ofPackage = {
  packageId: z.string(),
  clientId: z.string(),
  balances: zBalances,
  /** The entry of the ledger that this event is: its place, both times' day, what it moved, and its link in the chain. */
  entry: zLedgerEntry,
};
const withLots = { ...ofPackage, lots: z.array(zLot) };

export const ledgerEvents = {
  ClientRegistered: z.object({ clientId: z.string(), language: zLanguage }),
  ContactChanged: z.object({
    clientId: z.string(),
    contactId: z.string(),
    roles: zContactRoles,
    /** Roles the contact had before; what is gone from them is gone on every package too. */
    previousRoles: zContactRoles,
    active: z.boolean(),
    language: zLanguage,
  }),
  PackageOpened: z.object({
    ...withLots,
    name: z.string(),
    referentId: z.string(),
    openedOn: zLocalDate,
    endsOn: zLocalDate.optional(),
    policy: zPolicy,
    /** Absent: shared with all contacts of the client, with the roles they have there. */
    contacts: z.array(z.object({ contactId: z.string(), roles: zContactRoles })).optional(),
    agreedActivities: z.array(
      z.object({
        activityId: z.string(),
        title: z.string(),
        kind: zKind,
        estimateMinutes: zCount,
        assigneeId: z.string(),
        due: zDue,
        urgent: z.boolean(),
      }),
    ),
  }),
  PolicyChanged: z.object({ ...ofPackage, policy: zPolicy }),
  LotAdded: z.object({
    ...withLots,
    lotId: z.string(),
    minutes: zCount,
    expiresOn: zLocalDate.optional(),
    origin: zLot.shape.origin,
    reference: z.string().optional(),
    transferId: z.string().optional(),
    fromPackageId: z.string().optional(),
  }),
  /** R3: the gate's yes. Nothing is set aside. */
  HoursAvailable: z.object({
    ...ofPackage,
    activityId: z.string(),
    version: zCount,
    weightedMinutes: zCount,
    afterWaiting: z.boolean(),
  }),
  /** R3: the gate's no; the extra waits in the ledger's queue. */
  HoursLacking: z.object({
    ...ofPackage,
    activityId: z.string(),
    version: zCount,
    weightedMinutes: zCount,
    missingMinutes: zCount,
  }),
  HoursReserved: z.object({
    ...withLots,
    reservationId: z.string(),
    items: z.array(
      z.object({
        activityId: z.string(),
        version: zCount,
        multiplier: zCount,
        weightedMinutes: zCount,
        activity: zActivityMinutes,
      }),
    ),
    afterWaiting: z.boolean(),
  }),
  ReservationRefused: z.object({
    ...ofPackage,
    reservationId: z.string(),
    code: z.enum(['hours-insufficient', 'package-closed', 'superseded']),
    items: z.array(z.object({ activityId: z.string(), version: zCount, weightedMinutes: zCount })),
    missingMinutes: zCount,
    /** True when the need is kept and reserved by itself as soon as hours arrive. */
    waits: z.boolean(),
  }),
  HoldReleased: z.object({
    ...withLots,
    activityId: z.string(),
    releasedMinutes: zCount,
    /** `withdrawn`: the approval was taken back while its hours were being set aside (R5). */
    reason: z.enum(['done', 'cancelled', 'closing', 'withdrawn']),
    activity: zActivityMinutes,
  }),
  /** A closing released more holds than are told one by one. */
  HoldsReleased: z.object({
    ...withLots,
    reason: z.literal('closing'),
    items: z.array(z.object({ activityId: z.string(), releasedMinutes: zCount, activity: zActivityMinutes })),
  }),
  WorkCharged: z.object({
    ...withLots,
    workEntryId: z.string(),
    activityId: z.string(),
    performedOn: zLocalDate,
    performedById: z.string(),
    actualMinutes: zCount,
    multiplier: zCount,
    chargedMinutes: zCount,
    fromHoldMinutes: zCount,
    overrunMinutes: zCount,
    overrunId: z.string().optional(),
    note: z.string().optional(),
    activity: zActivityMinutes,
  }),
  OverrunRecorded: z.object({
    ...ofPackage,
    overrunId: z.string(),
    workEntryId: z.string(),
    activityId: z.string(),
    minutes: zCount,
    activity: zActivityMinutes,
  }),
  OverrunDecided: z.object({
    ...withLots,
    overrunId: z.string(),
    activityId: z.string(),
    outcome: z.enum(['charged', 'refused', 'absorbed']),
    /** Weighted minutes this decision settled; for `refused` those it leaves open. */
    minutes: zCount,
    remainingMinutes: zCount,
    cause: z.enum(['decision', 'new-version', 'reversal']),
    reason: z.string().optional(),
    decidedBy: zActor,
    activity: zActivityMinutes,
  }),
  ChargeReversed: z.object({
    ...withLots,
    workEntryId: z.string(),
    activityId: z.string(),
    actualMinutes: zCount,
    chargedMinutes: zCount,
    toHoldMinutes: zCount,
    fallenOverrunId: z.string().optional(),
    reason: z.string(),
    activity: zActivityMinutes,
  }),
  BalanceAdjusted: z.object({
    ...withLots,
    adjustmentId: z.string(),
    minutes: zCount,
    lotId: z.string().optional(),
    reason: z.string(),
    writeOff: z.boolean(),
  }),
  LotExpired: z.object({
    ...withLots,
    lotId: z.string(),
    minutes: zCount,
    cause: z.enum(['date', 'closing']),
  }),
  TransferExpected: z.object({ ...ofPackage, transferId: z.string(), fromPackageId: z.string() }),
  TransferWithdrawn: z.object({ ...ofPackage, transferId: z.string() }),
  HoursTransferred: z.object({
    ...withLots,
    transferId: z.string(),
    toPackageId: z.string(),
    minutes: zCount,
    transferred: z.array(z.object({ minutes: zCount, expiresOn: zLocalDate.optional() })),
  }),
  ThresholdCrossed: z.object({
    ...ofPackage,
    thresholdsPercent: z.array(zCount),
    consumedPercent: zCount,
  }),
  /** R14: its end date came; nothing new is approved until its overruns are decided. */
  PackageClosing: z.object(ofPackage),
  /** R14: used up and nothing open; it closes at `closesAt` unless topped up or something opens. */
  ClosureScheduled: z.object({ ...ofPackage, closesAt: z.string() }),
  ClosureCalledOff: z.object(ofPackage),
  PackageClosed: z.object({
    ...withLots,
    cause: z.enum(['decision', 'used-up', 'end-date']),
    closedOn: zLocalDate,
    reason: z.string().optional(),
    residual: z.object({
      kind: z.enum(['expire', 'rollover', 'write-off']),
      minutes: zCount,
      toPackageId: z.string().optional(),
    }),
  }),
} as const;
