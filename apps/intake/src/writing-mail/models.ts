import type { Balances, Due, Minutes } from '@monteore/kernel';

/** One version of an estimate, as a mail tells it. `weightedMinutes` is what it would take from the package (R2). */
export interface ToldEstimate {
  readonly version: number;
  readonly minutes: Minutes;
  readonly multiplier: number;
  readonly weightedMinutes: Minutes;
  readonly urgent: boolean;
  readonly assigneeId: string;
  readonly due: Due;
}

interface AskedEstimate {
  readonly activityId: string;
  readonly title: string;
  readonly estimate: ToldEstimate;
  /** The version that stays in force until this one is decided (R5). */
  readonly previous?: ToldEstimate;
}

/**
 * What is kept of a mail until it is rendered, by kind (R11): ids, numbers, dates and business records (titles,
 * reasons). Names and addresses of people are looked up when the mail is rendered.
 */
export interface MailModels {
  readonly 'request-received': {
    readonly number: number;
    readonly takeInChargeBy: string;
    readonly urgent: boolean;
    readonly urgentMultiplier: number;
    readonly possiblySeveral: boolean;
    /** A part of a mail that a person split (R8). */
    readonly isPart: boolean;
  };
  readonly 'request-dismissed': { readonly number: number; readonly reason: string };
  readonly 'reply-approvo': {
    readonly replyId: string;
    /** The request's; absent in a thread about an activity that no request stands behind. */
    readonly number?: number;
    readonly waiting: readonly {
      readonly activityId: string;
      readonly version: number;
      readonly title: string;
    }[];
  };
  readonly 'hours-missing': {
    readonly title: string;
    readonly weightedMinutes: Minutes;
    readonly missingMinutes: Minutes;
    readonly availableMinutes: Minutes;
  };
  readonly 'estimate-to-decide': AskedEstimate;
  readonly 'major-extra': AskedEstimate & {
    readonly availableMinutes: Minutes;
    readonly leftMinutes: Minutes;
    readonly wouldNotFit: readonly { readonly title: string; readonly weightedMinutes: Minutes }[];
  };
  readonly 'extra-activated': {
    readonly title: string;
    readonly estimate: ToldEstimate;
    readonly availableMinutes: Minutes;
  };
  readonly 'urgency-lowered': {
    readonly title: string;
    readonly estimate: ToldEstimate;
    readonly availableMinutes: Minutes;
  };
  readonly 'decision-recorded': {
    readonly title: string;
    readonly outcome: 'approved' | 'rejected' | 'waiting-for-hours';
    readonly version: number;
    readonly weightedMinutes?: Minutes;
    readonly decidedById?: string;
    /** The team member or machine that recorded the decision for the contact. */
    readonly recordedById?: string;
    readonly decidedAt?: string;
    readonly reason?: string;
    /** The version that a rejection leaves in force (R5). */
    readonly versionInForce?: number;
    readonly missingMinutes?: Minutes;
    readonly availableMinutes?: Minutes;
  };
  readonly 'overrun-to-decide': {
    readonly overrunId: string;
    readonly minutes: Minutes;
    readonly actualMinutes: Minutes;
    readonly availableMinutes: Minutes;
  };
  readonly 'date-moved': {
    readonly title: string;
    readonly previousDue: Due;
    readonly due: Due;
    readonly reason: string;
  };
  readonly 'assignee-changed': {
    readonly title: string;
    readonly previousAssigneeId?: string;
    readonly assigneeId: string;
  };
  readonly threshold: {
    readonly thresholdsPercent: readonly number[];
    readonly consumedPercent: number;
    readonly balances: Balances;
  };
  readonly 'expiry-near': {
    readonly expiresOn: string;
    readonly freeMinutes: Minutes;
    readonly heldMinutes: Minutes;
  };
  readonly 'package-opened': {
    readonly endsOn?: string;
    readonly agreed: readonly { readonly title: string; readonly estimateMinutes: Minutes }[];
  };
  readonly 'package-closed': { readonly sha256: string; readonly fileName: string };
  readonly 'deadline-near': { readonly number: number; readonly takeInChargeBy: string };
  readonly 'deadline-missed': { readonly number: number; readonly takeInChargeBy: string };
  readonly quarantine: { readonly mailId: string; readonly receivedAt: string; readonly reason: string };
  readonly 'viewer-waits': { readonly mailId: string; readonly receivedAt: string };
  readonly 'closure-scheduled': { readonly closesAt: string };
}

export type MailKind = keyof MailModels;

/**
 * Who is written to, as of the moment of writing: approvers and whoever sent the request, approvers and referent,
 * every contact that the package is shared with, the referent, the request's sender, or one person.
 */
export type Audience =
  | 'approvers-and-sender'
  | 'approvers-and-referent'
  | 'all-contacts'
  | 'referent'
  | 'sender'
  | { readonly contactId: string };

/** Why mails are to be written: one fact, told once to each of its audience. */
export type MailCause = {
  readonly [K in MailKind]: {
    readonly kind: K;
    /** The event (or timer) that it follows from. */
    readonly causeEventId: string;
    readonly audience: Audience;
    readonly packageId?: string;
    readonly clientId?: string;
    readonly requestId?: string;
    readonly activityId?: string;
    /** Whose mailbox it concerns, where no package says so. */
    readonly referentId?: string;
    readonly facts: MailModels[K];
  };
}[MailKind];
