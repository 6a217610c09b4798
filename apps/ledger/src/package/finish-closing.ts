import type { Minutes } from '@monteore/kernel';
import { balancesOf } from './balances.js';
import type { Recorder } from './record.js';
import { activityOf } from './state.js';

/** Holds that are released one by one; of more, so many in one event, since an append holds at most 1 MiB. */
const MOST_RELEASES = 100;

export interface Settlement {
  readonly cause: 'decision' | 'used-up' | 'end-date';
  readonly residual: 'expire' | 'rollover' | 'write-off';
  readonly reason?: string;
  /** The day it closes on; today where nothing says otherwise. */
  readonly closedOn?: string;
  /** With a rollover: where the hours go, under which transfer id. */
  readonly transfer?: { readonly transferId: string; readonly toPackageId: string };
}

/** R14: holds are released, the residual is settled, and the package is closed: nothing waits for its hours any more. */
export function finishClosing(recorder: Recorder, settlement: Settlement): void {
  const { closedOn = recorder.context.today } = settlement;
  releaseHolds(recorder, closedOn);
  expireFreed(recorder, closedOn);
  const residualMinutes = balancesOf(recorder.package).postedMinutes;
  if (residualMinutes !== 0) settleResidual(recorder, settlement, residualMinutes, closedOn);
  recorder.record(
    'PackageClosed',
    {
      cause: settlement.cause,
      closedOn,
      ...(settlement.reason === undefined ? {} : { reason: settlement.reason }),
      residual: {
        kind: residualMinutes < 0 ? 'write-off' : settlement.residual,
        minutes: residualMinutes,
        ...(settlement.transfer === undefined || residualMinutes === 0
          ? {}
          : { toPackageId: settlement.transfer.toPackageId }),
      },
    },
    closedOn,
  );
}

/** Looked up anew each time: a released hold may have paid back overdraft and moved the next hold's lots. */
function releaseHolds(recorder: Recorder, closedOn: string): void {
  const holderIds = recorder.package.activities
    .values()
    .filter((activity) => activity.hold !== undefined)
    .map((activity) => activity.activityId)
    .sort();
  const released = (activityId: string) => {
    const { minutes, allocations } = activityOf(recorder.package, activityId).hold!;
    return { activityId, releasedMinutes: minutes, allocations };
  };
  if (holderIds.length <= MOST_RELEASES) {
    for (const activityId of holderIds)
      recorder.record('HoldReleased', { ...released(activityId), reason: 'closing' }, closedOn);
    return;
  }
  for (let from = 0; from < holderIds.length; from += MOST_RELEASES) {
    const items = holderIds.slice(from, from + MOST_RELEASES).map(released);
    recorder.record('HoldsReleased', { reason: 'closing', items }, closedOn);
  }
}

function settleResidual(
  recorder: Recorder,
  settlement: Settlement,
  residualMinutes: Minutes,
  closedOn: string,
): void {
  const withRest = recorder.package.lots.filter((lot) => lot.remainingMinutes > 0);
  if (settlement.residual === 'write-off' || residualMinutes < 0) {
    recorder.record(
      'BalanceAdjusted',
      {
        adjustmentId: recorder.newId('adjustment'),
        minutes: -residualMinutes,
        reason: settlement.reason ?? '',
        draws: withRest.map((lot) => ({ lotId: lot.lotId, minutes: lot.remainingMinutes })),
        ...(residualMinutes < 0 ? { newLotId: recorder.newId('lot') } : {}),
        writeOff: true,
      },
      closedOn,
    );
  } else if (settlement.residual === 'rollover' && settlement.transfer !== undefined) {
    recorder.record(
      'HoursTransferred',
      {
        transferId: settlement.transfer.transferId,
        toPackageId: settlement.transfer.toPackageId,
        minutes: residualMinutes,
        transferred: withRest.map((lot) => ({
          lotId: lot.lotId,
          minutes: lot.remainingMinutes,
          ...(lot.expiresOn === undefined ? {} : { expiresOn: lot.expiresOn }),
        })),
      },
      closedOn,
    );
  } else {
    for (const lot of withRest) {
      const { lotId, remainingMinutes: minutes } = lot;
      recorder.record('LotExpired', { lotId, minutes, cause: 'closing' }, closedOn);
    }
  }
}

/** R13: what is freed on a lot whose last day is over expires with it. */
export function expireFreed(recorder: Recorder, on = recorder.context.today): void {
  for (const lot of recorder.package.lots) {
    const minutes = lot.remainingMinutes - lot.heldMinutes;
    if (lot.expired && minutes > 0)
      recorder.record('LotExpired', { lotId: lot.lotId, minutes, cause: 'date' }, on);
  }
}

/**
 * R14: past its end date a package closes as soon as its overruns are decided, unless hours are on their way to it or
 * it is overdrawn, which only a decision can settle.
 */
export function finishEnded(recorder: Recorder, closedOn?: string): void {
  const state = recorder.package;
  const isSettled =
    state.openOverrunIds.length === 0 &&
    state.expectedTransfers.length === 0 &&
    balancesOf(state).postedMinutes >= 0;
  if (state.status !== 'closing' || !isSettled) return;
  finishClosing(recorder, {
    cause: 'end-date',
    residual: 'expire',
    ...(closedOn === undefined ? {} : { closedOn }),
  });
}
