import { endOfDay } from '@monteore/calendar';
import { balancesOf } from './balances.js';
import { finishClosing } from './finish-closing.js';
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

/** The instants at which something of this package falls due, for the timer that fires when nobody asks. */
export function dueInstants(recorder: Pick<Recorder, 'state'>): string[] {
  const { state } = recorder;
  if (state.status === 'unopened' || state.status === 'closed') return [];
  const instants = state.lots.flatMap((lot) =>
    lot.expired || lot.expiresOn === undefined ? [] : [endOfDay(lot.expiresOn)],
  );
  if (state.status === 'open' && state.endsOn !== undefined) instants.push(endOfDay(state.endsOn));
  if (state.status === 'open' && state.closesAt !== undefined) instants.push(state.closesAt);
  return instants.sort();
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
    candidates.push({ at: endOfDay(endsOn), apply: () => recorder.record('PackageClosing', {}, endsOn) });
  }
  if (state.status === 'open' && state.closesAt !== undefined) {
    candidates.push({ at: state.closesAt, apply: () => closeUsedUp(recorder) });
  }
  const due = candidates.filter((candidate) => candidate.at <= recorder.context.now);
  due.sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
  return due[0]?.apply ?? null;
}

/** R14: the package announced as used up closes at its hour, unless hours came meanwhile. */
function closeUsedUp(recorder: Recorder): void {
  if (balancesOf(recorder.package).postedMinutes === 0) {
    finishClosing(recorder, { cause: 'used-up', residual: 'expire' });
  } else {
    recorder.record('ClosureCalledOff', {});
  }
}
