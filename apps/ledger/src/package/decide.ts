import { isRefusal, type Refusal, refuse } from '@monteore/kernel';
import { settleAftermath } from './aftermath.js';
import { settleDue } from './due.js';
import type { RecordedPackageEvent } from './events.js';
import { closedRefusal, type DecisionContext, isLive, Recorder } from './record.js';
import type { PackageState } from './state.js';

/** Events to append; none at all when there was nothing to do. */
export type Decision = readonly RecordedPackageEvent[];

/**
 * One decision on an opened package: first what is due by its instant (R13), then the command itself,
 * then what follows by itself. A refusal leaves nothing behind; a command that records nothing neither.
 */
export function decideOnPackage(
  state: PackageState,
  context: DecisionContext,
  command: (recorder: Recorder) => Refusal | undefined,
): Decision | Refusal {
  const recorder = new Recorder(state, context);
  if (recorder.state.status === 'unopened') return unknownPackage();
  settleDue(recorder);
  const dueCount = recorder.events.length;
  const refusal = command(recorder);
  if (isRefusal(refusal)) return refusal;
  if (recorder.events.length === dueCount) return [];
  settleAftermath(recorder);
  return recorder.events;
}

/** The same for a command that a closed package refuses. */
export function decideOnLivePackage(
  state: PackageState,
  context: DecisionContext,
  command: (recorder: Recorder) => Refusal | undefined,
): Decision | Refusal {
  return decideOnPackage(state, context, (recorder) =>
    isLive(recorder.package) ? command(recorder) : closedRefusal(recorder.package),
  );
}

/** The timer's command: only what is due. */
export function decideDue(state: PackageState, context: DecisionContext): Decision | Refusal {
  const recorder = new Recorder(state, context);
  if (recorder.state.status === 'unopened') return unknownPackage();
  settleDue(recorder);
  if (recorder.events.length > 0 && isLive(recorder.package)) settleAftermath(recorder);
  return recorder.events;
}

export const unknownPackage = (): Refusal =>
  refuse(
    404,
    'ledger.package-unknown',
    'No such package',
    'There is no package with this id that you may see.',
  );
