import { type Actor, type Due, type Kind, type Minutes, PersistentMap, type Policy } from '@monteore/kernel';
import type { EstimateVersion, TogetherDecision } from './events.js';

export interface Decision {
  readonly outcome: 'approved' | 'rejected' | 'withdrawn';
  readonly by: Actor;
  readonly at: string;
  readonly reason?: string;
}

export interface ActivityState {
  readonly activityId: string;
  /** Its place on the board: 1 for the first. */
  readonly number: number;
  readonly title: string;
  readonly kind: Kind;
  readonly origin: 'agreed' | 'extra';
  readonly requestId?: string;
  readonly replicaOf?: string;
  readonly replacedBy?: string;
  readonly description?: string;
  /** Urgency for the first estimate, where it does not say one. */
  readonly urgent: boolean;
  /** Version 1 first. */
  readonly versions: readonly EstimateVersion[];
  readonly decisions: ReadonlyMap<number, Decision>;
  /** The version the client is asked about; 0 when none is. */
  readonly askedVersion: number;
  /** R3: what the client was ever asked about is never activated by itself. */
  readonly wasEverAsked: boolean;
  /** The version whose hours are set aside. */
  readonly inForce?: number;
  /** How the version in force came into force. */
  readonly activatedBy?: 'automatic' | 'approved';
  readonly waiting?: {
    readonly version: number;
    readonly cause: 'gate' | 'reservation';
    readonly missingMinutes: Minutes;
  };
  /** The version for which the ledger has been asked and has not answered. */
  readonly unansweredVersion?: number;
  /** Several decided in one go are on their way: other decisions wait (R5). */
  readonly heldBy?: string;
  readonly workStatus: 'to-do' | 'in-progress' | 'waiting-for-client' | 'on-hold' | 'done' | 'cancelled';
  readonly assigneeId?: string;
  /** The date in force; before anything is, the newest version's. */
  readonly due?: Due;
  readonly unfinished: boolean;
  /** The stream's version of the last event that touched it: its ETag. */
  readonly touchedAt: number;
}

/** Several decisions made in one go, and what became of them. */
export interface Together {
  readonly decisions: readonly TogetherDecision[];
  readonly by: Actor;
  readonly at: string;
  readonly outcome: 'pending' | 'granted' | { readonly code: string; readonly missingMinutes: Minutes };
}

export interface Board {
  readonly status: 'open' | 'closing' | 'closed';
  readonly packageId: string;
  readonly clientId: string;
  readonly policy: Policy;
  readonly activities: PersistentMap<string, ActivityState>;
  /** In the order of their entry. */
  readonly order: readonly string[];
  readonly together: PersistentMap<string, Together>;
  readonly pendingMinutes: Minutes;
}

export type BoardState = { readonly status: 'unopened' } | Board;

export const UNOPENED: BoardState = { status: 'unopened' };

export const emptyBoard = (packageId: string, clientId: string, policy: Policy): Board => ({
  status: 'open',
  packageId,
  clientId,
  policy,
  activities: PersistentMap.empty(),
  order: [],
  together: PersistentMap.empty(),
  pendingMinutes: 0,
});

export const newestOf = (activity: ActivityState): EstimateVersion | undefined => activity.versions.at(-1);

export const versionOf = (activity: ActivityState, version: number): EstimateVersion | undefined =>
  activity.versions[version - 1];

export const isOver = (activity: ActivityState): boolean =>
  activity.workStatus === 'done' || activity.workStatus === 'cancelled';

/** The newest version waits for the client's word, and so counts as pending (R1). */
export function waitsForDecision(activity: ActivityState): boolean {
  const newest = newestOf(activity);
  return (
    newest !== undefined &&
    activity.askedVersion === newest.version &&
    !activity.decisions.has(newest.version)
  );
}

/** The highest version that was approved and has no hours yet. */
export function approvedWithoutHours(activity: ActivityState): number | undefined {
  const approved = [...activity.decisions]
    .filter(([version, { outcome }]) => outcome === 'approved' && version > (activity.inForce ?? 0))
    .map(([version]) => version);
  return approved.length === 0 ? undefined : Math.max(...approved);
}

/** The board's activities in the order of their entry. */
export const activitiesOf = (board: Board): ActivityState[] =>
  board.order.map((activityId) => board.activities.get(activityId)!);

/** R3: the title a person sees. */
export const displayTitleOf = ({ title, origin }: Pick<ActivityState, 'title' | 'origin'>): string =>
  origin === 'extra' ? `${title} (extra)` : title;
