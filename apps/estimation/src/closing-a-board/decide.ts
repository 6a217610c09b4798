import type { Refusal } from '@monteore/kernel';
import { type BoardDecision, type DecisionContext, decideOnBoard } from '../board/record.js';
import { stateOf } from '../board/snapshot.js';
import { type ActivityState, activitiesOf, type BoardState, isOver } from '../board/state.js';

/** R14: the end date came; nothing new is approved. */
export function beginClosing(state: BoardState, context: DecisionContext): BoardDecision | Refusal {
  return decideOnBoard(state, context, (recorder) => {
    if (recorder.board.status === 'open') recorder.record('BoardClosing', {});
  });
}

/**
 * R14: the package is closed. What waits is cancelled, what was being worked on is marked unfinished, and the board is
 * read-only for ever. At most `atOnce` activities a call, so that an append stays small; it is called until closed.
 */
export function closeBoard(
  state: BoardState,
  context: DecisionContext,
  atOnce: number,
): BoardDecision | Refusal {
  return decideOnBoard(state, context, (recorder) => {
    if (recorder.board.status === 'closed') return;
    const left = activitiesOf(recorder.board).filter(isLeftOver);
    for (const { activityId, inForce, workStatus } of left.slice(0, atOnce)) {
      if (inForce === undefined) recorder.record('ActivityCancelled', { activityId });
      else if (workStatus !== 'done' && workStatus !== 'cancelled')
        recorder.record('WorkStatusChanged', { activityId, status: workStatus, unfinished: true });
    }
    if (left.length > atOnce) return;
    const all = activitiesOf(recorder.board);
    recorder.record('ActivitiesClosed', {
      unfinishedActivityIds: all.filter(({ unfinished }) => unfinished).map(({ activityId }) => activityId),
      activityCount: all.length,
    });
  });
}

const isLeftOver = (activity: ActivityState): boolean =>
  !isOver(activity) && !activity.unfinished && stateOf(activity) !== 'rejected';
