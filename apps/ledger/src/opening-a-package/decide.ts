import { type Minutes, type Refusal, refuse } from '@monteore/kernel';
import type { Decision } from '../package/decide.js';
import type { PackageFacts } from '../package/events.js';
import { type DecisionContext, Recorder } from '../package/record.js';
import type { PackageState } from '../package/state.js';
import { UNOPENED } from '../package/state.js';

export interface OpenPackage {
  readonly opening: Omit<PackageFacts['PackageOpened'], 'openedOn'>;
  readonly firstLot: { readonly minutes: Minutes; readonly expiresOn?: string };
}

/** R1: a package is opened with its first lot, its policies and its agreed activities. Its stream is new. */
export function openPackage(
  state: PackageState,
  context: DecisionContext,
  command: OpenPackage,
): Decision | Refusal {
  if (state.status !== 'unopened') return [];
  const { expiresOn } = command.firstLot;
  const { endsOn } = command.opening;
  if (expiresOn !== undefined && expiresOn < context.today) return liesInPast('/expiresOn');
  if (endsOn !== undefined && endsOn < context.today) return liesInPast('/endsOn');
  const recorder = new Recorder(UNOPENED, context);
  recorder.record('PackageOpened', { ...command.opening, openedOn: context.today });
  recorder.record('LotAdded', { ...command.firstLot, lotId: recorder.newId('lot'), origin: 'purchase' });
  return recorder.events;
}

const liesInPast = (pointer: string): Refusal =>
  refuse(
    422,
    'ledger.invalid-reference',
    'The package cannot be opened like this',
    `${pointer}: lies in the past`,
    { errors: [{ pointer, detail: 'lies in the past' }] },
  );
