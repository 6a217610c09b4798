import type { Balances, Minutes } from '@monteore/kernel';
import type { ActivityMinutesView, Draw, LotView } from './events.js';
import { activityOf, type LotState, type Package } from './state.js';

/** R1: the balances of a package; each follows from its lots, its overdraft and its holds. */
export function balancesOf(state: Package): Balances {
  const postedMinutes =
    state.lots.reduce((sum, lot) => sum + lot.remainingMinutes, 0) - state.overdraft.chargedMinutes;
  return {
    grantedMinutes: state.grantedMinutes,
    chargedMinutes: state.chargedMinutes,
    postedMinutes,
    heldMinutes: state.heldMinutes,
    availableMinutes: postedMinutes - state.heldMinutes,
  };
}

/** What a check against `available` may use: with an overdraft, down to its limit (R1). Minutes, never negative. */
export function spendableMinutes(state: Package): Minutes {
  return Math.max(0, balancesOf(state).availableMinutes + state.policy.overdraftMinutes);
}

const freeMinutes = (lot: LotState): Minutes => (lot.expired ? 0 : lot.remainingMinutes - lot.heldMinutes);

/** R13: the lot that expires first, then the oldest; those without expiry come last. */
export function drawOrder(lots: readonly LotState[]): LotState[] {
  const key = (lot: LotState) => lot.expiresOn ?? '9999-12-31';
  return [...lots].sort((a, b) => (key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : 0));
}

/** R13: from which lots `minutes` are drawn now; what no lot has comes from the overdraft. */
export function drawMinutes(state: Package, minutes: Minutes): Draw[] {
  return drawFrom(
    drawOrder(state.lots).map((lot) => ({ lotId: lot.lotId, minutes: freeMinutes(lot) })),
    minutes,
  );
}

/** Takes `minutes` from the sources in order; the rest is overdraft. */
export function drawFrom(sources: readonly Draw[], minutes: Minutes): Draw[] {
  const draws: Draw[] = [];
  let left = minutes;
  for (const source of sources) {
    const taken = Math.min(left, source.minutes);
    if (taken > 0) draws.push({ lotId: source.lotId, minutes: taken });
    left -= taken;
  }
  if (left > 0) draws.push({ lotId: null, minutes: left });
  return mergeDraws(draws);
}

/** R13: the same draws, those from the lot that expires first before the others, overdraft last. */
export function inDrawOrder(state: Package, draws: readonly Draw[]): Draw[] {
  const places = new Map(drawOrder(state.lots).map((lot, place) => [lot.lotId, place]));
  const placeOf = ({ lotId }: Draw) => (lotId === null ? places.size : places.get(lotId)!);
  return [...draws].sort((a, b) => placeOf(a) - placeOf(b));
}

/** One draw a lot, in the order of their first mention. */
export function mergeDraws(draws: readonly Draw[]): Draw[] {
  const byLot = new Map<string | null, Minutes>();
  for (const draw of draws) byLot.set(draw.lotId, (byLot.get(draw.lotId) ?? 0) + draw.minutes);
  return [...byLot].filter(([, minutes]) => minutes > 0).map(([lotId, minutes]) => ({ lotId, minutes }));
}

/** `draws` without what `taken` took of them, lot by lot. */
export function subtractDraws(draws: readonly Draw[], taken: readonly Draw[]): Draw[] {
  return mergeDraws([...draws, ...taken.map((draw) => ({ lotId: draw.lotId, minutes: -draw.minutes }))]);
}

export function lotViews(state: Package): LotView[] {
  return state.lots.map((lot) => ({
    lotId: lot.lotId,
    origin: lot.origin,
    minutes: lot.minutes,
    remainingMinutes: lot.remainingMinutes,
    heldMinutes: lot.heldMinutes,
    ...(lot.expiresOn === undefined ? {} : { expiresOn: lot.expiresOn }),
    state: lot.expired ? 'expired' : 'open',
  }));
}

/** Where an activity's minutes stand; overruns the client refused still wait for the referent. */
export function activityMinutes(state: Package, activityId: string): ActivityMinutesView {
  const activity = activityOf(state, activityId);
  const overrunMinutes = state.openOverrunIds
    .map((id) => state.overruns.get(id)!)
    .filter((overrun) => overrun.activityId === activityId)
    .reduce((sum, overrun) => sum + overrun.minutes, 0);
  return {
    activityId,
    ...(activity.inForce === undefined ? {} : { versionInForce: activity.inForce.version }),
    heldMinutes: activity.hold?.minutes ?? 0,
    actualMinutes: activity.actualMinutes,
    chargedMinutes: activity.chargedMinutes,
    overrunMinutes,
  };
}

/** R12: charged ÷ (charged + posted), as the largest whole percent reached; 0 when nothing was charged. */
export function consumedPercent(state: Package): number {
  const { chargedMinutes, postedMinutes } = balancesOf(state);
  if (chargedMinutes <= 0) return 0;
  const total = chargedMinutes + postedMinutes;
  return total <= 0 ? 100 : Math.floor((chargedMinutes * 100) / total);
}
