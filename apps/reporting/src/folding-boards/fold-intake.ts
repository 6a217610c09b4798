import { intakeEvents, type RequestSnapshot } from '@monteore/contracts';
import type { Message } from '@monteore/messaging';
import type { RowChange } from './row-change.js';

/** The events that carry a request; a reply about an activity that no request stands behind has no deadline. */
export const INTAKE_TYPES = Object.entries(intakeEvents)
  .filter(([, { shape }]) => 'request' in shape)
  .map(([type]) => type);

/** R9: a request with its deadline. It may be told under two keys (its own, then its client's), hence `unlessNewer`. Pure. */
export function foldIntakeEvent(message: Message): readonly RowChange[] {
  const request = message.data.request as unknown as RequestSnapshot;
  const row = {
    request_id: request.requestId,
    package_id: request.packageId ?? null,
    state: request.state,
    take_in_charge_by: new Date(request.takeInChargeBy).toISOString(),
    missed_at: message.type === 'RequestDeadlineMissed' ? message.time : undefined,
    snapshot: request,
    position: message.position,
  };
  return [{ table: 'deadlines', row, unlessNewer: true }];
}
