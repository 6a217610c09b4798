import { describe, expect, it } from '@jest/globals';
import { reserveHours } from '../reserving-hours/decide.js';
import { item, madeId, Scenario } from '../testing/scenario.js';
import { topUp } from '../topping-up/decide.js';
import { type AdjustBalance, adjustBalance } from './decide.js';

type Decider = Parameters<Scenario['when']>[0];
const adjusting =
  (command: Omit<AdjustBalance, 'reason'>): Decider =>
  (state, context) =>
    adjustBalance(state, context, { ...command, reason: 'errore' });
const first = madeId(1, 'lot');
const second = madeId(2, 'lot');
/** 60 minutes without expiry, then 30 that expire first. */
const twoLots = () =>
  Scenario.opened(60).given((state, context) =>
    topUp(state, context, { minutes: 30, expiresOn: '2026-04-30' }),
  );

describe('R15 adjusting the balance', () => {
  it('takes from the lot that is named', () => {
    expect(twoLots().when(adjusting({ minutes: -20, lotId: first })).recorded).toEqual([
      [
        'BalanceAdjusted',
        {
          adjustmentId: madeId(3, 'adjustment'),
          minutes: -20,
          reason: 'errore',
          lotId: first,
          draws: [{ lotId: first, minutes: 20 }],
          writeOff: false,
        },
      ],
    ]);
  });

  it('follows the draw order when negative without a lot', () => {
    expect(
      twoLots()
        .when(adjusting({ minutes: -40 }))
        .facts('BalanceAdjusted').draws,
    ).toEqual([
      { lotId: second, minutes: 30 },
      { lotId: first, minutes: 10 },
    ]);
  });

  it('makes a lot without expiry when positive without a lot', () => {
    const scenario = twoLots().when(adjusting({ minutes: 15 }));
    expect(scenario.recorded).toEqual([
      [
        'BalanceAdjusted',
        {
          adjustmentId: madeId(3, 'adjustment'),
          minutes: 15,
          reason: 'errore',
          draws: [],
          newLotId: madeId(3, 'lot', 2),
          writeOff: false,
        },
      ],
    ]);
    expect(scenario.lots.at(-1)).toEqual([15, 0, false]);
    expect(scenario.balances.postedMinutes).toBe(105);
  });

  it('gives back to the lot that is named', () => {
    expect(twoLots().when(adjusting({ minutes: 5, lotId: second })).lots).toEqual([
      [60, 0, false],
      [35, 0, false],
    ]);
  });

  it.each([
    [
      'more than is available',
      { minutes: -91 },
      { code: 'ledger.hours-insufficient', extra: { missingMinutes: 1 } },
    ],
    [
      'more than the lot has',
      { minutes: -31, lotId: second },
      { code: 'ledger.hours-insufficient', extra: { missingMinutes: 1 } },
    ],
    ['an unknown lot', { minutes: 5, lotId: 'other' }, { code: 'ledger.lot-unknown' }],
  ])('refuses %s', (_, command, refusal) => {
    expect(twoLots().when(adjusting(command)).outcome).toMatchObject(refusal);
  });

  it('does not touch what is held', () => {
    const scenario = twoLots().given((state, context) =>
      reserveHours(state, context, { reservationId: 'r', items: [item('a', 80)], whenLacking: 'wait' }),
    );
    expect(scenario.when(adjusting({ minutes: -11 })).outcome).toMatchObject({
      code: 'ledger.hours-insufficient',
    });
    expect(scenario.when(adjusting({ minutes: -10 })).balances.availableMinutes).toBe(0);
  });

  it('may go down to the overdraft, and not beyond', () => {
    const scenario = Scenario.opened(10, { policy: { overdraftMinutes: 20 } });
    expect(scenario.when(adjusting({ minutes: -31 })).outcome).toMatchObject({
      extra: { missingMinutes: 1 },
    });
    expect(scenario.when(adjusting({ minutes: -30 })).balances.availableMinutes).toBe(-20);
  });

  it('serves what waits for hours when it raises them', () => {
    const scenario = Scenario.opened(10)
      .given((state, context) =>
        reserveHours(state, context, { reservationId: 'r', items: [item('a', 30)], whenLacking: 'wait' }),
      )
      .when(adjusting({ minutes: 20 }));
    expect(scenario.types).toEqual(['BalanceAdjusted', 'HoursReserved']);
  });
});
