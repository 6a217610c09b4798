import { ledgerEvents } from '@monteore/contracts';
import type { StoredEvent } from '@monteore/event-store';
import type { Json } from '@monteore/kernel';
import type { PublicForm } from '@monteore/messaging';
import { chargedDeltaOf } from './explaining-a-balance/views.js';
import type { PackageEvent } from './package/events.js';
import { packageEventOf } from './package-stream/package-streams.js';

/** What the public contract names of each type; the rest is the ledger's own business. */
const contract: Readonly<Record<string, { readonly shape: object } | undefined>> = ledgerEvents;

/** A stored event of the ledger as the others see it: its facts with the balances, lots and activity after it. */
export function publishLedgerEvent(event: StoredEvent): PublicForm | null {
  const promised = contract[event.type];
  if (promised === undefined) return null;
  if (event.streamId.startsWith('client-')) {
    return { type: event.type, key: String(event.data.clientId), data: event.data };
  }
  const { type, data, stamp } = packageEventOf(event);
  const publicData: Record<string, unknown> = {
    ...data,
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
    lots: stamp.lots,
    activity: stamp.activities[0],
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
  if (type === 'HoldsReleased') {
    publicData.items = data.items.map(({ activityId, releasedMinutes }) => ({
      activityId,
      releasedMinutes,
      activity: stamp.activities.find((activity) => activity.activityId === activityId),
    }));
  }
  const told = Object.entries(publicData).filter(
    ([member, value]) => member in promised.shape && value !== undefined,
  );
  return { type, key: stamp.clientId, data: Object.fromEntries(told) as Record<string, Json> };
}
