import { type Minutes, roundTotalMinutes } from '@monteore/kernel';
import {
  drawFrom,
  drawMinutes,
  inDrawOrder,
  mergeDraws,
  spendableMinutes,
  subtractDraws,
} from './balances.js';
import type { Draw, RequestedItem, ReservedItem } from './events.js';
import { evolve } from './evolve.js';
import type { Recorder } from './record.js';
import { type ActivityState, activityOf, type OverrunState, type Package, sumOf } from './state.js';

export interface ItemPlan {
  readonly holdMinutes: Minutes;
  /** Overruns that the new minutes cover, with the weighted minutes charged of each (R5). */
  readonly covered: readonly { readonly overrun: OverrunState; readonly minutes: Minutes }[];
  /**
   * What `available` must have: the new hold, less the old one, plus covered overruns. May be negative. What a
   * smaller hold frees on a lot whose last day is over expires with it (R13) and helps nobody.
   */
  readonly requiredMinutes: Minutes;
}

/**
 * R5: an estimate's minutes are those of the whole activity, so the hold is what is still to be worked:
 * `max(0, minutes − actual so far) × multiplier`, both sides rounded as R16 says.
 */
export function planItem(state: Package, item: RequestedItem): ItemPlan {
  const activity = activityOf(state, item.activityId);
  const estimateMinutes = roundTotalMinutes(item.minutes, state.policy);
  const holdMinutes = Math.max(0, estimateMinutes - activity.roundedMinutes) * item.multiplier;
  const covered = coveredOverruns(state, item.activityId, estimateMinutes, activity.roundedMinutes);
  const kept = keptOf(state, activity, holdMinutes);
  const freed = subtractDraws(activity.hold?.allocations ?? [], kept);
  const requiredMinutes =
    holdMinutes -
    sumOf(kept) -
    sumOf(freed.filter((draw) => !isExpired(state, draw))) +
    covered.reduce((sum, part) => sum + part.minutes, 0);
  return { holdMinutes, covered, requiredMinutes };
}

/** Overruns are work beyond the old estimate; the part of it that lies within the new one is charged, oldest first. */
function coveredOverruns(
  state: Package,
  activityId: string,
  estimateMinutes: Minutes,
  workedMinutes: Minutes,
): { overrun: OverrunState; minutes: Minutes }[] {
  const open = openOverrunsOf(state, activityId);
  const actualOf = (overrun: OverrunState) => Math.ceil(overrun.minutes / overrun.multiplier);
  const uncharged = open.reduce((sum, overrun) => sum + actualOf(overrun), 0);
  let roomMinutes = estimateMinutes - (workedMinutes - uncharged);
  const covered: { overrun: OverrunState; minutes: Minutes }[] = [];
  for (const overrun of open) {
    const actual = Math.min(roomMinutes, actualOf(overrun));
    if (actual <= 0) break;
    covered.push({ overrun, minutes: Math.min(overrun.minutes, actual * overrun.multiplier) });
    roomMinutes -= actual;
  }
  return covered;
}

/** Overruns of an activity that the client has not answered, oldest first. */
export function openOverrunsOf(state: Package, activityId: string): OverrunState[] {
  return state.openOverrunIds
    .map((id) => state.overruns.get(id)!)
    .filter((overrun) => overrun.activityId === activityId && overrun.state === 'open');
}

/** Grants items that were found to fit: one HoursReserved, then the overruns they cover. */
export function grant(
  recorder: Recorder,
  reservationId: string,
  items: readonly RequestedItem[],
  afterWaiting: boolean,
): void {
  const plans = items.map((item) => planItem(recorder.package, item));
  let scratch = recorder.package;
  const reserved = items.map((item, index): ReservedItem => {
    const allocations = allocate(scratch, item.activityId, plans[index]!.holdMinutes);
    const { path, ...facts } = item;
    const granted = { ...facts, automatic: path === 'automatic', allocations };
    scratch = evolve(
      scratch,
      { type: 'HoursReserved', data: { reservationId, items: [granted], afterWaiting } },
      recorder.context.actor.subject,
    ) as Package;
    return granted;
  });
  recorder.record('HoursReserved', { reservationId, items: reserved, afterWaiting });
  for (const { overrun, minutes } of plans.flatMap((plan) => plan.covered)) {
    recorder.record('OverrunDecided', {
      overrunId: overrun.overrunId,
      activityId: overrun.activityId,
      outcome: 'charged',
      minutes,
      remainingMinutes: overrun.minutes - minutes,
      cause: 'new-version',
      decidedBy: recorder.context.actor,
      draws: drawMinutes(recorder.package, minutes),
    });
  }
}

/**
 * R5: the version that a withdrawn approval leaves in force has its hold again, as far as hours reach. What the
 * withdrawn version set aside beyond that returns to `available`.
 */
export function reinstate(recorder: Recorder, activityId: string, version: number): boolean {
  const activity = activityOf(recorder.package, activityId);
  const terms = activity.earlierInForce.find((earlier) => earlier.version === version);
  if (terms === undefined) return false;
  const { automatic, ...facts } = terms;
  const path = automatic ? ('automatic' as const) : ('approved' as const);
  const { holdMinutes } = planItem(recorder.package, { activityId, ...facts, path, reopens: false });
  const reachMinutes = (activity.hold?.minutes ?? 0) + spendableMinutes(recorder.package);
  const allocations = allocate(recorder.package, activityId, Math.min(holdMinutes, reachMinutes));
  recorder.record('HoursReserved', {
    reservationId: recorder.newId('reinstatement'),
    items: [{ activityId, ...facts, automatic, reopens: false, allocations }],
    afterWaiting: false,
  });
  return true;
}

/** The new hold's lots: those of the old one stay, what is more follows the draw order of this moment (R13). */
function allocate(state: Package, activityId: string, holdMinutes: Minutes): Draw[] {
  const kept = keptOf(state, activityOf(state, activityId), holdMinutes);
  return mergeDraws([...kept, ...drawMinutes(state, holdMinutes - sumOf(kept))]);
}

function keptOf(state: Package, { hold }: ActivityState, holdMinutes: Minutes): Draw[] {
  return drawFrom(inDrawOrder(state, hold?.allocations ?? []), Math.min(holdMinutes, hold?.minutes ?? 0));
}

const isExpired = (state: Package, { lotId }: Draw): boolean =>
  state.lots.some((lot) => lot.lotId === lotId && lot.expired);
