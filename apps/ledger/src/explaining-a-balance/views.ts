import { activityMinutes, balancesOf, lotViews } from '../package/balances.js';
import type { LotView, PackageEvent, Stamp } from '../package/events.js';
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
 * the deltas of the entries, so that each number is the sum of the entries that make it. Before the opening there was
 * nothing: work of an earlier day took its minutes on the day of the opening.
 */
export function balancesAsOf(
  events: readonly RecordedEvent[],
  asOf: { readonly occurredAsOf?: string | undefined; readonly recordedAsOf?: string | undefined },
) {
  const { occurredAsOf } = asOf;
  const recordedUntil =
    asOf.recordedAsOf === undefined ? undefined : new Date(asOf.recordedAsOf).toISOString();
  const openedOn = events[0]?.occurredOn ?? '';
  const counts = ({ occurredOn, recordedAt }: RecordedEvent) =>
    (occurredAsOf === undefined || (openedOn <= occurredAsOf && occurredOn <= occurredAsOf)) &&
    (recordedUntil === undefined || recordedAt <= recordedUntil);
  let grantedMinutes = 0;
  let chargedMinutes = 0;
  let postedMinutes = 0;
  let heldMinutes = 0;
  const lots = new Map<string, LotView>();
  events.forEach((event, index) => {
    if (!counts(event)) return;
    postedMinutes += event.stamp.postedDeltaMinutes;
    heldMinutes += event.stamp.heldDeltaMinutes;
    chargedMinutes += chargedDeltaOf(event);
    if (event.type === 'LotAdded') grantedMinutes += event.data.minutes;
    addLotDeltas(lots, event.stamp.lots, events[index - 1]?.stamp.lots ?? []);
  });
  return {
    grantedMinutes,
    chargedMinutes,
    postedMinutes,
    heldMinutes,
    availableMinutes: postedMinutes - heldMinutes,
    lots: [...lots.values()],
  };
}

/** What an event did to the lots: theirs after it, less theirs before it. */
function addLotDeltas(
  sums: Map<string, LotView>,
  after: readonly LotView[],
  before: readonly LotView[],
): void {
  const known = new Map(before.map((lot) => [lot.lotId, lot]));
  for (const lot of after) {
    const { remainingMinutes = 0, heldMinutes = 0, state } = known.get(lot.lotId) ?? {};
    const isUntouched =
      lot.remainingMinutes === remainingMinutes && lot.heldMinutes === heldMinutes && lot.state === state;
    if (isUntouched) continue;
    const sum = sums.get(lot.lotId);
    sums.set(lot.lotId, {
      ...lot,
      remainingMinutes: (sum?.remainingMinutes ?? 0) + lot.remainingMinutes - remainingMinutes,
      heldMinutes: (sum?.heldMinutes ?? 0) + lot.heldMinutes - heldMinutes,
    });
  }
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
