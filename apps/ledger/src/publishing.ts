import type { StoredEvent } from '@monteore/event-store';
import type { Json } from '@monteore/kernel';
import type { PublicForm } from '@monteore/messaging';
import { chargedDeltaOf } from './explaining-a-balance/views.js';
import type { PackageEvent } from './package/events.js';
import { packageEventOf } from './package-stream/package-streams.js';

/** Events that are nobody else's business, and members that only the ledger's own fold needs. */
const PRIVATE_TYPES = new Set(['NeedWithdrawn', 'ActivityEnded']);
const PRIVATE_MEMBERS = [
  'need',
  'allocations',
  'fromHold',
  'beyondHold',
  'draws',
  'toHold',
  'toLots',
  'uncovered',
  'leftAgainMinutes',
  'beyondHoldMinutes',
  'roundedMinutes',
  'afterEnd',
  'newLot',
  'newLotId',
];
const WITHOUT_LOTS = new Set([
  'PolicyChanged',
  'HoursAvailable',
  'HoursLacking',
  'ReservationRefused',
  'OverrunRecorded',
  'TransferExpected',
  'TransferWithdrawn',
  'ThresholdCrossed',
  'PackageClosing',
  'ClosureScheduled',
  'ClosureCalledOff',
]);

/** A stored event of the ledger as the others see it: its facts with the balances, lots and activity after it. */
export function publishLedgerEvent(event: StoredEvent): PublicForm | null {
  if (PRIVATE_TYPES.has(event.type)) return null;
  if (event.streamId.startsWith('client-')) {
    return { type: event.type, key: String(event.data.clientId), data: event.data };
  }
  const { type, data, stamp } = packageEventOf(event);
  const facts = Object.fromEntries(
    Object.entries(data).filter(([member]) => !PRIVATE_MEMBERS.includes(member)),
  );
  const publicData: Record<string, unknown> = {
    ...facts,
    packageId: stamp.packageId,
    clientId: stamp.clientId,
    balances: stamp.balances,
    entry: {
      sequence: event.version,
      occurredOn: event.occurredOn,
      postedDeltaMinutes: stamp.postedDeltaMinutes,
      heldDeltaMinutes: stamp.heldDeltaMinutes,
      chargedDeltaMinutes: chargedDeltaOf({ type, data } as PackageEvent),
      actor: event.metadata.actor,
      hash: event.hash,
    },
    ...(WITHOUT_LOTS.has(type) ? {} : { lots: stamp.lots }),
    ...('activityId' in facts && stamp.activities[0] !== undefined ? { activity: stamp.activities[0] } : {}),
  };
  if (type === 'HoursReserved') {
    publicData.items = data.items.map(({ activityId, version, multiplier, weightedMinutes }) => ({
      activityId,
      version,
      multiplier,
      weightedMinutes,
      activity: stamp.activities.find((activity) => activity.activityId === activityId),
    }));
  }
  return { type, key: stamp.clientId, data: publicData as Record<string, Json> };
}
