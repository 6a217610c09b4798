import { atLocalTime, nthWorkingDayAfter } from '@monteore/calendar';
import { formatMinutes, type Refusal, refuse } from '@monteore/kernel';
import { isUsedUp, serveWaiting } from '../package/aftermath.js';
import { balancesOf } from '../package/balances.js';
import { type Decision, decideOnLivePackage, decideOnPackage } from '../package/decide.js';
import { finishClosing } from '../package/finish-closing.js';
import type { DecisionContext } from '../package/record.js';
import type { Package, PackageState } from '../package/state.js';

export interface ClosePackage {
  readonly residual: 'expire' | 'rollover' | 'write-off';
  readonly reason: string;
  readonly transfer?: { readonly transferId: string; readonly toPackageId: string };
}

/** R14: closed by decision. Overruns are decided first; nothing may be on its way to this package. */
export function closePackage(
  state: PackageState,
  context: DecisionContext,
  command: ClosePackage,
): Decision | Refusal {
  return decideOnLivePackage(state, context, (recorder) => {
    const refusal = checkClosing(recorder.package, command);
    if (refusal !== null) return refusal;
    finishClosing(recorder, { cause: 'decision', ...command });
  });
}

function checkClosing(state: Package, command: ClosePackage): Refusal | null {
  if (state.openOverrunIds.length > 0) {
    const overruns = state.openOverrunIds.map((overrunId) => {
      const { activityId, minutes, state: overrunState } = state.overruns.get(overrunId)!;
      return { overrunId, activityId, minutes, state: overrunState };
    });
    return refuse(
      409,
      'ledger.overruns-open',
      'Overruns are open',
      `${overruns.length} overrun(s) wait: have each charged by an approver or absorbed by the referent, then close.`,
      { extra: { overruns } },
    );
  }
  if (state.expectedTransfers.length > 0) {
    return refuse(
      409,
      'ledger.transfer-expected',
      'Hours are on their way here',
      'Another package is rolling its hours over to this one: close it when they have arrived.',
    );
  }
  const { postedMinutes, heldMinutes } = balancesOf(state);
  const overdrawnMinutes = -Math.min(0, postedMinutes);
  if (overdrawnMinutes > 0 && command.residual !== 'write-off') {
    return refuse(
      422,
      'ledger.residual-negative',
      'The residual is negative',
      `The package is overdrawn by ${formatMinutes(overdrawnMinutes)}: settle it outside and close with write-off, or top up first.`,
      { extra: { postedMinutes, heldMinutes } },
    );
  }
  return null;
}

/** R14, rollover, first step: the receiving package says what it expects, and cannot close while it stands. */
export function expectTransfer(
  state: PackageState,
  context: DecisionContext,
  command: { readonly transferId: string; readonly fromPackageId: string; readonly clientId: string },
): Decision | Refusal {
  return decideOnPackage(state, context, (recorder) => {
    const { transferId, fromPackageId, clientId } = command;
    const receiver = recorder.package;
    if (
      receiver.clientId !== clientId ||
      receiver.packageId === fromPackageId ||
      receiver.status !== 'open'
    ) {
      return refuse(
        422,
        'ledger.rollover-target',
        'The hours cannot go there',
        'A rollover goes to another open package of the same client.',
        { errors: [{ pointer: '/rolloverPackageId', detail: 'not another open package of this client' }] },
      );
    }
    if (receiver.expectedTransfers.includes(transferId) || receiver.receivedTransfers.includes(transferId))
      return;
    recorder.record('TransferExpected', { transferId, fromPackageId });
  });
}

/** R14, rollover: the first package did not close after all. */
export function withdrawTransfer(
  state: PackageState,
  context: DecisionContext,
  transferId: string,
): Decision | Refusal {
  return decideOnPackage(state, context, (recorder) => {
    if (recorder.package.expectedTransfers.includes(transferId))
      recorder.record('TransferWithdrawn', { transferId });
  });
}

export interface ReceiveTransfer {
  readonly transferId: string;
  readonly fromPackageId: string;
  readonly lots: readonly { readonly minutes: number; readonly expiresOn?: string }[];
}

/** R14, rollover, last step: the lots arrive, each with its own expiry; a retry moves nothing more. */
export function receiveTransfer(
  state: PackageState,
  context: DecisionContext,
  command: ReceiveTransfer,
): Decision | Refusal {
  return decideOnLivePackage(state, context, (recorder) => {
    const { transferId, fromPackageId } = command;
    if (recorder.package.receivedTransfers.includes(transferId)) return;
    for (const lot of command.lots) {
      recorder.record('LotAdded', {
        ...lot,
        lotId: recorder.newId('lot'),
        origin: 'rollover',
        transferId,
        fromPackageId,
      });
    }
  });
}

/**
 * The look after each change: what waits and found no room in the append that brought its hours is served first (R3).
 * R14: used up and nothing open: it will close at 18:00 of the fifth working day after.
 * Called off when something opens.
 */
export function considerUsedUp(
  state: PackageState,
  context: DecisionContext,
  openItems: number,
): Decision | Refusal {
  return decideOnPackage(state, context, (recorder) => {
    const current = recorder.package;
    if (current.status !== 'open') return;
    serveWaiting(recorder);
    const mayClose = openItems === 0 && isUsedUp(recorder);
    if (mayClose && current.closesAt === undefined) {
      const closesOn = nthWorkingDayAfter(context.today, 5, current.policy.closingDays);
      recorder.record('ClosureScheduled', { closesAt: atLocalTime(closesOn, '18:00') });
    } else if (!mayClose && current.closesAt !== undefined) {
      recorder.record('ClosureCalledOff', {});
    }
  });
}
