import type { PackageEvent, Stamp } from '../package/events.js';

/**
 * R14: whether the package has to be looked at again after this event, because it may be used up, or not be any more,
 * or because what waits may fit now. Work that leaves minutes, charged or held, is neither: it frees none, and what it
 * calls off is called off in its own append. It is also nearly all that a ledger records, so no timer is set for it.
 */
export function needsLook({ type, stamp }: PackageEvent & { readonly stamp: Stamp }): boolean {
  const { postedDeltaMinutes, heldDeltaMinutes, balances } = stamp;
  const hasMoved = postedDeltaMinutes !== 0 || heldDeltaMinutes !== 0;
  if (type === 'WorkCharged') return hasMoved && balances.postedMinutes === 0 && balances.heldMinutes === 0;
  return hasMoved || type === 'OverrunDecided' || type === 'HoursAvailable';
}
