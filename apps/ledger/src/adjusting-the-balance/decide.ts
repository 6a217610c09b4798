import { formatMinutes, type Minutes, type Refusal, refuse } from '@monteore/kernel';
import { drawMinutes, spendableMinutes } from '../package/balances.js';
import { type Decision, decideOnLivePackage } from '../package/decide.js';
import type { DecisionContext } from '../package/record.js';
import type { Package, PackageState } from '../package/state.js';

export interface AdjustBalance {
  readonly minutes: Minutes;
  readonly reason: string;
  readonly lotId?: string;
}

/**
 * R15: an adjustment names a lot; without one, a negative follows the draw order and a positive makes a lot without
 * expiry. It is refused when `available` would pass its limit.
 */
export function adjustBalance(
  state: PackageState,
  context: DecisionContext,
  command: AdjustBalance,
): Decision | Refusal {
  return decideOnLivePackage(state, context, (recorder) => {
    const { minutes, reason, lotId } = command;
    const refusal = checkLot(recorder.package, command) ?? checkLimit(recorder.package, minutes);
    if (refusal !== null) return refusal;
    const amount = Math.abs(minutes);
    const draws =
      lotId !== undefined
        ? [{ lotId, minutes: amount }]
        : minutes < 0
          ? drawMinutes(recorder.package, amount)
          : [];
    recorder.record('BalanceAdjusted', {
      adjustmentId: recorder.newId('adjustment'),
      minutes,
      reason,
      ...(lotId === undefined ? {} : { lotId }),
      draws,
      ...(lotId === undefined && minutes > 0 ? { newLotId: recorder.newId('lot') } : {}),
      writeOff: false,
    });
  });
}

function checkLot(state: Package, { lotId, minutes }: AdjustBalance): Refusal | null {
  if (lotId === undefined) return null;
  const lot = state.lots.find((candidate) => candidate.lotId === lotId);
  if (lot === undefined || lot.expired) {
    return refuse(
      422,
      'ledger.lot-unknown',
      'No such open lot',
      'This package has no open lot with this id.',
      {
        errors: [{ pointer: '/lotId', detail: 'names no open lot of this package' }],
      },
    );
  }
  const freeMinutes = lot.remainingMinutes - lot.heldMinutes;
  if (minutes < 0 && -minutes > freeMinutes) {
    return refuse(
      422,
      'ledger.hours-insufficient',
      'The lot has too few hours',
      `The lot has ${formatMinutes(freeMinutes)} that are neither charged nor held.`,
      { extra: { missingMinutes: -minutes - freeMinutes } },
    );
  }
  return null;
}

function checkLimit(state: Package, minutes: Minutes): Refusal | null {
  const missingMinutes = -minutes - spendableMinutes(state);
  if (minutes > 0 || missingMinutes <= 0) return null;
  return refuse(
    422,
    'ledger.hours-insufficient',
    'Not enough hours',
    `The adjustment would take ${formatMinutes(missingMinutes)} more than are available.`,
    { extra: { missingMinutes } },
  );
}
