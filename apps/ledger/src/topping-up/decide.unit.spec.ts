import { describe, expect, it } from '@jest/globals';
import { closePackage } from '../closing-a-package/decide.js';
import { logWork } from '../logging-work/decide.js';
import { reserveHours } from '../reserving-hours/decide.js';
import { item, madeId, Scenario } from '../testing/scenario.js';
import { type TopUp, topUp } from './decide.js';

const topping =
  (command: TopUp) => (state: Parameters<typeof topUp>[0], context: Parameters<typeof topUp>[1]) =>
    topUp(state, context, command);
const reserving =
  (reservationId: string, minutes: number): Parameters<Scenario['when']>[0] =>
  (state, context) =>
    reserveHours(state, context, {
      reservationId,
      items: [item(reservationId, minutes)],
      whenLacking: 'wait',
    });

describe('R1 topping up', () => {
  it('adds a lot of its own', () => {
    const scenario = Scenario.opened(60).when(
      topping({ minutes: 120, expiresOn: '2026-09-30', reference: 'Ordine 7' }),
    );
    expect(scenario.recorded).toEqual([
      [
        'LotAdded',
        {
          lotId: madeId(2, 'lot'),
          minutes: 120,
          expiresOn: '2026-09-30',
          reference: 'Ordine 7',
          origin: 'top-up',
        },
      ],
    ]);
    expect(scenario.balances.availableMinutes).toBe(180);
  });

  it('refuses a lot that would be expired already, and a closed package', () => {
    expect(Scenario.opened(60).when(topping({ minutes: 1, expiresOn: '2026-03-01' })).outcome).toMatchObject({
      code: 'ledger.lot-expired',
    });
    const closed = Scenario.opened(60).given((state, context) =>
      closePackage(state, context, { residual: 'expire', reason: 'fine' }),
    );
    expect(closed.when(topping({ minutes: 1 })).outcome).toMatchObject({
      code: 'ledger.package-closed',
      status: 409,
    });
  });

  it('covers the overdraft first, then serves what waits', () => {
    const scenario = Scenario.opened(60, { policy: { overdraftMinutes: 60 } })
      .given(reserving('a', 120))
      .given((state, context) =>
        logWork(state, context, {
          activityId: 'a',
          minutes: 120,
          performedOn: '2026-03-02',
          performedById: 'luca',
          unapprovedMultiplier: 1,
        }),
      )
      .given(reserving('b', 90));
    expect(scenario.balances).toEqual({ postedMinutes: -60, heldMinutes: 0, availableMinutes: -60 });
    scenario.when(topping({ minutes: 90 }));
    expect(scenario.types).toEqual(['LotAdded', 'HoursReserved']);
    // 60 of the 90 pay the overdraft back; the hold takes the other 30 and goes down to the limit.
    expect(scenario.lots).toEqual([
      [0, 0, false],
      [30, 30, false],
    ]);
    expect(scenario.balances).toEqual({ postedMinutes: 30, heldMinutes: 90, availableMinutes: -60 });
  });
});
