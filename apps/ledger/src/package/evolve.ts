import { type Minutes, PersistentMap, roundTotalMinutes } from '@monteore/kernel';
import { mergeDraws, subtractDraws } from './balances.js';
import type { PackageEvent, PackageFacts, ReservedItem } from './events.js';
import { addLot, changeHeld, changeLot, changeRemaining, payBackOverdraft, uncover } from './lots.js';
import {
  type ActivityState,
  activityOf,
  type OverrunState,
  type Package,
  type PackageState,
  sumOf,
  withActivity,
} from './state.js';

/** Folds one event into the state. Trusts what was decided; knows nothing of time or of who asks. */
export function evolve(state: PackageState, event: PackageEvent, recordedBy: string): PackageState {
  if (event.type === 'PackageOpened') return opened(event.data);
  if (state.status === 'unopened')
    throw new Error(`a package's stream begins with PackageOpened, not ${event.type}`);
  return payBackOverdraft(evolvePackage(state, event, recordedBy));
}

function opened(data: PackageFacts['PackageOpened']): Package {
  return {
    status: 'open',
    packageId: data.packageId,
    clientId: data.clientId,
    name: data.name,
    referentId: data.referentId,
    openedOn: data.openedOn,
    ...(data.endsOn === undefined ? {} : { endsOn: data.endsOn }),
    policy: data.policy,
    agreedActivities: data.agreedActivities,
    lots: [],
    overdraft: { chargedMinutes: 0, heldMinutes: 0 },
    grantedMinutes: 0,
    chargedMinutes: 0,
    heldMinutes: 0,
    activities: PersistentMap.empty(),
    entries: PersistentMap.empty(),
    overruns: PersistentMap.empty(),
    openOverrunIds: [],
    needs: [],
    answers: PersistentMap.empty(),
    toldThresholds: [],
    expectedTransfers: [],
    receivedTransfers: [],
  };
}

function evolvePackage(
  state: Package,
  event: Exclude<PackageEvent, { type: 'PackageOpened' }>,
  recordedBy: string,
): Package {
  switch (event.type) {
    case 'PolicyChanged':
      return { ...state, policy: event.data.policy };
    case 'LotAdded':
      return lotAdded(state, event.data);
    case 'HoursAvailable':
      return withoutNeedOf(state, event.data.activityId);
    case 'HoursLacking':
      return {
        ...withoutNeedOf(state, event.data.activityId),
        needs: [...withoutNeedOf(state, event.data.activityId).needs, event.data.need],
      };
    case 'HoursReserved':
      return reserved(state, event.data);
    case 'ReservationRefused':
      return reservationRefused(state, event.data);
    case 'NeedWithdrawn':
      return { ...state, needs: state.needs.filter((need) => need.needId !== event.data.needId) };
    case 'ActivityEnded':
      return withActivity(state, event.data.activityId, { ended: { leftMinutes: event.data.leftMinutes } });
    case 'HoldReleased': {
      const released = changeHeld(state, event.data.allocations, -1);
      const isWithdrawn = event.data.reason === 'withdrawn';
      return withActivity(released, event.data.activityId, {
        hold: undefined,
        ...(isWithdrawn ? { inForce: undefined } : {}),
      });
    }
    case 'HoldsReleased':
      return event.data.items.reduce<Package>(
        (sofar, { activityId, allocations }) =>
          withActivity(changeHeld(sofar, allocations, -1), activityId, { hold: undefined }),
        state,
      );
    case 'WorkCharged':
      return workCharged(state, event.data, recordedBy);
    case 'OverrunRecorded':
      return {
        ...state,
        overruns: state.overruns.with(event.data.overrunId, {
          ...event.data,
          recordedMinutes: event.data.minutes,
          chargedMinutes: 0,
          draws: [],
          state: 'open',
        }),
        openOverrunIds: [...state.openOverrunIds, event.data.overrunId],
      };
    case 'OverrunDecided':
      return overrunDecided(state, event.data);
    case 'ChargeReversed':
      return chargeReversed(state, event.data);
    case 'BalanceAdjusted':
      return balanceAdjusted(state, event.data);
    case 'LotExpired':
      return changeLot(state, event.data.lotId, (lot) => ({
        ...lot,
        remainingMinutes: lot.remainingMinutes - event.data.minutes,
        expired: true,
      }));
    case 'TransferExpected':
      return { ...state, expectedTransfers: [...state.expectedTransfers, event.data.transferId] };
    case 'TransferWithdrawn':
      return {
        ...state,
        expectedTransfers: state.expectedTransfers.filter((id) => id !== event.data.transferId),
      };
    case 'HoursTransferred':
      return event.data.transferred.reduce<Package>(
        (sofar, part) =>
          changeLot(sofar, part.lotId, (lot) => ({
            ...lot,
            remainingMinutes: lot.remainingMinutes - part.minutes,
          })),
        { ...state, transferOutId: event.data.transferId },
      );
    case 'ThresholdCrossed':
      return { ...state, toldThresholds: [...state.toldThresholds, ...event.data.thresholdsPercent] };
    case 'PackageClosing':
      return { ...withoutSchedule(state), status: 'closing' };
    case 'ClosureScheduled':
      return state.status === 'open' ? { ...state, closesAt: event.data.closesAt } : state;
    case 'ClosureCalledOff':
      return withoutSchedule(state);
    case 'PackageClosed':
      return {
        ...withoutSchedule(state),
        status: 'closed',
        closedOn: event.data.closedOn,
        cause: event.data.cause,
        needs: [],
      };
  }
}

function withoutSchedule(state: Package): Package {
  const { closesAt: _, ...rest } = state as Package & { closesAt?: string };
  return rest as Package;
}

function withoutNeedOf(state: Package, activityId: string): Package {
  return { ...state, needs: state.needs.filter((need) => need.item.activityId !== activityId) };
}

function lotAdded(state: Package, data: PackageFacts['LotAdded']): Package {
  const granted = { ...state, grantedMinutes: state.grantedMinutes + data.minutes };
  const told = afterNewHours(addLot(granted, data));
  return data.transferId === undefined
    ? told
    : {
        ...told,
        expectedTransfers: told.expectedTransfers.filter((id) => id !== data.transferId),
        receivedTransfers: told.receivedTransfers.includes(data.transferId)
          ? told.receivedTransfers
          : [...told.receivedTransfers, data.transferId],
      };
}

/** R12: hours that bring consumption below a mark start a new episode for it. */
function afterNewHours(state: Package): Package {
  const posted =
    state.lots.reduce((sum, lot) => sum + lot.remainingMinutes, 0) - state.overdraft.chargedMinutes;
  const total = state.chargedMinutes + posted;
  return {
    ...state,
    toldThresholds: state.toldThresholds.filter((mark) => state.chargedMinutes * 100 >= mark * total),
  };
}

function reserved(state: Package, data: PackageFacts['HoursReserved']): Package {
  let next: Package = {
    ...state,
    answers: state.answers.with(data.reservationId, {
      granted: true,
      items: data.items.map((item) => ({ ...item, path: item.automatic ? 'automatic' : 'approved' })),
    }),
  };
  for (const item of data.items) {
    const before = activityOf(next, item.activityId);
    const freed = changeHeld(next, before.hold?.allocations ?? [], -1);
    const held = changeHeld(freed, item.allocations, 1);
    const { ended, ...kept } = before;
    next = {
      ...withoutNeedOf(held, item.activityId),
      activities: held.activities.with(item.activityId, {
        ...kept,
        ...(ended === undefined || item.reopens ? {} : { ended }),
        versionSeen: Math.max(before.versionSeen, item.version),
        earlierInForce: [
          ...before.earlierInForce,
          ...(before.inForce === undefined ? [] : [before.inForce]),
        ].filter(({ version }) => version < item.version),
        inForce: {
          version: item.version,
          minutes: item.minutes,
          multiplier: item.multiplier,
          weightedMinutes: item.weightedMinutes,
          automatic: item.automatic,
        },
        hold: {
          version: item.version,
          multiplier: item.multiplier,
          minutes: sumOf(item.allocations),
          allocations: item.allocations,
        },
        beyondHoldMinutes: stillBeyond(state, before, item),
      }),
    };
  }
  return next;
}

/** R6: what tolerance has given stays given where the new version's minutes do not cover it. */
function stillBeyond(state: Package, before: ActivityState, item: ReservedItem): Minutes {
  if (before.inForce?.version === item.version) return before.beyondHoldMinutes;
  const uncovered = before.roundedMinutes - roundTotalMinutes(item.minutes, state.policy);
  return Math.min(before.beyondHoldMinutes, Math.max(0, uncovered) * item.multiplier);
}

function reservationRefused(state: Package, data: PackageFacts['ReservationRefused']): Package {
  const answered: Package = {
    ...state,
    answers: state.answers.with(data.reservationId, { granted: false, items: data.items }),
  };
  if (data.need === undefined) return answered;
  const { item } = data.need;
  const queued = withoutNeedOf(answered, item.activityId);
  const versionSeen = Math.max(activityOf(state, item.activityId).versionSeen, item.version);
  return withActivity({ ...queued, needs: [...queued.needs, data.need] }, item.activityId, { versionSeen });
}

function workCharged(state: Package, data: PackageFacts['WorkCharged'], recordedBy: string): Package {
  const drawn = changeRemaining(
    changeHeld(state, data.fromHold, -1),
    [...data.fromHold, ...data.beyondHold],
    -1,
  );
  const before = activityOf(state, data.activityId);
  const beyond = sumOf(data.beyondHold);
  const activity: ActivityState = {
    ...before,
    actualMinutes: before.actualMinutes + data.actualMinutes,
    roundedMinutes: before.roundedMinutes + data.roundedMinutes,
    chargedMinutes: before.chargedMinutes + data.chargedMinutes,
    beyondHoldMinutes: before.beyondHoldMinutes + (data.afterEnd ? 0 : beyond),
    ...(before.hold === undefined
      ? {}
      : {
          hold: {
            ...before.hold,
            minutes: before.hold.minutes - data.fromHoldMinutes,
            allocations: subtractDraws(before.hold.allocations, data.fromHold),
          },
        }),
    ...(before.ended === undefined ? {} : { ended: { leftMinutes: before.ended.leftMinutes - beyond } }),
  };
  return {
    ...drawn,
    chargedMinutes: state.chargedMinutes + data.chargedMinutes,
    activities: drawn.activities.with(data.activityId, activity),
    entries: drawn.entries.with(data.workEntryId, {
      workEntryId: data.workEntryId,
      activityId: data.activityId,
      actualMinutes: data.actualMinutes,
      roundedMinutes: data.roundedMinutes,
      chargedMinutes: data.chargedMinutes,
      performedOn: data.performedOn,
      performedById: data.performedById,
      recordedBy,
      fromHold: data.fromHold,
      beyondHold: data.beyondHold,
      afterEnd: data.afterEnd,
      ...(data.overrunId === undefined ? {} : { overrunId: data.overrunId }),
      reversed: false,
    }),
  };
}

function overrunDecided(state: Package, data: PackageFacts['OverrunDecided']): Package {
  const overrun = state.overruns.get(data.overrunId)!;
  const settled = data.remainingMinutes === 0;
  const outcome: OverrunState['state'] =
    data.outcome === 'refused' ? 'refused' : settled ? data.outcome : overrun.state;
  const isCharge = data.outcome === 'charged';
  const drawn = isCharge ? changeRemaining(state, data.draws, -1) : state;
  const decided: Package = {
    ...drawn,
    chargedMinutes: state.chargedMinutes + (isCharge ? data.minutes : 0),
    overruns: state.overruns.with(data.overrunId, {
      ...overrun,
      minutes: data.remainingMinutes,
      chargedMinutes: overrun.chargedMinutes + (isCharge ? data.minutes : 0),
      draws: mergeDraws([...overrun.draws, ...(isCharge ? data.draws : [])]),
      state: outcome,
    }),
    openOverrunIds: settled
      ? state.openOverrunIds.filter((id) => id !== data.overrunId)
      : state.openOverrunIds,
  };
  if (!isCharge) return decided;
  const { chargedMinutes } = activityOf(state, data.activityId);
  return withActivity(decided, data.activityId, { chargedMinutes: chargedMinutes + data.minutes });
}

function chargeReversed(state: Package, data: PackageFacts['ChargeReversed']): Package {
  const entry = state.entries.get(data.workEntryId)!;
  let next = changeRemaining(state, [...data.toHold, ...data.toLots], 1);
  next = changeHeld(uncover(next, data.uncovered), data.toHold, 1);
  if (data.newLot !== undefined) next = addLot(next, { ...data.newLot, origin: 'reversal' });
  const before = activityOf(next, data.activityId);
  const activity: ActivityState = {
    ...before,
    actualMinutes: before.actualMinutes - data.actualMinutes,
    roundedMinutes: before.roundedMinutes - entry.roundedMinutes,
    chargedMinutes: before.chargedMinutes - data.chargedMinutes,
    beyondHoldMinutes: Math.max(0, before.beyondHoldMinutes - data.beyondHoldMinutes),
    ...(before.hold === undefined
      ? {}
      : {
          hold: {
            ...before.hold,
            minutes: before.hold.minutes + data.toHoldMinutes,
            allocations: mergeDraws([...before.hold.allocations, ...data.toHold]),
          },
        }),
    ...(before.ended === undefined
      ? {}
      : { ended: { leftMinutes: before.ended.leftMinutes + data.leftAgainMinutes } }),
  };
  const fallen = data.fallenOverrunId === undefined ? undefined : next.overruns.get(data.fallenOverrunId);
  return {
    ...next,
    chargedMinutes: state.chargedMinutes - data.chargedMinutes,
    activities: next.activities.with(data.activityId, activity),
    entries: next.entries.with(data.workEntryId, { ...entry, reversed: true }),
    ...(fallen === undefined
      ? {}
      : {
          overruns: next.overruns.with(fallen.overrunId, {
            ...fallen,
            minutes: 0,
            chargedMinutes: 0,
            draws: [],
            state: 'reversed',
          }),
          openOverrunIds: next.openOverrunIds.filter((id) => id !== fallen.overrunId),
        }),
  };
}

function balanceAdjusted(state: Package, data: PackageFacts['BalanceAdjusted']): Package {
  if (data.minutes < 0) return changeRemaining(state, data.draws, -1);
  if (data.newLotId !== undefined)
    return afterNewHours(
      addLot(state, { lotId: data.newLotId, minutes: data.minutes, origin: 'adjustment' }),
    );
  return afterNewHours(changeRemaining(state, data.draws, 1));
}
