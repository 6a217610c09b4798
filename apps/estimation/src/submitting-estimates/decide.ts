import { type Due, isRefusal, type Minutes, type Refusal, refuse, roundTotalMinutes } from '@monteore/kernel';
import type { EstimateVersion, Warning } from '../board/events.js';
import {
  type BoardDecision,
  type DecisionContext,
  decideOnOpenBoard,
  type Recorder,
  requireActivity,
} from '../board/record.js';
import { estimateOf } from '../board/snapshot.js';
import { type ActivityState, type BoardState, isOver, newestOf, versionOf } from '../board/state.js';
import { estimatePathOf } from './estimate-path.js';

export interface SubmitEstimate {
  readonly activityId: string;
  readonly minutes: Minutes;
  readonly assigneeId: string;
  readonly due: Due;
  /** Absent: as the newest version, or as the activity was proposed. */
  readonly urgent?: boolean | undefined;
  /** The client said so, in the request or in a reply to it (R2, R8). */
  readonly urgencyDeclared: boolean;
  readonly ifTouchedAt?: number | undefined;
}

/** R2, R3, R5: a numbered version of minutes and urgency, and the way it goes from here. */
export function submitEstimate(
  state: BoardState,
  context: DecisionContext,
  command: SubmitEstimate,
): BoardDecision | Refusal {
  return decideOnOpenBoard(state, context, (recorder) => {
    const activity = requireActivity(recorder.board, command.activityId, command.ifTouchedAt);
    if (isRefusal(activity)) return activity;
    if (activity.heldBy !== undefined) return decisionPending();
    const { activityId, minutes, assigneeId, due } = command;
    const urgent = command.urgent ?? newestOf(activity)?.urgent ?? activity.urgent;
    const { path, lowered } = estimatePathOf(recorder.board, activity, { ...command, urgent });
    submitVersion(recorder, activityId, { minutes, urgent, assigneeId, due, path, lowered });
    if (path === 'decision') askForDecision(recorder, activityId);
    else if (path === 'gate') askTheLedger(recorder, activityId);
    else requestReservation(recorder, activityId, lowered && activity.activatedBy !== 'automatic');
  });
}

type NewVersion = Pick<EstimateVersion, 'minutes' | 'urgent' | 'assigneeId' | 'due' | 'path'> & {
  readonly lowered?: boolean;
};

/** Records the next version; multiplier and weighted minutes are those of this moment, for ever (R2, R16). */
export function submitVersion(recorder: Recorder, activityId: string, given: NewVersion): void {
  const { policy } = recorder.board;
  const multiplier = given.urgent ? policy.urgentMultiplier : 1;
  recorder.record('EstimateSubmitted', {
    activityId,
    version: recorder.activity(activityId).versions.length + 1,
    multiplier,
    weightedMinutes: roundTotalMinutes(given.minutes, policy) * multiplier,
    lowered: false,
    ...given,
  });
}

/** Asks the client about the newest version; of a major extra with the warning of R3. */
export function askForDecision(recorder: Recorder, activityId: string, warning?: Warning): void {
  const activity = recorder.activity(activityId);
  const { version, weightedMinutes } = newestOf(activity)!;
  const previous =
    activity.inForce === undefined || isOver(activity) ? undefined : versionOf(activity, activity.inForce);
  recorder.record('DecisionAsked', {
    activityId,
    version,
    weightedMinutes,
    ...(warning === undefined ? {} : { warning }),
    ...(previous === undefined ? {} : { previous: estimateOf(previous) }),
  });
}

/** R3, entry gate: the ledger is asked whether there are hours; nothing is set aside. */
function askTheLedger(recorder: Recorder, activityId: string): void {
  const { version, weightedMinutes } = newestOf(recorder.activity(activityId))!;
  recorder.record('HoursAsked', { activityId, version, weightedMinutes });
}

/** Asks the ledger to set the newest version's hours aside. */
export function requestReservation(recorder: Recorder, activityId: string, isApproved: boolean): void {
  const activity = recorder.activity(activityId);
  recorder.record('ReservationRequested', {
    reservationId: recorder.newId('reservation'),
    items: [reservationItem(activity, isApproved)],
    whenLacking: 'wait',
  });
}

/** What the ledger must know to set a version's hours aside. */
export function reservationItem(activity: ActivityState, isApproved: boolean) {
  const { version, minutes, multiplier, weightedMinutes } = newestOf(activity)!;
  return {
    activityId: activity.activityId,
    version,
    minutes,
    multiplier,
    weightedMinutes,
    path: isApproved ? ('approved' as const) : ('automatic' as const),
    reopens: isOver(activity),
  };
}

export const decisionPending = (): Refusal =>
  refuse(
    409,
    'estimation.decision-pending',
    'A decision is on its way',
    'Several activities are being decided in one go, this one among them: wait for the answer, then decide anew.',
  );
