import type { ActivitySnapshot } from '@monteore/contracts';
import type { Approval, ActivityState as PublicState } from '@monteore/kernel';
import type { EstimateVersion, PublicEstimate } from './events.js';
import {
  type ActivityState,
  approvedWithoutHours,
  type Board,
  displayTitleOf,
  newestOf,
  waitsForDecision,
} from './state.js';

/** The client's side of an activity (R10). While a newer version waits, the word on it is what is missing. */
export function approvalOf(activity: ActivityState): Approval {
  if (waitsForDecision(activity)) return 'waiting';
  if (approvedWithoutHours(activity) !== undefined) return 'approved';
  if (activity.inForce !== undefined) return activity.activatedBy ?? 'approved';
  const newest = newestOf(activity);
  const decision = newest === undefined ? undefined : activity.decisions.get(newest.version);
  return decision === undefined ? 'waiting' : 'not-approved';
}

export function stateOf(activity: ActivityState): PublicState {
  if (activity.workStatus === 'cancelled' && !isBeingTakenUp(activity)) return 'cancelled';
  if (activity.workStatus === 'done' && !isBeingTakenUp(activity)) return 'done';
  const isActive =
    activity.inForce !== undefined && activity.workStatus !== 'done' && activity.workStatus !== 'cancelled';
  if (isActive) return 'active';
  if (waitsForDecision(activity)) return 'waiting-for-decision';
  if (activity.waiting !== undefined || activity.unansweredVersion !== undefined) return 'waiting-for-hours';
  const newest = newestOf(activity);
  if (newest === undefined) return 'to-estimate';
  return activity.decisions.has(newest.version) ? 'rejected' : 'to-estimate';
}

/** R6: a finished activity is taken up again by a new version, from the client's question on. */
const isBeingTakenUp = (activity: ActivityState): boolean =>
  waitsForDecision(activity) || activity.waiting !== undefined || activity.unansweredVersion !== undefined;

/** A version as the others see it: how it went on is estimation's own business. */
export function estimateOf({ path: _, lowered: __, ...estimate }: EstimateVersion): PublicEstimate {
  return estimate;
}

/** One activity as the others see it: ids in the place of names. */
export function snapshotOf(board: Board, activity: ActivityState): ActivitySnapshot {
  const newest = newestOf(activity);
  const decisions = [...activity.decisions].sort(([a], [b]) => b - a);
  const last = decisions[0]?.[1];
  return {
    activityId: activity.activityId,
    packageId: board.packageId,
    clientId: board.clientId,
    number: activity.number,
    ...(activity.requestId === undefined ? {} : { requestId: activity.requestId }),
    ...(activity.replicaOf === undefined ? {} : { replicaOf: activity.replicaOf }),
    ...(activity.replacedBy === undefined ? {} : { replacedBy: activity.replacedBy }),
    title: activity.title,
    displayTitle: displayTitleOf(activity),
    origin: activity.origin,
    kind: activity.kind,
    urgent: newest?.urgent ?? activity.urgent,
    approval: approvalOf(activity),
    workStatus: activity.workStatus,
    state: stateOf(activity),
    ...(newest === undefined ? {} : { estimate: estimateOf(newest) }),
    ...(activity.inForce === undefined ? {} : { versionInForce: activity.inForce }),
    decisionAsked: waitsForDecision(activity),
    ...(activity.assigneeId === undefined ? {} : { assigneeId: activity.assigneeId }),
    ...(activity.due === undefined ? {} : { due: activity.due }),
    ...(last === undefined ? {} : { decidedBy: last.by, decidedAt: last.at }),
    unfinished: activity.unfinished,
  };
}
