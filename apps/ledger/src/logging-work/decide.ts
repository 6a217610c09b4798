import { type Minutes, type Refusal, refuse, roundTotalMinutes } from '@monteore/kernel';
import { drawFrom, drawMinutes, inDrawOrder, spendableMinutes } from '../package/balances.js';
import { type Decision, decideOnLivePackage } from '../package/decide.js';
import type { DecisionContext } from '../package/record.js';
import { type ActivityState, activityOf, type Package, type PackageState } from '../package/state.js';

export interface LogWork {
  readonly activityId: string;
  readonly minutes: Minutes;
  readonly performedOn: string;
  readonly performedById: string;
  readonly note?: string;
  /** What an estimate that nobody approved would multiply with: work on it is all overrun, at its price. */
  readonly unapprovedMultiplier: number;
}

/**
 * R6: work that was done is never refused. It is charged to the hold, then up to what tolerance (or the threshold of
 * a minor extra) allows and `available` reaches; the rest is an overrun, in charged minutes.
 */
export function logWork(state: PackageState, context: DecisionContext, command: LogWork): Decision | Refusal {
  return decideOnLivePackage(state, context, (recorder) => {
    if (command.performedOn > context.today) return performedInFuture(command.performedOn, context.today);
    const current = recorder.package;
    const activity = activityOf(current, command.activityId);
    const multiplier = activity.inForce?.multiplier ?? command.unapprovedMultiplier;
    const totalMinutes = activity.actualMinutes + command.minutes;
    const roundedMinutes = Math.max(
      0,
      roundTotalMinutes(totalMinutes, current.policy) - activity.roundedMinutes,
    );
    const weightedMinutes = roundedMinutes * multiplier;

    const fromHoldMinutes = Math.min(weightedMinutes, activity.hold?.minutes ?? 0);
    const fromHold = drawFrom(inDrawOrder(current, activity.hold?.allocations ?? []), fromHoldMinutes);
    const beyondMinutes = Math.min(
      weightedMinutes - fromHoldMinutes,
      allowedBeyondHold(current, activity),
      spendableMinutes(current),
    );
    const beyondHold = drawMinutes(current, beyondMinutes);
    const overrunMinutes = weightedMinutes - fromHoldMinutes - beyondMinutes;
    const workEntryId = recorder.newId('work-entry');
    const overrunId = overrunMinutes > 0 ? recorder.newId('overrun') : undefined;
    recorder.record(
      'WorkCharged',
      {
        workEntryId,
        activityId: command.activityId,
        performedOn: command.performedOn,
        performedById: command.performedById,
        actualMinutes: command.minutes,
        roundedMinutes,
        multiplier,
        chargedMinutes: fromHoldMinutes + beyondMinutes,
        fromHoldMinutes,
        overrunMinutes,
        ...(overrunId === undefined ? {} : { overrunId }),
        ...(command.note === undefined ? {} : { note: command.note }),
        fromHold,
        beyondHold,
        afterEnd: activity.ended !== undefined,
      },
      command.performedOn,
    );
    if (overrunId !== undefined) {
      const { activityId } = command;
      recorder.record(
        'OverrunRecorded',
        { overrunId, workEntryId, activityId, minutes: overrunMinutes, multiplier },
        command.performedOn,
      );
    }
  });
}

/** How many weighted minutes may still be charged that no hold sets aside (R6). */
function allowedBeyondHold(state: Package, activity: ActivityState): Minutes {
  if (activity.ended !== undefined) return activity.ended.leftMinutes;
  if (activity.inForce === undefined) return 0;
  const { weightedMinutes, multiplier, automatic } = activity.inForce;
  const tolerated = state.policy.toleranceMinutes;
  const upToThreshold = automatic ? state.policy.minorUpToMinutes * multiplier - weightedMinutes : 0;
  return Math.max(0, Math.max(tolerated, upToThreshold) - activity.beyondHoldMinutes);
}

const performedInFuture = (performedOn: string, today: string): Refusal =>
  refuse(
    422,
    'ledger.work-in-future',
    'Work cannot be recorded before it is done',
    `${performedOn} has not come yet: today is ${today} (Europe/Rome).`,
    { errors: [{ pointer: '/performedOn', detail: `not after ${today}` }] },
  );
