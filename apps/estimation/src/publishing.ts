import type { StoredEvent } from '@monteore/event-store';
import type { Json } from '@monteore/kernel';
import type { PublicForm } from '@monteore/messaging';
import { boardEventOf } from './board-stream/board-streams.js';

/** Events that only this service's own fold needs. */
const PRIVATE_TYPES = new Set([
  'BoardOpened',
  'PolicyNoted',
  'DecisionsHeld',
  'DecisionsDropped',
  'DecisionsGranted',
  'BoardClosing',
]);
const PRIVATE_MEMBERS = new Set(['linkId', 'activityId', 'description']);

/** A stored event of estimation as the others see it: its facts with the activity and the pending minutes after it. */
export function publishEstimationEvent(event: StoredEvent): PublicForm | null {
  if (PRIVATE_TYPES.has(event.type)) return null;
  const { type, data, stamp } = boardEventOf(event);
  const facts = Object.fromEntries(Object.entries(data).filter(([member]) => !PRIVATE_MEMBERS.has(member)));
  const { packageId, clientId, pendingMinutes, activity } = stamp;
  const publicData = {
    ...facts,
    packageId,
    clientId,
    ...(activity === undefined ? {} : { activity, pendingMinutes }),
  };
  return { type, key: clientId, data: publicData as unknown as Record<string, Json> };
}
