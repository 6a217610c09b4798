import type { ActivitySnapshot, Lot } from '@monteore/contracts';
import type { Actor, Minutes, Policy } from '@monteore/kernel';

/** The rows that a board is read from, as the folds wrote them. Minutes are whole; dates and instants are texts. */
export interface PackageRow {
  readonly package_id: string;
  readonly client_id: string;
  readonly name: string;
  readonly referent_id: string;
  readonly status: 'open' | 'closing' | 'closed';
  readonly opened_on: string;
  readonly ends_on: string | null;
  readonly closes_at: string | null;
  readonly closed_on: string | null;
  readonly closed_at: string | null;
  readonly closing: Closing | null;
  readonly policy: Policy;
  readonly granted_minutes: Minutes;
  readonly charged_minutes: Minutes;
  readonly posted_minutes: Minutes;
  readonly held_minutes: Minutes;
  readonly available_minutes: Minutes;
  readonly lots: readonly Lot[];
  readonly sequence: number;
  readonly head_hash: string;
  readonly pending_minutes: Minutes | null;
  readonly activities_closed: boolean | null;
  /** See {@link positionOf}. */
  readonly position: string;
}

/** How it ended (R14). */
export interface Closing {
  readonly cause: 'decision' | 'used-up' | 'end-date';
  readonly reason?: string;
  readonly residual: {
    readonly kind: 'expire' | 'rollover' | 'write-off';
    readonly minutes: Minutes;
    readonly toPackageId?: string;
  };
}

/** Estimation's side of an activity, and the ledger's where it has one yet. */
export interface ActivityRow {
  readonly activity_id: string;
  readonly snapshot: ActivitySnapshot;
  readonly on_board: boolean;
  readonly waiting: {
    readonly version: number;
    readonly missingMinutes: Minutes;
    readonly since: string;
  } | null;
  readonly held_minutes: Minutes | null;
  readonly actual_minutes: Minutes | null;
  readonly charged_minutes: Minutes | null;
  readonly overrun_minutes: Minutes | null;
}

export interface OverrunRow {
  readonly overrun_id: string;
  readonly activity_id: string;
  readonly work_entry_id: string;
  readonly occurred_on: string;
  readonly recorded_minutes: Minutes;
  readonly remaining_minutes: Minutes;
  readonly state: 'open' | 'refused' | 'charged' | 'absorbed';
  readonly reason: string | null;
  readonly decided_by: Actor | null;
}

/** A board as one moment of the read model shows it. */
export interface BoardRows {
  readonly package: PackageRow;
  readonly activities: readonly ActivityRow[];
  readonly overruns: readonly OverrunRow[];
}

/** Ids of all people that a board names. */
export function peopleOf({ package: found, activities, overruns }: BoardRows): string[] {
  const actors = [
    ...activities.map(({ snapshot }) => snapshot.decidedBy),
    ...overruns.map((row) => row.decided_by),
  ];
  return [
    found.referent_id,
    ...activities.flatMap(({ snapshot }) => (snapshot.assigneeId === undefined ? [] : [snapshot.assigneeId])),
    ...actors.flatMap((actor) => (actor == null ? [] : [actor.subject, actor.onBehalfOf ?? actor.subject])),
  ];
}
