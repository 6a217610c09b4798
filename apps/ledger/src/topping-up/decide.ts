import { type Minutes, type Refusal, refuse } from '@monteore/kernel';
import { type Decision, decideOnLivePackage } from '../package/decide.js';
import type { DecisionContext } from '../package/record.js';
import type { PackageState } from '../package/state.js';

export interface TopUp {
  readonly minutes: Minutes;
  readonly expiresOn?: string;
  readonly reference?: string;
}

/** R1, R13: hours bought later are a lot of their own; what waits for hours is served in the same append. */
export function topUp(state: PackageState, context: DecisionContext, command: TopUp): Decision | Refusal {
  return decideOnLivePackage(state, context, (recorder) => {
    if (command.expiresOn !== undefined && command.expiresOn < context.today) return lotExpired();
    recorder.record('LotAdded', { ...command, lotId: recorder.newId('lot'), origin: 'top-up' });
  });
}

const lotExpired = (): Refusal =>
  refuse(422, 'ledger.lot-expired', 'The lot would be expired already', '/expiresOn: lies in the past', {
    errors: [{ pointer: '/expiresOn', detail: 'lies in the past' }],
  });
