import { endOfDay, localDateOf } from '@monteore/calendar';
import { isUsedUp } from './aftermath.js';
import type { PackageEvent } from './events.js';
import { finishClosing, finishEnded } from './finish-closing.js';
import type { Recorder } from './record.js';

/**
 * R13: what has become due by the instant of a command is recorded before the command decides, in the order in
 * which it fell due. So no result depends on when a timer ran.
 */
export function settleDue(recorder: Recorder): void {
  for (;;) {
    const due = nextDue(recorder);
    if (due === null) return;
    due();
  }
}

/** The instant at which something falls due because of this event, for the timer that fires when nobody asks. */
export function dueInstantOf(event: PackageEvent): string | null {
  switch (event.type) {
    case 'PackageOpened':
      return event.data.endsOn === undefined ? null : endOfDay(event.data.endsOn);
    case 'LotAdded':
      return event.data.expiresOn === undefined ? null : endOfDay(event.data.expiresOn);
    case 'ClosureScheduled':
      return event.data.closesAt;
    default:
      return null;
  }
}

function nextDue(recorder: Recorder): (() => void) | null {
  const { state } = recorder;
  if (state.status === 'unopened' || state.status === 'closed') return null;
  const candidates: { at: string; apply: () => void }[] = [];
  for (const lot of state.lots) {
    if (lot.expired || lot.expiresOn === undefined) continue;
    const minutes = lot.remainingMinutes - lot.heldMinutes;
    const { lotId, expiresOn } = lot;
    candidates.push({
      at: endOfDay(expiresOn),
      apply: () => recorder.record('LotExpired', { lotId, minutes, cause: 'date' }, expiresOn),
    });
  }
  if (state.status === 'open' && state.endsOn !== undefined) {
    const { endsOn } = state;
    candidates.push({ at: endOfDay(endsOn), apply: () => endPackage(recorder, endsOn) });
  }
  if (state.status === 'open' && state.closesAt !== undefined) {
    const { closesAt } = state;
    candidates.push({ at: closesAt, apply: () => closeUsedUp(recorder, localDateOf(closesAt)) });
  }
  const due = candidates.filter((candidate) => candidate.at <= recorder.context.now);
  due.sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
  return due[0]?.apply ?? null;
}

/** R14: at its end date nothing new is approved; with nothing open it closes that very day, whenever that is noticed. */
function endPackage(recorder: Recorder, endsOn: string): void {
  recorder.record('PackageClosing', {}, endsOn);
  finishEnded(recorder, endsOn);
}

/** R14: the package announced as used up closes at its hour, unless something came meanwhile. */
function closeUsedUp(recorder: Recorder, closedOn: string): void {
  if (isUsedUp(recorder)) finishClosing(recorder, { cause: 'used-up', residual: 'expire', closedOn });
  else recorder.record('ClosureCalledOff', {}, closedOn);
}
