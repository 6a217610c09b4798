import type { ActivitySnapshot } from '@monteore/contracts';
import type { Actor, Balances, Due, Kind, Minutes, Policy } from '@monteore/kernel';

/** A numbered version of minutes and urgency (R2): multiplier and weighted minutes are pinned when it is submitted. */
export interface EstimateVersion {
  readonly version: number;
  /** Minutes of actual work, of the whole activity. */
  readonly minutes: Minutes;
  readonly multiplier: number;
  readonly weightedMinutes: Minutes;
  readonly urgent: boolean;
  readonly assigneeId: string;
  readonly due: Due;
  /**
   * `automatic`: a minor extra, or an urgency taken away, needs no decision; `decision`: the client is asked at once;
   * `gate`: an extra for which the ledger is asked first whether there are hours (R3).
   */
  readonly path: 'automatic' | 'decision' | 'gate';
  /** Urgent became normal, the minutes stayed (R2). */
  readonly lowered: boolean;
}

export type PublicEstimate = Omit<EstimateVersion, 'path' | 'lowered'>;

export interface ReservationItem {
  readonly activityId: string;
  readonly version: number;
  readonly minutes: Minutes;
  readonly multiplier: number;
  readonly weightedMinutes: Minutes;
  readonly path: 'approved' | 'automatic';
  readonly reopens: boolean;
}

export interface TogetherDecision {
  readonly activityId: string;
  readonly version: number;
  readonly decision: 'approve' | 'reject';
  readonly reason?: string;
}

/** R3: what a major extra costs the rest, as the ledger's answer and the board stood when the client was asked. */
export interface Warning {
  readonly availableMinutes: Minutes;
  readonly leftMinutes: Minutes;
  readonly wouldNotFit: readonly {
    readonly activityId: string;
    readonly displayTitle: string;
    readonly weightedMinutes: Minutes;
  }[];
}

/** The facts of each event of a package's board; `Stamp` is added when they are recorded. */
export interface BoardFacts {
  BoardOpened: { packageId: string; clientId: string; policy: Policy };
  PolicyNoted: { policy: Policy };
  ActivityProposed: {
    activityId: string;
    number: number;
    title: string;
    kind: Kind;
    origin: 'agreed' | 'extra';
    requestId?: string;
    replicaOf?: string;
    description?: string;
    /** What the team proposes for the first estimate. */
    urgent: boolean;
  };
  EstimateSubmitted: { activityId: string } & EstimateVersion;
  HoursAsked: { activityId: string; version: number; weightedMinutes: Minutes };
  DecisionAsked: {
    activityId: string;
    version: number;
    weightedMinutes: Minutes;
    warning?: Warning;
    /** The version that stays in force until this one is decided. */
    previous?: PublicEstimate;
  };
  EstimateApproved: {
    activityId: string;
    version: number;
    decidedBy: Actor;
    decidedAt: string;
    linkId?: string;
  };
  EstimateRejected: {
    activityId: string;
    version: number;
    decidedBy: Actor;
    decidedAt: string;
    reason?: string;
    linkId?: string;
  };
  ReservationRequested: {
    reservationId: string;
    items: readonly ReservationItem[];
    whenLacking: 'wait' | 'refuse';
  };
  /** Several decided in one go: nothing is decided until the ledger has answered for all of them (R5). */
  DecisionsHeld: {
    reservationId: string;
    decisions: readonly TogetherDecision[];
    decidedBy: Actor;
    decidedAt: string;
  };
  /** They did not all fit, or one was overtaken: no decision is recorded. */
  DecisionsDropped: { reservationId: string; code: string; missingMinutes: Minutes };
  DecisionsGranted: { reservationId: string };
  ApprovalWithdrawn: { activityId: string; version: number; withdrawnBy: Actor; withdrawnAt: string };
  ActivityActivated: {
    activityId: string;
    version: number;
    cause: 'automatic' | 'approved' | 'lowered';
    balances: Balances;
  };
  ActivityWaitingForHours: {
    activityId: string;
    version: number;
    cause: 'gate' | 'reservation';
    missingMinutes: Minutes;
    balances: Balances;
  };
  WorkStatusChanged: {
    activityId: string;
    status: 'to-do' | 'in-progress' | 'waiting-for-client' | 'on-hold';
    /** Set when the package closed over it (R14). */
    unfinished?: boolean;
  };
  DueDateChanged: { activityId: string; due: Due; previousDue: Due; reason: string };
  ActivityReassigned: { activityId: string; assigneeId: string; previousAssigneeId?: string };
  ActivityCompleted: { activityId: string };
  ActivityCancelled: { activityId: string };
  ActivityReplicated: { activityId: string; replicaId: string; reason: string };
  /** The end date came: nothing new is approved (R14). */
  BoardClosing: Record<string, never>;
  ActivitiesClosed: { unfinishedActivityIds: readonly string[]; activityCount: number };
}

export type BoardEventType = keyof BoardFacts;

export type BoardEvent = {
  [T in BoardEventType]: { readonly type: T; readonly data: BoardFacts[T] };
}[BoardEventType];

/** Resulting values, in every event (architecture.md, third rule). */
export interface Stamp {
  readonly packageId: string;
  readonly clientId: string;
  /** R1: weighted minutes of estimates that wait for a decision. */
  readonly pendingMinutes: Minutes;
  /** The activity that the event is about, after it. */
  readonly activity?: ActivitySnapshot;
}

export type RecordedBoardEvent = BoardEvent & { readonly stamp: Stamp };
