import { canonicalJson, type Policy, type Refusal } from '@monteore/kernel';
import { type Decision, decideOnLivePackage } from '../package/decide.js';
import type { DecisionContext } from '../package/record.js';
import type { PackageState } from '../package/state.js';

/** R1: a changed policy is a new event and acts from then on, never on what is past. */
export function changePolicy(
  state: PackageState,
  context: DecisionContext,
  change: Partial<Policy>,
): Decision | Refusal {
  return decideOnLivePackage(state, context, (recorder) => {
    const policy = { ...recorder.package.policy, ...change };
    if (canonicalJson(policy) !== canonicalJson(recorder.package.policy))
      recorder.record('PolicyChanged', { policy });
  });
}
