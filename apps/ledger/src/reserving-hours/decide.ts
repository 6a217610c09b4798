import type { Minutes, Refusal } from '@monteore/kernel';
import { spendableMinutes } from '../package/balances.js';
import { type Decision, decideOnPackage } from '../package/decide.js';
import type { Need, RefusalCode, RequestedItem, ReservedItem } from '../package/events.js';
import type { DecisionContext, Recorder } from '../package/record.js';
import { grant, planItem, reinstate } from '../package/reservation-plan.js';
import { activityOf, type Package, type PackageState } from '../package/state.js';

export interface ReserveHours {
  readonly reservationId: string;
  readonly items: readonly RequestedItem[];
  readonly whenLacking: 'wait' | 'refuse';
}

/**
 * R5: sets hours aside for approved estimates (and minor extras), all items or none. An answer is always an event;
 * a request at or below the last version seen, or for an activity that is over, moves nothing.
 */
export function reserveHours(
  state: PackageState,
  context: DecisionContext,
  command: ReserveHours,
): Decision | Refusal {
  return decideOnPackage(state, context, (recorder) => {
    const current = recorder.package;
    if (current.answers.has(command.reservationId)) return;
    if (command.items.every((item) => isInForce(current, item))) return repeatAnswer(recorder, command);
    if (current.status !== 'open') return refuseReservation(recorder, command, 'package-closed', 0);
    if (command.items.some((item) => isOvertaken(current, item))) {
      return refuseReservation(recorder, command, 'superseded', 0);
    }
    const requiredMinutes = command.items.reduce(
      (sum, item) => sum + planItem(current, item).requiredMinutes,
      0,
    );
    const spendable = spendableMinutes(current);
    if (requiredMinutes <= 0 || requiredMinutes <= spendable) {
      grant(recorder, command.reservationId, command.items, false);
    } else {
      refuseReservation(recorder, command, 'hours-insufficient', requiredMinutes - spendable);
    }
  });
}

function isOvertaken(state: Package, item: RequestedItem): boolean {
  const activity = activityOf(state, item.activityId);
  return item.version <= activity.versionSeen || (activity.ended !== undefined && !item.reopens);
}

const isInForce = (state: Package, { activityId, version }: RequestedItem): boolean => {
  const { inForce, hold } = activityOf(state, activityId);
  return inForce?.version === version && hold !== undefined;
};

/** The version was granted before: the same answer again, with nothing moved. */
function repeatAnswer(recorder: Recorder, { reservationId, items }: ReserveHours): undefined {
  const granted = items.map(({ activityId }): ReservedItem => {
    const { inForce, hold } = activityOf(recorder.package, activityId);
    return { activityId, ...inForce!, reopens: false, allocations: hold!.allocations };
  });
  recorder.record('HoursReserved', { reservationId, items: granted, afterWaiting: false });
}

function refuseReservation(
  recorder: Recorder,
  { reservationId, items, whenLacking }: ReserveHours,
  code: RefusalCode,
  missingMinutes: Minutes,
): undefined {
  const waits = code === 'hours-insufficient' && whenLacking === 'wait' && items.length === 1;
  recorder.record('ReservationRefused', {
    reservationId,
    code,
    items,
    missingMinutes,
    waits,
    ...(waits ? { need: needOf('reserve', reservationId, items[0]!) } : {}),
  });
}

const needOf = (kind: Need['kind'], reservationId: string, item: RequestedItem): Need => ({
  needId: `${item.activityId}:${item.version}`,
  reservationId,
  kind,
  item,
});

export interface AskForHours {
  readonly askId: string;
  readonly item: RequestedItem;
}

/** R3, entry gate: an extra goes on the board only when `available >= weighted minutes`. Sets nothing aside. */
export function askForHours(
  state: PackageState,
  context: DecisionContext,
  command: AskForHours,
): Decision | Refusal {
  return decideOnPackage(state, context, (recorder) => {
    const { item, askId } = command;
    const { activityId, version, weightedMinutes } = item;
    if (recorder.package.status !== 'open') {
      return refuseReservation(
        recorder,
        { reservationId: askId, items: [item], whenLacking: 'refuse' },
        'package-closed',
        0,
      );
    }
    const missingMinutes = weightedMinutes - spendableMinutes(recorder.package);
    if (missingMinutes <= 0) {
      recorder.record('HoursAvailable', { activityId, version, weightedMinutes, afterWaiting: false });
    } else {
      const need = needOf('offer', askId, item);
      recorder.record('HoursLacking', { activityId, version, weightedMinutes, missingMinutes, need });
    }
  });
}

export interface WithdrawApproval {
  readonly activityId: string;
  /** The version whose approval was withdrawn. */
  readonly version: number;
  /** What was in force when it was withdrawn, and stays so. */
  readonly versionInForce?: number | undefined;
}

/**
 * R5: until hours come, what waits for them may be withdrawn. Hours that were set aside while the withdrawal was on
 * its way return: nothing starts with them (docs/adr/0008).
 */
export function withdrawApproval(
  state: PackageState,
  context: DecisionContext,
  { activityId, version, versionInForce = 0 }: WithdrawApproval,
): Decision | Refusal {
  return decideOnPackage(state, context, (recorder) => {
    withdrawNeedsOf(recorder, activityId);
    const { hold, ended } = activityOf(recorder.package, activityId);
    if (hold === undefined || ended !== undefined) return;
    if (hold.version > version || hold.version <= versionInForce) return;
    if (reinstate(recorder, activityId, versionInForce)) return;
    const { minutes, allocations } = hold;
    recorder.record('HoldReleased', {
      activityId,
      releasedMinutes: minutes,
      reason: 'withdrawn',
      allocations,
    });
  });
}

function withdrawNeedsOf(recorder: Recorder, activityId: string): undefined {
  for (const need of recorder.package.needs) {
    if (need.item.activityId === activityId)
      recorder.record('NeedWithdrawn', { activityId, needId: need.needId });
  }
}

/** R6: when an activity is done or cancelled, what its hold still sets aside returns to `available`. */
export function endActivity(
  state: PackageState,
  context: DecisionContext,
  command: { readonly activityId: string; readonly outcome: 'done' | 'cancelled' },
): Decision | Refusal {
  return decideOnPackage(state, context, (recorder) => {
    const { activityId, outcome } = command;
    const activity = activityOf(recorder.package, activityId);
    if (recorder.package.status === 'closed' || activity.ended !== undefined) return;
    withdrawNeedsOf(recorder, activityId);
    const leftMinutes = activity.hold?.minutes ?? 0;
    if (activity.hold !== undefined) {
      const { allocations } = activity.hold;
      recorder.record('HoldReleased', {
        activityId,
        releasedMinutes: leftMinutes,
        reason: outcome,
        allocations,
      });
    }
    recorder.record('ActivityEnded', { activityId, outcome, leftMinutes });
  });
}
