import { RefusalError, refuse } from '@monteore/kernel';
import { approvalOf } from '../board/snapshot.js';
import type { ActivityState, Board } from '../board/state.js';

/** What became of the hours after a decision (api.md): told by the state, not by the call that asked. */
export function outcomeOf(
  activity: ActivityState,
  version: number,
): 'reserved' | 'waiting-for-hours' | 'pending' | 'none' {
  if (activity.decisions.get(version)?.outcome !== 'approved') return 'none';
  if ((activity.inForce ?? 0) >= version) return 'reserved';
  if (activity.waiting?.version === version) return 'waiting-for-hours';
  return activity.unansweredVersion === version ? 'pending' : 'none';
}

export const isSettled = (activity: ActivityState, version: number): boolean =>
  outcomeOf(activity, version) !== 'pending';

export function decisionAnswer(board: Board, activityId: string, version: number) {
  const activity = board.activities.get(activityId)!;
  const outcome = outcomeOf(activity, version);
  return {
    activityId,
    version,
    approval: approvalOf(activity),
    outcome,
    ...(outcome === 'waiting-for-hours' ? { missingMinutes: activity.waiting!.missingMinutes } : {}),
  };
}

/** R5: several in one go that were not granted leave no decision behind; the answer says what is missing. */
export function throwUnlessGranted(board: Board, reservationId: string): void {
  const outcome = board.together.get(reservationId)?.outcome;
  if (outcome === undefined || typeof outcome === 'string') return;
  const { code, missingMinutes } = outcome;
  throw new RefusalError(
    code === 'hours-insufficient'
      ? refuse(
          422,
          'estimation.hours-insufficient',
          'Not enough hours for all of them',
          `No decision was recorded: together they need ${missingMinutes} minutes more than are available. Approve fewer, or top up.`,
          { extra: { missingMinutes } },
        )
      : refuse(
          409,
          `estimation.${code}`,
          'Not possible any more',
          'No decision was recorded: the package or one of the activities has changed meanwhile. Read them again.',
        ),
  );
}
