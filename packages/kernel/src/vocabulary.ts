import type { Minutes } from './minutes.js';

/** The words of rules.md that every service uses, without any library, so that domain folders may import them. */

export const KINDS = [
  'site-assistance',
  'consulting',
  'question',
  'training',
  'update',
  'improvement',
  'other',
] as const;
export type Kind = (typeof KINDS)[number];

export const LANGUAGES = ['it', 'en'] as const;
export type Language = (typeof LANGUAGES)[number];

export interface Due {
  /** `YYYY-MM-DD`, Europe/Rome. */
  readonly date: string;
  readonly firmness: 'rigid' | 'flexible';
}

export const WORK_STATUSES = [
  'to-do',
  'in-progress',
  'waiting-for-client',
  'on-hold',
  'done',
  'cancelled',
] as const;
export type WorkStatus = (typeof WORK_STATUSES)[number];

export const APPROVALS = ['waiting', 'approved', 'not-approved', 'automatic'] as const;
export type Approval = (typeof APPROVALS)[number];

export const ACTIVITY_STATES = [
  'to-estimate',
  'waiting-for-decision',
  'waiting-for-hours',
  'active',
  'done',
  'rejected',
  'cancelled',
] as const;
export type ActivityState = (typeof ACTIVITY_STATES)[number];

/** R1: policies are fixed in the opening event; a later change acts from then on. */
export interface Policy {
  readonly urgentMultiplier: number;
  readonly minorUpToMinutes: Minutes;
  readonly toleranceMinutes: Minutes;
  readonly overdraftMinutes: Minutes;
  readonly thresholdsPercent: readonly number[];
  readonly roundUpToMinutes: Minutes;
  readonly minimumMinutes: Minutes;
  /** Dates on which the team of this package does not work, besides public holidays. */
  readonly closingDays: readonly string[];
}

export const DEFAULT_POLICY: Policy = {
  urgentMultiplier: 3,
  minorUpToMinutes: 30,
  toleranceMinutes: 0,
  overdraftMinutes: 0,
  thresholdsPercent: [50, 75, 90, 100],
  roundUpToMinutes: 1,
  minimumMinutes: 0,
  closingDays: [],
};

/** R1: the balances that follow from the ledger's events alone. `chargedMinutes` is net of reversals. */
export interface Balances {
  readonly grantedMinutes: Minutes;
  readonly chargedMinutes: Minutes;
  readonly postedMinutes: Minutes;
  readonly heldMinutes: Minutes;
  readonly availableMinutes: Minutes;
}
