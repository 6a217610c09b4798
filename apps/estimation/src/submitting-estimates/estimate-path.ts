import type { Due, Minutes } from '@monteore/kernel';
import type { EstimateVersion } from '../board/events.js';
import {
  type ActivityState,
  activitiesOf,
  approvedWithoutHours,
  type Board,
  isOver,
  newestOf,
  versionOf,
} from '../board/state.js';

export interface ProposedVersion {
  readonly minutes: Minutes;
  readonly urgent: boolean;
  readonly urgencyDeclared: boolean;
  readonly due: Due;
}

/** How a new version goes on (R2, R3, R4, R5, R7). */
export function estimatePathOf(
  board: Board,
  activity: ActivityState,
  proposed: ProposedVersion,
): { readonly path: EstimateVersion['path']; readonly lowered: boolean } {
  if (isLowering(activity, proposed)) return { path: 'automatic', lowered: true };
  const wasAgreedTo = activity.inForce !== undefined || isOver(activity);
  if (wasAgreedTo || activity.origin === 'agreed') return { path: 'decision', lowered: false };
  return { path: startsByItself(board, activity, proposed) ? 'automatic' : 'gate', lowered: false };
}

/**
 * R2: urgent becomes normal and nothing else changes for the client; a date it was promised rigidly stays.
 * What counts is the version the client has agreed to, in force or waiting for hours.
 */
function isLowering(activity: ActivityState, proposed: ProposedVersion): boolean {
  if (isOver(activity)) return false;
  const agreed = approvedWithoutHours(activity) ?? activity.inForce;
  const base = agreed === undefined ? undefined : versionOf(activity, agreed);
  if (base === undefined || !base.urgent || proposed.urgent || base.minutes !== proposed.minutes)
    return false;
  const due = activity.due ?? base.due;
  const isSameDue = due.date === proposed.due.date && due.firmness === proposed.due.firmness;
  return isSameDue || (due.firmness === 'flexible' && proposed.due.firmness === 'flexible');
}

/**
 * R3: a minor extra starts by itself. The threshold looks at all extras of one request together; what the client was
 * ever asked about or rejected never does, nor a replica (R7), nor an urgency that the client did not declare (R2).
 */
function startsByItself(board: Board, activity: ActivityState, proposed: ProposedVersion): boolean {
  if (activity.wasEverAsked || activity.decisions.size > 0 || activity.replicaOf !== undefined) return false;
  if (proposed.urgent && !proposed.urgencyDeclared) return false;
  return proposed.minutes + siblingMinutes(board, activity) <= board.policy.minorUpToMinutes;
}

/** Minutes (before weighting) of the other extras made from the same request that were not cancelled. */
function siblingMinutes(board: Board, activity: ActivityState): Minutes {
  if (activity.requestId === undefined) return 0;
  return activitiesOf(board)
    .filter(
      (other) =>
        other.activityId !== activity.activityId &&
        other.origin === 'extra' &&
        other.requestId === activity.requestId &&
        other.workStatus !== 'cancelled',
    )
    .map((other) => newestOf(other))
    .filter((newest) => newest !== undefined)
    .reduce((sum, newest) => sum + newest.minutes, 0);
}
