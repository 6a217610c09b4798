import { type Due, isRefusal, type Refusal, refuse, type WorkStatus } from '@monteore/kernel';
import {
  type BoardDecision,
  type DecisionContext,
  decideOnBoard,
  packageEnded,
  type Recorder,
  requireActivity,
} from '../board/record.js';
import { type ActivityState, type BoardState, displayTitleOf, isOver } from '../board/state.js';
import { decisionPending } from '../submitting-estimates/decide.js';

interface OnActivity {
  readonly activityId: string;
  readonly ifTouchedAt?: number | undefined;
}

function decideOnActivity(
  state: BoardState,
  context: DecisionContext,
  { activityId, ifTouchedAt }: OnActivity,
  command: (recorder: Recorder, activity: ActivityState) => Refusal | undefined,
): BoardDecision | Refusal {
  return decideOnBoard(state, context, (recorder) => {
    const activity = requireActivity(recorder.board, activityId, ifTouchedAt);
    if (isRefusal(activity)) return activity;
    if (recorder.board.status === 'closed') return packageEnded('closed');
    return command(recorder, activity);
  });
}

/** R6, R10: the team's side of an activity. Done and cancelled end it; taking it up again needs a new version. */
export function changeWorkStatus(
  state: BoardState,
  context: DecisionContext,
  command: OnActivity & { readonly status: WorkStatus },
): BoardDecision | Refusal {
  return decideOnActivity(state, context, command, (recorder, activity) => {
    const { activityId, status } = command;
    if (activity.workStatus === status) return;
    if (isOver(activity)) return finished(activity);
    if (activity.heldBy !== undefined) return decisionPending();
    if (status === 'cancelled') recorder.record('ActivityCancelled', { activityId });
    else if (activity.inForce === undefined) return notActive(activity);
    else if (status === 'done') recorder.record('ActivityCompleted', { activityId });
    else recorder.record('WorkStatusChanged', { activityId, status });
  });
}

/** R10: a flexible date is moved and told; a rigid one moves, or becomes flexible, only by a new version. */
export function moveDueDate(
  state: BoardState,
  context: DecisionContext,
  command: OnActivity & {
    readonly date: string;
    readonly firmness?: Due['firmness'] | undefined;
    readonly reason: string;
  },
): BoardDecision | Refusal {
  return decideOnActivity(state, context, command, (recorder, activity) => {
    const previousDue = activity.due;
    if (previousDue === undefined) return withoutDate(activity);
    const due = { date: command.date, firmness: command.firmness ?? previousDue.firmness };
    if (due.date === previousDue.date && due.firmness === previousDue.firmness) return;
    if (isOver(activity)) return finished(activity);
    if (previousDue.firmness === 'rigid') return rigid(activity, previousDue);
    const { activityId, reason } = command;
    recorder.record('DueDateChanged', { activityId, due, previousDue, reason });
  });
}

/** R10: another person in charge is no new version: the client is told. */
export function reassign(
  state: BoardState,
  context: DecisionContext,
  command: OnActivity & { readonly assigneeId: string },
): BoardDecision | Refusal {
  return decideOnActivity(state, context, command, (recorder, activity) => {
    const { activityId, assigneeId } = command;
    if (activity.assigneeId === assigneeId) return;
    if (isOver(activity)) return finished(activity);
    recorder.record('ActivityReassigned', {
      activityId,
      assigneeId,
      ...(activity.assigneeId === undefined ? {} : { previousAssigneeId: activity.assigneeId }),
    });
  });
}

const finished = (activity: ActivityState): Refusal =>
  refuse(
    409,
    'estimation.activity-finished',
    'The activity is finished',
    `«${displayTitleOf(activity)}» is ${activity.workStatus}: submit a new estimate to take it up again.`,
  );

const notActive = (activity: ActivityState): Refusal =>
  refuse(
    409,
    'estimation.not-active',
    'The activity has not started',
    `«${displayTitleOf(activity)}» has no estimate in force: it starts when its hours are set aside.`,
  );

const withoutDate = (activity: ActivityState): Refusal =>
  refuse(
    409,
    'estimation.no-date',
    'There is no date to move',
    `«${displayTitleOf(activity)}» has no estimate yet, and so no date.`,
  );

const rigid = (activity: ActivityState, due: Due): Refusal =>
  refuse(
    409,
    'estimation.rigid-date',
    'The date is rigid',
    `«${displayTitleOf(activity)}» was promised rigidly for ${due.date}: submit a new estimate version with the new date; the client decides.`,
    { extra: { due } },
  );
