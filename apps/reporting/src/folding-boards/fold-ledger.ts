import {
  type ActivityMinutes,
  type IntegrationEvent,
  type LedgerEntry,
  type Lot,
  ledgerEvents,
} from '@monteore/contracts';
import type { Balances } from '@monteore/kernel';
import type { Message } from '@monteore/messaging';
import type { RowChange } from './row-change.js';

type Facts<T extends keyof typeof ledgerEvents> = IntegrationEvent<'ledger', T>;

const OF_CLIENTS = new Set(['ClientRegistered', 'ContactChanged']);

/** The ledger's events that are entries of a package. */
export const LEDGER_TYPES = Object.keys(ledgerEvents).filter((type) => !OF_CLIENTS.has(type));

/** What every entry of a package carries; the rest depends on its type. */
interface EntryFacts {
  readonly packageId: string;
  readonly clientId: string;
  readonly balances: Balances;
  readonly entry: LedgerEntry;
  readonly lots?: readonly Lot[];
  readonly activityId?: string;
  readonly activity?: ActivityMinutes;
  readonly items?: readonly { readonly activityId: string; readonly activity?: ActivityMinutes }[];
  readonly note?: string;
  readonly reason?: string;
  readonly reference?: string;
}

/** One entry of the ledger as rows: the package after it, the movement, the minutes of activities, overruns. Pure. */
export function foldLedgerEvent(message: Message): readonly RowChange[] {
  const facts = message.data as unknown as EntryFacts;
  return [
    { table: 'package_ledger', row: { ...packageRow(message, facts), ...packageColumns(message) } },
    { table: 'movements', row: movementRow(message, facts) },
    ...minutesOf(facts).map((minutes) => minutesRow(facts.packageId, minutes)),
    ...overrunChanges(message, facts),
  ];
}

function packageRow(message: Message, { packageId, clientId, balances, entry, lots }: EntryFacts) {
  return {
    package_id: packageId,
    client_id: clientId,
    granted_minutes: balances.grantedMinutes,
    charged_minutes: balances.chargedMinutes,
    posted_minutes: balances.postedMinutes,
    held_minutes: balances.heldMinutes,
    available_minutes: balances.availableMinutes,
    lots,
    sequence: entry.sequence,
    head_hash: entry.hash,
    position: message.position,
  };
}

/** What the package's own milestones say. */
function packageColumns(message: Message): RowChange['row'] {
  switch (message.type) {
    case 'PackageOpened': {
      const opened = message.data as unknown as Facts<'PackageOpened'>;
      return {
        name: opened.name,
        referent_id: opened.referentId,
        status: 'open',
        opened_on: opened.openedOn,
        ends_on: opened.endsOn,
        policy: opened.policy,
      };
    }
    case 'PolicyChanged':
      return { policy: message.data.policy };
    case 'PackageClosing':
      return { status: 'closing', closes_at: null };
    case 'ClosureScheduled':
      return { closes_at: message.data.closesAt };
    case 'ClosureCalledOff':
      return { closes_at: null };
    case 'PackageClosed': {
      const { closedOn, cause, reason, residual } = message.data as unknown as Facts<'PackageClosed'>;
      return {
        status: 'closed',
        closes_at: null,
        closed_on: closedOn,
        closed_at: message.time,
        closing: { cause, reason, residual },
      };
    }
    default:
      return {};
  }
}

function movementRow(message: Message, facts: EntryFacts): RowChange['row'] {
  const { packageId, balances, entry, activityId, items, note, reason, reference } = facts;
  return {
    package_id: packageId,
    sequence: entry.sequence,
    occurred_on: entry.occurredOn,
    recorded_at: message.time,
    type: message.type,
    activity_ids: activityId === undefined ? (items ?? []).map((item) => item.activityId) : [activityId],
    actor: entry.actor,
    posted_delta_minutes: entry.postedDeltaMinutes,
    held_delta_minutes: entry.heldDeltaMinutes,
    charged_delta_minutes: entry.chargedDeltaMinutes,
    posted_minutes: balances.postedMinutes,
    held_minutes: balances.heldMinutes,
    available_minutes: balances.availableMinutes,
    note: note ?? reason ?? reference,
    hash: entry.hash,
    ...workColumns(message),
  };
}

/** Actual minutes beside charged ones (R2); a reversal takes its entry's away again. */
function workColumns(message: Message): RowChange['row'] {
  if (message.type === 'WorkCharged') {
    const { performedById, actualMinutes, multiplier } = message.data as unknown as Facts<'WorkCharged'>;
    return { performed_by_id: performedById, actual_minutes: actualMinutes, multiplier };
  }
  if (message.type === 'ChargeReversed') return { actual_minutes: -Number(message.data.actualMinutes) };
  return {};
}

const minutesOf = ({ activity, items }: EntryFacts): readonly ActivityMinutes[] =>
  [activity, ...(items ?? []).map((item) => item.activity)].filter((minutes) => minutes !== undefined);

const minutesRow = (packageId: string, minutes: ActivityMinutes): RowChange => ({
  table: 'activity_minutes',
  row: {
    activity_id: minutes.activityId,
    package_id: packageId,
    held_minutes: minutes.heldMinutes,
    actual_minutes: minutes.actualMinutes,
    charged_minutes: minutes.chargedMinutes,
    overrun_minutes: minutes.overrunMinutes,
  },
});

/** R6: an overrun from its recording to its end; a part that was charged by itself leaves it in the state it had. */
function overrunChanges(message: Message, { packageId, entry }: EntryFacts): readonly RowChange[] {
  if (message.type === 'OverrunRecorded') {
    const recorded = message.data as unknown as Facts<'OverrunRecorded'>;
    const row = {
      overrun_id: recorded.overrunId,
      package_id: packageId,
      activity_id: recorded.activityId,
      work_entry_id: recorded.workEntryId,
      sequence: entry.sequence,
      occurred_on: entry.occurredOn,
      recorded_minutes: recorded.minutes,
      remaining_minutes: recorded.minutes,
      state: 'open',
    };
    return [{ table: 'overruns', row }];
  }
  if (message.type === 'OverrunDecided') {
    const decided = message.data as unknown as Facts<'OverrunDecided'>;
    const row = {
      overrun_id: decided.overrunId,
      remaining_minutes: decided.remainingMinutes,
      state: decided.outcome === 'refused' || decided.remainingMinutes === 0 ? decided.outcome : undefined,
      reason: decided.reason,
      decided_by: decided.cause === 'decision' ? decided.decidedBy : undefined,
    };
    return [{ table: 'overruns', row }];
  }
  const fallenId = message.type === 'ChargeReversed' ? message.data.fallenOverrunId : undefined;
  if (fallenId === undefined) return [];
  return [{ table: 'overruns', row: { overrun_id: fallenId, remaining_minutes: 0, state: 'reversed' } }];
}
