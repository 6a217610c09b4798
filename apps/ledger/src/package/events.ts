import type { Actor, Balances, Due, Kind, Minutes, Policy } from '@monteore/kernel';

/** Minutes taken from one lot, or from the overdraft where `lotId` is null (R1, R13). */
export interface Draw {
  readonly lotId: string | null;
  readonly minutes: Minutes;
}

export type LotOrigin = 'purchase' | 'top-up' | 'rollover' | 'adjustment' | 'reversal';

export interface AgreedActivity {
  readonly activityId: string;
  readonly title: string;
  readonly kind: Kind;
  readonly estimateMinutes: Minutes;
  readonly assigneeId: string;
  readonly due: Due;
  readonly urgent: boolean;
}

/** One activity of a reservation that was granted. `allocations` is the whole hold after it, lot by lot. */
export interface ReservedItem {
  readonly activityId: string;
  readonly version: number;
  readonly minutes: Minutes;
  readonly multiplier: number;
  readonly weightedMinutes: Minutes;
  readonly automatic: boolean;
  readonly reopens: boolean;
  readonly allocations: readonly Draw[];
}

export interface RequestedItem {
  readonly activityId: string;
  readonly version: number;
  readonly minutes: Minutes;
  readonly multiplier: number;
  readonly weightedMinutes: Minutes;
  readonly path: 'approved' | 'automatic';
  readonly reopens: boolean;
}

/** What waits for hours (R3, R5): a gated extra to be offered, or a reservation to be made, oldest first. */
export interface Need {
  readonly needId: string;
  /** The reservation (or question) that made it; its answer carries this id. */
  readonly reservationId: string;
  readonly kind: 'offer' | 'reserve';
  readonly item: RequestedItem;
}

export type RefusalCode = 'hours-insufficient' | 'package-closed' | 'superseded';

/** The facts of each event of a package, as they are decided; `Stamp` is added when they are recorded. */
export interface PackageFacts {
  PackageOpened: {
    packageId: string;
    clientId: string;
    name: string;
    referentId: string;
    openedOn: string;
    endsOn?: string;
    policy: Policy;
    contacts?: readonly { contactId: string; roles: readonly string[] }[];
    agreedActivities: readonly AgreedActivity[];
  };
  PolicyChanged: { policy: Policy };
  LotAdded: {
    lotId: string;
    minutes: Minutes;
    expiresOn?: string;
    origin: LotOrigin;
    reference?: string;
    transferId?: string;
    fromPackageId?: string;
  };
  HoursAvailable: { activityId: string; version: number; weightedMinutes: Minutes; afterWaiting: boolean };
  HoursLacking: {
    activityId: string;
    version: number;
    weightedMinutes: Minutes;
    missingMinutes: Minutes;
    need: Need;
  };
  HoursReserved: { reservationId: string; items: readonly ReservedItem[]; afterWaiting: boolean };
  ReservationRefused: {
    reservationId: string;
    code: RefusalCode;
    items: readonly RequestedItem[];
    missingMinutes: Minutes;
    waits: boolean;
    need?: Need;
  };
  /** The need is over without hours: withdrawn by the approver, cancelled, or overtaken by a newer version. */
  NeedWithdrawn: { activityId: string; needId: string };
  /** Work on the activity has ended; `leftMinutes` is what its estimate had left (R6). */
  ActivityEnded: { activityId: string; outcome: 'done' | 'cancelled'; leftMinutes: Minutes };
  HoldReleased: {
    activityId: string;
    releasedMinutes: Minutes;
    reason: 'done' | 'cancelled' | 'closing' | 'withdrawn';
    allocations: readonly Draw[];
  };
  /** A closing that releases more holds than one append has room for one by one. */
  HoldsReleased: {
    reason: 'closing';
    items: readonly { activityId: string; releasedMinutes: Minutes; allocations: readonly Draw[] }[];
  };
  WorkCharged: {
    workEntryId: string;
    activityId: string;
    performedOn: string;
    performedById: string;
    actualMinutes: Minutes;
    /** What the entry adds to the activity's rounded total (R16). */
    roundedMinutes: Minutes;
    multiplier: number;
    chargedMinutes: Minutes;
    fromHoldMinutes: Minutes;
    overrunMinutes: Minutes;
    overrunId?: string;
    note?: string;
    fromHold: readonly Draw[];
    beyondHold: readonly Draw[];
    afterEnd: boolean;
  };
  OverrunRecorded: {
    overrunId: string;
    workEntryId: string;
    activityId: string;
    minutes: Minutes;
    multiplier: number;
  };
  OverrunDecided: {
    overrunId: string;
    activityId: string;
    outcome: 'charged' | 'refused' | 'absorbed';
    minutes: Minutes;
    remainingMinutes: Minutes;
    cause: 'decision' | 'new-version' | 'reversal';
    reason?: string;
    decidedBy: Actor;
    draws: readonly Draw[];
  };
  ChargeReversed: {
    workEntryId: string;
    activityId: string;
    actualMinutes: Minutes;
    chargedMinutes: Minutes;
    toHoldMinutes: Minutes;
    fallenOverrunId?: string;
    reason: string;
    /** Given back to the hold, on the lots it came from. */
    toHold: readonly Draw[];
    /** Given back to lots as available minutes. */
    toLots: readonly Draw[];
    /** Of these, what lots had paid back of the overdraft (R1). */
    uncovered: readonly Draw[];
    /** The mistake was not the client's: what came from an expired lot comes back without expiry (R15). */
    newLot?: { lotId: string; minutes: Minutes };
    /** Minutes that the activity's estimate has left again after its end. */
    leftAgainMinutes: Minutes;
    beyondHoldMinutes: Minutes;
  };
  BalanceAdjusted: {
    adjustmentId: string;
    minutes: Minutes;
    reason: string;
    lotId?: string;
    draws: readonly Draw[];
    newLotId?: string;
    writeOff: boolean;
  };
  LotExpired: { lotId: string; minutes: Minutes; cause: 'date' | 'closing' };
  TransferExpected: { transferId: string; fromPackageId: string };
  TransferWithdrawn: { transferId: string };
  HoursTransferred: {
    transferId: string;
    toPackageId: string;
    minutes: Minutes;
    transferred: readonly { lotId: string; minutes: Minutes; expiresOn?: string }[];
  };
  ThresholdCrossed: { thresholdsPercent: readonly number[]; consumedPercent: number };
  PackageClosing: Record<string, never>;
  ClosureScheduled: { closesAt: string };
  ClosureCalledOff: Record<string, never>;
  PackageClosed: {
    cause: 'decision' | 'used-up' | 'end-date';
    closedOn: string;
    reason?: string;
    residual: { kind: 'expire' | 'rollover' | 'write-off'; minutes: Minutes; toPackageId?: string };
  };
}

export type PackageEventType = keyof PackageFacts;

export interface LotView {
  readonly lotId: string;
  readonly origin: LotOrigin;
  readonly minutes: Minutes;
  readonly remainingMinutes: Minutes;
  readonly heldMinutes: Minutes;
  readonly expiresOn?: string;
  readonly state: 'open' | 'expired';
}

export interface ActivityMinutesView {
  readonly activityId: string;
  readonly versionInForce?: number;
  readonly heldMinutes: Minutes;
  readonly actualMinutes: Minutes;
  readonly chargedMinutes: Minutes;
  readonly overrunMinutes: Minutes;
}

/** Resulting values, in every event: nobody but the ledger adds minutes up (architecture.md, third rule). */
export interface Stamp {
  readonly packageId: string;
  readonly clientId: string;
  readonly postedDeltaMinutes: Minutes;
  readonly heldDeltaMinutes: Minutes;
  readonly balances: Balances;
  readonly lots: readonly LotView[];
  readonly activities: readonly ActivityMinutesView[];
}

/** An event of a package's stream: its facts, and the stamp once it is recorded. */
export type PackageEvent = {
  [T in PackageEventType]: { readonly type: T; readonly data: PackageFacts[T] };
}[PackageEventType];

export type RecordedPackageEvent = PackageEvent & { readonly occurredOn: string; readonly stamp: Stamp };
