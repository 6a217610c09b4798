import { isRefusal, type Refusal, refuse } from '@monteore/kernel';
import type { TogetherDecision } from '../board/events.js';
import {
  type BoardDecision,
  type DecisionContext,
  decideOnBoard,
  packageEnded,
  requireActivity,
} from '../board/record.js';
import type { BoardState } from '../board/state.js';
import { reservationItem } from '../submitting-estimates/decide.js';
import { checkDecision, recordDecision } from './decide.js';

/**
 * R5: several decided in one go are one reservation. Nothing is decided here unless all can be; the approvals wait
 * for the ledger's one answer, and the rejections with them.
 */
export function decideTogether(
  state: BoardState,
  context: DecisionContext,
  decisions: readonly TogetherDecision[],
): BoardDecision | Refusal {
  return decideOnBoard(state, context, (recorder) => {
    const open: TogetherDecision[] = [];
    const refusals: { activityId: string; refusal: Refusal }[] = [];
    for (const decision of decisions) {
      const { activityId } = decision;
      const activity = requireActivity(recorder.board, activityId);
      const standing = isRefusal(activity) ? activity : checkDecision(activity, decision);
      if (isRefusal(standing)) refusals.push({ activityId, refusal: standing });
      else if (standing === 'open') open.push(decision);
    }
    if (refusals.length > 0) return noneDecided(refusals);
    if (open.length === 0) return;
    const approvals = open.filter(({ decision }) => decision === 'approve');
    const { status } = recorder.board;
    if (status === 'closed' || (status === 'closing' && approvals.length > 0)) return packageEnded(status);
    if (approvals.length === 0) {
      for (const decision of open) recordDecision(recorder, decision);
      return;
    }
    const reservationId = recorder.newId('reservation');
    recorder.record('DecisionsHeld', {
      reservationId,
      decisions: open,
      decidedBy: context.actor,
      decidedAt: context.now,
    });
    recorder.record('ReservationRequested', {
      reservationId,
      items: approvals.map(({ activityId }) => reservationItem(recorder.activity(activityId), true)),
      whenLacking: 'refuse',
    });
  });
}

/** One that cannot be decided is enough: the answer names each, with what is newer. */
function noneDecided(refusals: readonly { activityId: string; refusal: Refusal }[]): Refusal {
  const unknown = refusals.find(({ refusal }) => refusal.status === 404);
  if (unknown !== undefined) return unknown.refusal;
  const first = refusals[0]!.refusal;
  return refuse(
    409,
    first.code,
    first.title,
    `No decision was recorded. ${refusals.map(({ refusal }) => refusal.detail).join(' ')}`,
    {
      extra: {
        conflicts: refusals.map(({ activityId, refusal }) => ({
          activityId,
          code: refusal.code,
          detail: refusal.detail,
          ...refusal.extra,
        })),
      },
    },
  );
}
