import { type Minutes, PersistentMap, type Policy } from '@monteore/kernel';
import type { AgreedActivity, Draw, LotOrigin, Need, RequestedItem } from './events.js';

export interface LotState {
  readonly lotId: string;
  readonly origin: LotOrigin;
  readonly minutes: Minutes;
  /** What is neither charged, expired nor moved out; `heldMinutes` of it are set aside. */
  readonly remainingMinutes: Minutes;
  readonly heldMinutes: Minutes;
  readonly expiresOn?: string;
  readonly expired: boolean;
  /** Overdraft this lot paid back when it came (R1). */
  readonly coveredMinutes: Minutes;
}

export interface HoldState {
  readonly version: number;
  readonly multiplier: number;
  readonly minutes: Minutes;
  readonly allocations: readonly Draw[];
}

export interface VersionInForce {
  readonly version: number;
  readonly minutes: Minutes;
  readonly multiplier: number;
  readonly weightedMinutes: Minutes;
  readonly automatic: boolean;
}

export interface ActivityState {
  readonly activityId: string;
  /** The highest version whose reservation was answered; nothing at or below it moves hours again. */
  readonly versionSeen: number;
  readonly inForce?: VersionInForce;
  /** Those that were in force before it, oldest first: one of them is again when a newer approval is withdrawn (R5). */
  readonly earlierInForce: readonly VersionInForce[];
  readonly hold?: HoldState;
  readonly actualMinutes: Minutes;
  /** What the actual minutes counted for so far, entry by entry, with the rounding of their day (R16). */
  readonly roundedMinutes: Minutes;
  readonly chargedMinutes: Minutes;
  /** Charged beyond the hold of the version in force: what its tolerance has already given (R6). */
  readonly beyondHoldMinutes: Minutes;
  /** Set when the activity is done or cancelled: what its estimate had left. */
  readonly ended?: { readonly leftMinutes: Minutes };
}

export interface WorkEntryState {
  readonly workEntryId: string;
  readonly activityId: string;
  readonly actualMinutes: Minutes;
  readonly roundedMinutes: Minutes;
  readonly chargedMinutes: Minutes;
  readonly performedOn: string;
  readonly performedById: string;
  readonly recordedBy: string;
  readonly fromHold: readonly Draw[];
  readonly beyondHold: readonly Draw[];
  readonly afterEnd: boolean;
  readonly overrunId?: string;
  readonly reversed: boolean;
}

export interface OverrunState {
  readonly overrunId: string;
  readonly activityId: string;
  readonly workEntryId: string;
  readonly multiplier: number;
  readonly recordedMinutes: Minutes;
  /** Weighted minutes not settled yet. */
  readonly minutes: Minutes;
  readonly chargedMinutes: Minutes;
  readonly draws: readonly Draw[];
  readonly state: 'open' | 'refused' | 'charged' | 'absorbed' | 'reversed';
}

interface PackageBase {
  readonly packageId: string;
  readonly clientId: string;
  readonly name: string;
  readonly referentId: string;
  readonly openedOn: string;
  readonly endsOn?: string;
  readonly policy: Policy;
  readonly agreedActivities: readonly AgreedActivity[];
  /** In the order of their coming; R13's draw order is computed from it. */
  readonly lots: readonly LotState[];
  readonly overdraft: { readonly chargedMinutes: Minutes; readonly heldMinutes: Minutes };
  readonly grantedMinutes: Minutes;
  readonly chargedMinutes: Minutes;
  readonly heldMinutes: Minutes;
  readonly activities: PersistentMap<string, ActivityState>;
  readonly entries: PersistentMap<string, WorkEntryState>;
  readonly overruns: PersistentMap<string, OverrunState>;
  /** Overruns that wait, oldest first. */
  readonly openOverrunIds: readonly string[];
  readonly needs: readonly Need[];
  readonly answers: PersistentMap<string, ReservationAnswer>;
  /** Threshold marks already told in this episode (R12). */
  readonly toldThresholds: readonly number[];
  readonly expectedTransfers: readonly string[];
  readonly receivedTransfers: readonly string[];
  /** The rollover with which the residual left (R14). */
  readonly transferOutId?: string;
}

export interface ReservationAnswer {
  readonly granted: boolean;
  readonly items: readonly RequestedItem[];
}

export type OpenPackage = PackageBase & { readonly status: 'open'; readonly closesAt?: string };
export type ClosingPackage = PackageBase & { readonly status: 'closing' };
export type ClosedPackage = PackageBase & {
  readonly status: 'closed';
  readonly closedOn: string;
  readonly cause: 'decision' | 'used-up' | 'end-date';
};
export type Package = OpenPackage | ClosingPackage | ClosedPackage;
export type LivePackage = OpenPackage | ClosingPackage;
export type PackageState = { readonly status: 'unopened' } | Package;

export const UNOPENED: PackageState = { status: 'unopened' };

export const newActivity = (activityId: string): ActivityState => ({
  activityId,
  versionSeen: 0,
  earlierInForce: [],
  actualMinutes: 0,
  roundedMinutes: 0,
  chargedMinutes: 0,
  beyondHoldMinutes: 0,
});

export const activityOf = (state: Package, activityId: string): ActivityState =>
  state.activities.get(activityId) ?? newActivity(activityId);

export function withActivity(state: Package, activityId: string, change: Partial<ActivityState>): Package {
  const activity = { ...activityOf(state, activityId), ...change };
  return { ...state, activities: state.activities.with(activityId, activity) };
}

export const sumOf = (draws: readonly Draw[]): Minutes => draws.reduce((sum, draw) => sum + draw.minutes, 0);
