import { formatMinutes, type Refusal, refuse } from '@monteore/kernel';
import { drawMinutes, spendableMinutes } from '../package/balances.js';
import { type Decision, decideOnLivePackage } from '../package/decide.js';
import type { DecisionContext } from '../package/record.js';
import type { OverrunState, PackageState } from '../package/state.js';

export interface DecideOverrun {
  readonly overrunId: string;
  readonly decision: 'charge' | 'refuse' | 'absorb';
  readonly reason: string;
}

const OUTCOMES = { charge: 'charged', refuse: 'refused', absorb: 'absorbed' } as const;

/**
 * R6: an approver has an overrun charged (refused when the hours are not available) or says no, which leaves it to
 * the referent; the referent absorbs it. The same decision twice is one; a settled overrun stays as it is.
 */
export function decideOverrun(
  state: PackageState,
  context: DecisionContext,
  command: DecideOverrun,
): Decision | Refusal {
  return decideOnLivePackage(state, context, (recorder) => {
    const overrun = recorder.package.overruns.get(command.overrunId);
    if (overrun === undefined) return unknownOverrun();
    const outcome = OUTCOMES[command.decision];
    if (overrun.state === outcome) return;
    if (overrun.state !== 'open' && overrun.state !== 'refused') return settled(overrun);
    const { minutes, overrunId, activityId } = overrun;
    const missingMinutes = minutes - spendableMinutes(recorder.package);
    if (outcome === 'charged' && missingMinutes > 0) return hoursInsufficient(minutes, missingMinutes);
    recorder.record('OverrunDecided', {
      overrunId,
      activityId,
      outcome,
      minutes,
      remainingMinutes: outcome === 'refused' ? minutes : 0,
      cause: 'decision',
      reason: command.reason,
      decidedBy: context.actor,
      draws: outcome === 'charged' ? drawMinutes(recorder.package, minutes) : [],
    });
  });
}

const unknownOverrun = (): Refusal =>
  refuse(404, 'ledger.overrun-unknown', 'No such overrun', 'This package has no overrun with this id.');

const settled = (overrun: OverrunState): Refusal =>
  refuse(
    409,
    'ledger.overrun-settled',
    'Already decided',
    `This overrun has already been ${overrun.state}.`,
    {
      extra: { overrunId: overrun.overrunId, state: overrun.state },
    },
  );

const hoursInsufficient = (minutes: number, missingMinutes: number): Refusal =>
  refuse(
    422,
    'ledger.hours-insufficient',
    'Not enough hours',
    `Charging ${formatMinutes(minutes)} needs ${formatMinutes(missingMinutes)} more than are available: top up, or let the referent absorb it.`,
    { extra: { missingMinutes } },
  );
