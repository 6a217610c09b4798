import type { Minutes } from '@monteore/kernel';
import { drawMinutes, mergeDraws, subtractDraws } from './balances.js';
import type { Draw } from './events.js';
import { type LotState, type Package, sumOf, withActivity } from './state.js';

export function changeLot(state: Package, lotId: string, change: (lot: LotState) => LotState): Package {
  return { ...state, lots: state.lots.map((lot) => (lot.lotId === lotId ? change(lot) : lot)) };
}

/** Sets minutes aside on lots (sign 1) or frees them (sign −1). */
export function changeHeld(state: Package, draws: readonly Draw[], sign: 1 | -1): Package {
  let { overdraft, lots } = state;
  for (const draw of draws) {
    if (draw.lotId === null)
      overdraft = { ...overdraft, heldMinutes: overdraft.heldMinutes + sign * draw.minutes };
    else
      lots = lots.map((lot) =>
        lot.lotId === draw.lotId ? { ...lot, heldMinutes: lot.heldMinutes + sign * draw.minutes } : lot,
      );
  }
  return { ...state, lots, overdraft, heldMinutes: state.heldMinutes + sign * sumOf(draws) };
}

/** Takes minutes out of lots (sign −1) or puts them back (sign 1). */
export function changeRemaining(state: Package, draws: readonly Draw[], sign: 1 | -1): Package {
  let { overdraft, lots } = state;
  for (const draw of draws) {
    if (draw.lotId === null)
      overdraft = { ...overdraft, chargedMinutes: overdraft.chargedMinutes - sign * draw.minutes };
    else
      lots = lots.map((lot) =>
        lot.lotId === draw.lotId
          ? { ...lot, remainingMinutes: lot.remainingMinutes + sign * draw.minutes }
          : lot,
      );
  }
  return { ...state, lots, overdraft };
}

/** Minutes that had paid back the overdraft and were returned by a reversal are no longer counted as such. */
export function uncover(state: Package, draws: readonly Draw[]): Package {
  return draws.reduce<Package>(
    (sofar, { lotId, minutes }) =>
      lotId === null
        ? sofar
        : changeLot(sofar, lotId, (lot) => ({ ...lot, coveredMinutes: lot.coveredMinutes - minutes })),
    state,
  );
}

export function addLot(
  state: Package,
  lot: { lotId: string; minutes: Minutes; expiresOn?: string; origin: LotState['origin'] },
): Package {
  const added: LotState = {
    lotId: lot.lotId,
    origin: lot.origin,
    minutes: lot.minutes,
    remainingMinutes: lot.minutes,
    heldMinutes: 0,
    ...(lot.expiresOn === undefined ? {} : { expiresOn: lot.expiresOn }),
    expired: false,
    coveredMinutes: 0,
  };
  return { ...state, lots: [...state.lots, added] };
}

/**
 * R1: whatever minutes lots have free (a new lot, a released hold) first pay back what was charged on the overdraft,
 * then take over what is held on it. Posted and held do not change by it.
 */
export function payBackOverdraft(state: Package): Package {
  if (state.overdraft.chargedMinutes === 0 && state.overdraft.heldMinutes === 0) return state;
  const repaid = mergeDraws(freeDraws(state, state.overdraft.chargedMinutes));
  const paid: Package = {
    ...state,
    lots: state.lots.map((lot) => {
      const minutes = repaid.find((draw) => draw.lotId === lot.lotId)?.minutes ?? 0;
      if (minutes === 0) return lot;
      const coveredMinutes = lot.coveredMinutes + minutes;
      return { ...lot, remainingMinutes: lot.remainingMinutes - minutes, coveredMinutes };
    }),
    overdraft: { ...state.overdraft, chargedMinutes: state.overdraft.chargedMinutes - sumOf(repaid) },
  };
  return takeOverHolds(paid);
}

function takeOverHolds(state: Package): Package {
  if (state.overdraft.heldMinutes === 0) return state;
  let next = state;
  const holders = state.activities.values().sort((a, b) => (a.activityId < b.activityId ? -1 : 1));
  for (const activity of holders) {
    const onOverdraft = activity.hold?.allocations.find((draw) => draw.lotId === null)?.minutes ?? 0;
    const places = freeDraws(next, onOverdraft);
    if (activity.hold === undefined || places.length === 0) continue;
    const left = [{ lotId: null, minutes: sumOf(places) }];
    next = changeHeld(changeHeld(next, left, -1), places, 1);
    const allocations = mergeDraws([...subtractDraws(activity.hold.allocations, left), ...places]);
    next = withActivity(next, activity.activityId, { hold: { ...activity.hold, allocations } });
  }
  return next;
}

/** Up to `minutes` of what lots have free, in draw order; nothing of the overdraft. */
const freeDraws = (state: Package, minutes: Minutes): Draw[] =>
  drawMinutes(state, minutes).filter((draw) => draw.lotId !== null);
