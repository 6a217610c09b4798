import { estimationEvents } from '@monteore/contracts';
import type { StoredEvent } from '@monteore/event-store';
import type { Json } from '@monteore/kernel';
import type { PublicForm } from '@monteore/messaging';
import { boardEventOf } from './board-stream/board-streams.js';

/** What the public contract names of each type; the rest is estimation's own business. */
const contract: Readonly<Record<string, { readonly shape: object } | undefined>> = estimationEvents;

/** A stored event of estimation as the others see it: its facts with the activity and the pending minutes after it. */
export function publishEstimationEvent(event: StoredEvent): PublicForm | null {
  const promised = contract[event.type];
  if (promised === undefined) return null;
  const { data, stamp } = boardEventOf(event);
  const told = Object.entries({ ...data, ...stamp }).filter(
    ([member, value]) => member in promised.shape && value !== undefined,
  );
  return { type: event.type, key: stamp.clientId, data: Object.fromEntries(told) as Record<string, Json> };
}
