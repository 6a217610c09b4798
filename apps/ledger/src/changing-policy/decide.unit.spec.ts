import { describe, expect, it } from '@jest/globals';
import { DEFAULT_POLICY, type Policy } from '@monteore/kernel';
import { closePackage } from '../closing-a-package/decide.js';
import { logWork } from '../logging-work/decide.js';
import { reserveHours } from '../reserving-hours/decide.js';
import { item, Scenario } from '../testing/scenario.js';
import { changePolicy } from './decide.js';

type Decider = Parameters<Scenario['when']>[0];
const changing =
  (change: Partial<Policy>): Decider =>
  (state, context) =>
    changePolicy(state, context, change);
const reserving =
  (activityId: string, minutes: number): Decider =>
  (state, context) =>
    reserveHours(state, context, {
      reservationId: activityId,
      items: [item(activityId, minutes)],
      whenLacking: 'wait',
    });

describe('R1 changing the policy', () => {
  it('records the whole policy as it is from now on', () => {
    const scenario = Scenario.opened(60).when(changing({ toleranceMinutes: 10 }));
    expect(scenario.recorded).toEqual([
      ['PolicyChanged', { policy: { ...DEFAULT_POLICY, toleranceMinutes: 10 } }],
    ]);
  });

  it('stays quiet when nothing changes, and is refused on a closed package', () => {
    expect(Scenario.opened(60).when(changing({ toleranceMinutes: 0 })).recorded).toEqual([]);
    const closed = Scenario.opened(60).given((state, context) =>
      closePackage(state, context, { residual: 'expire', reason: 'fine' }),
    );
    expect(closed.when(changing({ toleranceMinutes: 5 })).outcome).toMatchObject({
      code: 'ledger.package-closed',
    });
  });

  it('acts on what comes and leaves what is past as it was charged', () => {
    const scenario = Scenario.opened(600).given(reserving('a', 100));
    const work =
      (minutes: number): Decider =>
      (state, context) =>
        logWork(state, context, {
          activityId: 'a',
          minutes,
          performedOn: '2026-03-02',
          performedById: 'luca',
          unapprovedMultiplier: 1,
        });
    scenario.given(work(20)).given(changing({ roundUpToMinutes: 15 }));
    expect(scenario.package.chargedMinutes).toBe(20);
    expect(scenario.when(work(1)).facts('WorkCharged')).toMatchObject({
      actualMinutes: 1,
      chargedMinutes: 10,
    });
  });

  it('serves what waits when an overdraft makes room for it', () => {
    const scenario = Scenario.opened(60)
      .given(reserving('a', 90))
      .when(changing({ overdraftMinutes: 30 }));
    expect(scenario.types).toEqual(['PolicyChanged', 'HoursReserved']);
    expect(scenario.balances.availableMinutes).toBe(-30);
  });
});
