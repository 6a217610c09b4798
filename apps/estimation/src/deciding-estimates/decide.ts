import { isRefusal, type Refusal, refuse } from '@monteore/kernel';
import {
  type BoardDecision,
  type DecisionContext,
  decideOnBoard,
  packageEnded,
  type Recorder,
  requireActivity,
} from '../board/record.js';
import {
  type ActivityState,
  approvedWithoutHours,
  type BoardState,
  displayTitleOf,
  isOver,
  newestOf,
  waitsForDecision,
} from '../board/state.js';
import { decisionPending, requestReservation } from '../submitting-estimates/decide.js';

export interface DecideEstimate {
  readonly activityId: string;
  readonly version: number;
  readonly decision: 'approve' | 'reject';
  readonly reason?: string;
  /** The single-use link it was decided by. */
  readonly linkId?: string;
  readonly ifTouchedAt?: number | undefined;
}

const OUTCOMES = { approve: 'approved', reject: 'rejected' } as const;

/** R5: one decision on the newest version. The same one twice is one; the opposite one later is refused. */
export function decideEstimate(
  state: BoardState,
  context: DecisionContext,
  command: DecideEstimate,
): BoardDecision | Refusal {
  return decideOnBoard(state, context, (recorder) => {
    const activity = requireActivity(recorder.board, command.activityId, command.ifTouchedAt);
    if (isRefusal(activity)) return activity;
    const standing = checkDecision(activity, command);
    if (standing === 'decided') return;
    if (isRefusal(standing)) return standing;
    const { status } = recorder.board;
    if (status === 'closed' || (status === 'closing' && command.decision === 'approve'))
      return packageEnded(status);
    recordDecision(recorder, command);
    if (command.decision === 'approve') requestReservation(recorder, command.activityId, true);
  });
}

export function recordDecision(
  recorder: Recorder,
  { activityId, version, decision, reason, linkId }: DecideEstimate,
  by = recorder.context.actor,
  at = recorder.context.now,
): void {
  const facts = {
    activityId,
    version,
    decidedBy: by,
    decidedAt: at,
    ...(linkId === undefined ? {} : { linkId }),
  };
  if (decision === 'approve') recorder.record('EstimateApproved', facts);
  else recorder.record('EstimateRejected', { ...facts, ...(reason === undefined ? {} : { reason }) });
}

/** Whether a version may be decided like this: yes, it is decided so already, or why not. */
export function checkDecision(
  activity: ActivityState,
  { version, decision }: Pick<DecideEstimate, 'version' | 'decision'>,
): 'open' | 'decided' | Refusal {
  const known = activity.decisions.get(version);
  if (known !== undefined && known.outcome === OUTCOMES[decision]) return 'decided';
  if (known !== undefined) return alreadyDecided(activity, version);
  if (activity.heldBy !== undefined) return decisionPending();
  const newest = newestOf(activity);
  if (newest !== undefined && newest.version !== version) return outdated(activity, version);
  return waitsForDecision(activity) ? 'open' : notAsked(activity);
}

/**
 * R5: an approval that waits for hours may be withdrawn until they are reserved. The version is then decided:
 * whoever wants the work after all gets a new estimate.
 */
export function withdrawApproval(
  state: BoardState,
  context: DecisionContext,
  command: { readonly activityId: string; readonly ifTouchedAt?: number | undefined },
): BoardDecision | Refusal {
  return decideOnBoard(state, context, (recorder) => {
    const activity = requireActivity(recorder.board, command.activityId, command.ifTouchedAt);
    if (isRefusal(activity)) return activity;
    if (recorder.board.status === 'closed') return packageEnded('closed');
    const approved = approvedWithoutHours(activity);
    if (approved === undefined) return isWithdrawn(activity) ? undefined : nothingToWithdraw(activity);
    const version = Math.max(approved, activity.waiting?.version ?? 0);
    recorder.record('ApprovalWithdrawn', {
      activityId: command.activityId,
      version,
      withdrawnBy: context.actor,
      withdrawnAt: context.now,
    });
  });
}

function isWithdrawn(activity: ActivityState): boolean {
  const last = Math.max(0, ...activity.decisions.keys());
  return activity.decisions.get(last)?.outcome === 'withdrawn';
}

const alreadyDecided = (activity: ActivityState, version: number): Refusal => {
  const { outcome, by, at, reason } = activity.decisions.get(version)!;
  return refuse(
    409,
    'estimation.already-decided',
    'Already decided',
    `Version ${version} of «${displayTitleOf(activity)}» was ${outcome} on ${at}: a decision is not turned round. Ask for a new estimate.`,
    {
      extra: {
        decision: {
          version,
          outcome,
          decidedBy: by,
          decidedAt: at,
          ...(reason === undefined ? {} : { reason }),
        },
      },
    },
  );
};

const outdated = (activity: ActivityState, version: number): Refusal => {
  const { version: newest, minutes, multiplier, weightedMinutes, due } = newestOf(activity)!;
  return refuse(
    409,
    'estimation.version-outdated',
    'There is a newer estimate',
    `Version ${version} of «${displayTitleOf(activity)}» is not the newest: decide version ${newest}.`,
    {
      extra: {
        newest: {
          activityId: activity.activityId,
          version: newest,
          minutes,
          multiplier,
          weightedMinutes,
          due,
        },
      },
    },
  );
};

function notAsked(activity: ActivityState): Refusal {
  const why =
    newestOf(activity) === undefined
      ? 'it has no estimate yet.'
      : isOver(activity)
        ? 'its work is over.'
        : activity.inForce === newestOf(activity)!.version
          ? 'it has started without a decision.'
          : 'it waits for hours: it is offered by itself as soon as there are enough.';
  return refuse(
    409,
    'estimation.not-asked',
    'Nothing is asked',
    `«${displayTitleOf(activity)}» does not wait for a decision: ${why}`,
  );
}

const nothingToWithdraw = (activity: ActivityState): Refusal =>
  refuse(
    409,
    'estimation.nothing-to-withdraw',
    'Nothing to withdraw',
    `«${displayTitleOf(activity)}» has no approval that waits for hours: what is reserved is ended by cancelling the activity.`,
  );
