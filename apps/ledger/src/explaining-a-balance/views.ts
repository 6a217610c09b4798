import { activityMinutes, balancesOf, lotViews } from '../package/balances.js';
import type { PackageEvent, Stamp } from '../package/events.js';
import type { Package } from '../package/state.js';

/** A package as REST shows it (api.md). */
export function packageView(state: Package) {
  const overruns = state.overruns
    .values()
    .filter((overrun) => overrun.state !== 'reversed')
    .map(
      ({
        overrunId,
        activityId,
        workEntryId,
        recordedMinutes,
        minutes,
        chargedMinutes,
        state: overrunState,
      }) => ({
        overrunId,
        activityId,
        workEntryId,
        minutes: overrunState === 'open' || overrunState === 'refused' ? minutes : recordedMinutes,
        chargedMinutes,
        state: overrunState,
      }),
    );
  return {
    packageId: state.packageId,
    clientId: state.clientId,
    name: state.name,
    status: state.status,
    ...balancesOf(state),
    lots: lotViews(state),
    policy: state.policy,
    overruns,
    openedOn: state.openedOn,
    ...(state.endsOn === undefined ? {} : { endsOn: state.endsOn }),
    ...(state.status === 'open' && state.closesAt !== undefined ? { closesAt: state.closesAt } : {}),
    ...(state.status === 'closed' ? { closedOn: state.closedOn } : {}),
    waitingForHours: state.needs.map(({ kind, item }) => ({
      activityId: item.activityId,
      version: item.version,
      kind,
      weightedMinutes: item.weightedMinutes,
    })),
    activities: state.activities.values().map((activity) => activityMinutes(state, activity.activityId)),
  };
}

export type RecordedEvent = PackageEvent & {
  readonly stamp: Stamp;
  readonly occurredOn: string;
  readonly recordedAt: string;
};

/**
 * R15: balances as of a day they happened on, an instant they were recorded at, or both (inclusive). Re-counted from
 * the deltas of the entries, so that each number is the sum of the entries that make it.
 */
export function balancesAsOf(
  events: readonly RecordedEvent[],
  asOf: { readonly occurredAsOf?: string | undefined; readonly recordedAsOf?: string | undefined },
) {
  const recordedUntil =
    asOf.recordedAsOf === undefined ? undefined : new Date(asOf.recordedAsOf).toISOString();
  const counted = events.filter(
    (event) =>
      (asOf.occurredAsOf === undefined || event.occurredOn <= asOf.occurredAsOf) &&
      (recordedUntil === undefined || event.recordedAt <= recordedUntil),
  );
  let grantedMinutes = 0;
  let chargedMinutes = 0;
  let postedMinutes = 0;
  let heldMinutes = 0;
  for (const event of counted) {
    postedMinutes += event.stamp.postedDeltaMinutes;
    heldMinutes += event.stamp.heldDeltaMinutes;
    chargedMinutes += chargedDeltaOf(event);
    if (event.type === 'LotAdded') grantedMinutes += event.data.minutes;
  }
  const lots = counted.at(-1)?.stamp.lots ?? [];
  return {
    grantedMinutes,
    chargedMinutes,
    postedMinutes,
    heldMinutes,
    availableMinutes: postedMinutes - heldMinutes,
    lots,
  };
}

/** What an event adds to the minutes charged, net of reversals. */
export function chargedDeltaOf(event: PackageEvent): number {
  switch (event.type) {
    case 'WorkCharged':
      return event.data.chargedMinutes;
    case 'OverrunDecided':
      return event.data.outcome === 'charged' ? event.data.minutes : 0;
    case 'ChargeReversed':
      return -event.data.chargedMinutes;
    default:
      return 0;
  }
}
