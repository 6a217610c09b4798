import { balancesOf, consumedPercent, spendableMinutes } from './balances.js';
import { expireFreed, finishEnded } from './finish-closing.js';
import type { Recorder } from './record.js';
import { grant, planItem } from './reservation-plan.js';

/** So many of those that wait are served in one append, which holds at most 1 MiB; the next look serves the rest. */
const SERVED_AT_ONCE = 50;

/** What follows from any command by itself, in the same append as its events. A closed package stays as it is. */
export function settleAftermath(recorder: Recorder): void {
  if (recorder.package.status === 'closed') return;
  expireFreed(recorder);
  serveWaiting(recorder);
  tellThresholds(recorder);
  finishEnded(recorder);
  const state = recorder.package;
  if (state.status === 'open' && state.closesAt !== undefined && !isUsedUp(recorder)) {
    recorder.record('ClosureCalledOff', {});
  }
}

/**
 * R3, R5: whenever `available` has risen, what waits is served oldest first, passing over what does not fit:
 * an approved estimate (or a minor extra) is reserved, a gated extra is offered.
 */
export function serveWaiting(recorder: Recorder): void {
  if (recorder.package.status !== 'open') return;
  const waiting = recorder.package.needs;
  for (const need of waiting) {
    if (waiting.length - recorder.package.needs.length === SERVED_AT_ONCE) return;
    const spendable = spendableMinutes(recorder.package);
    const { item } = need;
    if (need.kind === 'offer') {
      if (item.weightedMinutes <= spendable) {
        const { activityId, version, weightedMinutes } = item;
        recorder.record('HoursAvailable', { activityId, version, weightedMinutes, afterWaiting: true });
      }
    } else if (planItem(recorder.package, item).requiredMinutes <= spendable) {
      grant(recorder, need.reservationId, [item], true);
    }
  }
}

/** R12: each mark is told once an episode, several at once in one event. */
function tellThresholds(recorder: Recorder): void {
  const state = recorder.package;
  const consumed = consumedPercent(state);
  if (consumed === 0) return;
  const { chargedMinutes, postedMinutes } = balancesOf(state);
  const reached = state.policy.thresholdsPercent.filter(
    (mark) =>
      chargedMinutes * 100 >= mark * (chargedMinutes + postedMinutes) && !state.toldThresholds.includes(mark),
  );
  if (reached.length > 0) {
    recorder.record('ThresholdCrossed', { thresholdsPercent: reached, consumedPercent: consumed });
  }
}

/** R14: nothing left, and nothing of the ledger's own that waits or is on its way here. */
export function isUsedUp(recorder: Recorder): boolean {
  const state = recorder.package;
  const { postedMinutes, heldMinutes } = balancesOf(state);
  return (
    postedMinutes === 0 &&
    heldMinutes === 0 &&
    state.openOverrunIds.length === 0 &&
    state.needs.length === 0 &&
    state.expectedTransfers.length === 0
  );
}
