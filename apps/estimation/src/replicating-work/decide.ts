import { isRefusal, type Refusal, refuse } from '@monteore/kernel';
import {
  type BoardDecision,
  type DecisionContext,
  decideOnOpenBoard,
  requireActivity,
} from '../board/record.js';
import { type BoardState, displayTitleOf, isOver } from '../board/state.js';
import { decisionPending } from '../submitting-estimates/decide.js';

export interface ReplicateWork {
  readonly activityId: string;
  readonly reason: string;
  /** The client said so again. */
  readonly urgent: boolean;
  /** Whether work was recorded on it, as the ledger tells. */
  readonly hasWork: boolean;
  readonly ifTouchedAt?: number | undefined;
}

/**
 * R7: the client threw the work away. The first activity becomes done and what it cost stays charged; the replica is
 * linked to it, keeps its origin, and goes its own way with a new estimate and a new decision.
 */
export function replicateWork(
  state: BoardState,
  context: DecisionContext,
  command: ReplicateWork,
): BoardDecision | Refusal {
  return decideOnOpenBoard(state, context, (recorder) => {
    const { activityId, reason, urgent } = command;
    const activity = requireActivity(recorder.board, activityId, command.ifTouchedAt);
    if (isRefusal(activity)) return activity;
    const { title, kind, origin, requestId, description } = activity;
    if (activity.heldBy !== undefined) return decisionPending();
    if (activity.replacedBy !== undefined) {
      return refuse(
        409,
        'estimation.already-replicated',
        'Already to be repeated',
        `«${displayTitleOf(activity)}» has a replica: replicate that one.`,
        { extra: { replicaId: activity.replacedBy } },
      );
    }
    if (!command.hasWork) {
      return refuse(
        422,
        'estimation.nothing-to-replicate',
        'There is no work to repeat',
        `No work was recorded on «${displayTitleOf(activity)}»: submit a new estimate for it instead.`,
      );
    }
    const replicaId = recorder.newId('activity');
    recorder.record('ActivityReplicated', { activityId, replicaId, reason });
    if (!isOver(activity)) recorder.record('ActivityCompleted', { activityId });
    recorder.record('ActivityProposed', {
      activityId: replicaId,
      number: recorder.board.order.length + 1,
      title,
      kind,
      origin,
      replicaOf: activityId,
      urgent,
      ...(requestId === undefined ? {} : { requestId }),
      ...(description === undefined ? {} : { description }),
    });
  });
}
