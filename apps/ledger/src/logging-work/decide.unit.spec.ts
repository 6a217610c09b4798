import { describe, expect, it } from '@jest/globals';
import { closePackage } from '../closing-a-package/decide.js';
import { madeId, Scenario } from '../testing/scenario.js';
import { add, end, reserve, work } from '../testing/scenario-commands.js';

const lot = madeId(1, 'lot');

describe('R6 recording work', () => {
  it('charges the hold, on the day it was done', () => {
    const scenario = Scenario.opened(600)
      .given(reserve('a', 60, { multiplier: 3 }))
      .when(work('a', 20, { performedOn: '2026-02-27', note: 'Bozza' }));
    expect(scenario.recorded).toEqual([
      [
        'WorkCharged',
        {
          workEntryId: madeId(3, 'work-entry'),
          activityId: 'a',
          performedOn: '2026-02-27',
          performedById: 'luca',
          actualMinutes: 20,
          roundedMinutes: 20,
          multiplier: 3,
          chargedMinutes: 60,
          fromHoldMinutes: 60,
          overrunMinutes: 0,
          note: 'Bozza',
          fromHold: [{ lotId: lot, minutes: 60 }],
          beyondHold: [],
          afterEnd: false,
        },
      ],
    ]);
    expect(scenario.outcome).toMatchObject([{ occurredOn: '2026-02-27' }]);
    expect(scenario.balances).toEqual({ postedMinutes: 540, heldMinutes: 120, availableMinutes: 420 });
  });

  it('records what goes beyond the hold as an overrun, in charged minutes', () => {
    const scenario = Scenario.opened(600)
      .given(reserve('a', 60, { multiplier: 3 }))
      .when(work('a', 70));
    const overrunId = madeId(3, 'overrun', 2);
    expect(scenario.facts('WorkCharged')).toMatchObject({
      chargedMinutes: 180,
      overrunMinutes: 30,
      overrunId,
    });
    expect(scenario.facts('OverrunRecorded')).toEqual({
      overrunId,
      workEntryId: madeId(3, 'work-entry'),
      activityId: 'a',
      minutes: 30,
      multiplier: 3,
    });
    expect(scenario.balances.postedMinutes).toBe(420);
  });

  it('refuses work of tomorrow, and any on a closed package', () => {
    const scenario = Scenario.opened(60);
    expect(scenario.when(work('a', 5, { performedOn: '2026-03-03' })).outcome).toMatchObject({
      code: 'ledger.work-in-future',
      errors: [{ pointer: '/performedOn', detail: 'not after 2026-03-02' }],
    });
    scenario.given((state, context) => closePackage(state, context, { residual: 'expire', reason: 'fine' }));
    expect(scenario.when(work('a', 5)).outcome).toMatchObject({ code: 'ledger.package-closed' });
  });

  it('of what was never approved is all overrun, at the price that was proposed', () => {
    const scenario = Scenario.opened(600).when(work('a', 10, { unapprovedMultiplier: 3 }));
    expect(scenario.facts('WorkCharged')).toMatchObject({
      chargedMinutes: 0,
      overrunMinutes: 30,
      multiplier: 3,
    });
    expect(scenario.balances.postedMinutes).toBe(600);
  });

  it.each([
    // [minutes granted, tolerance, work entries, what the last one charges, its overrun]
    ['up to the tolerance', 600, 20, [80], 80, 0],
    ['and no further', 600, 20, [81], 80, 1],
    ['over all entries of the activity together', 600, 20, [70, 15], 10, 5],
    ['only as far as available reaches', 65, 20, [80], 65, 15],
  ])(
    'is charged beyond the hold %s',
    (_, granted, toleranceMinutes, entries, chargedMinutes, overrunMinutes) => {
      const scenario = Scenario.opened(granted, { policy: { toleranceMinutes } }).given(reserve('a', 60));
      for (const minutes of entries) scenario.given(work('a', minutes));
      expect(scenario.facts('WorkCharged')).toMatchObject({ chargedMinutes, overrunMinutes });
    },
  );

  it.each([
    ['up to the threshold', 0, 1, 30, 30, 0],
    ['and no further', 0, 1, 31, 30, 1],
    ['the threshold times the multiplier', 0, 3, 31, 90, 3],
    ['or the tolerance, where that is more', 25, 1, 46, 45, 1],
  ])(
    'of a minor extra is charged %s',
    (_, toleranceMinutes, multiplier, worked, chargedMinutes, overrunMinutes) => {
      const scenario = Scenario.opened(600, { policy: { toleranceMinutes } })
        .given(reserve('a', 20, { path: 'automatic', multiplier }))
        .when(work('a', worked));
      expect(scenario.facts('WorkCharged')).toMatchObject({ chargedMinutes, overrunMinutes });
    },
  );

  it('after the end is charged from available up to what the estimate had left', () => {
    const scenario = Scenario.opened(600).given(reserve('a', 60)).given(work('a', 40)).given(end('a'));
    expect(scenario.when(work('a', 15)).facts('WorkCharged')).toMatchObject({
      chargedMinutes: 15,
      fromHoldMinutes: 0,
      overrunMinutes: 0,
      afterEnd: true,
    });
    expect(scenario.when(work('a', 15)).facts('WorkCharged')).toMatchObject({
      chargedMinutes: 5,
      overrunMinutes: 10,
    });
  });
});

describe('R2 the multiplier', () => {
  it('is the one in force when the work was recorded, and no charge is priced again', () => {
    const scenario = Scenario.opened(600)
      .given(reserve('a', 60, { multiplier: 3 }))
      .given(work('a', 20))
      .given(reserve('a', 60, { version: 2, multiplier: 1 }));
    expect(scenario.balances.heldMinutes).toBe(40);
    expect(scenario.when(work('a', 10)).facts('WorkCharged')).toMatchObject({
      chargedMinutes: 10,
      multiplier: 1,
    });
    expect(scenario.package.chargedMinutes).toBe(70);
  });
});

describe('R16 rounding', () => {
  const charges = (scenario: Scenario, ...minutes: number[]) =>
    minutes.map((one) => scenario.when(work('a', one)).facts('WorkCharged').chargedMinutes);
  const rounded = (policy: Parameters<typeof Scenario.opened>[1]) => Scenario.opened(600, policy);

  it('applies to the actual total: step 15, entries of 5, 5 and 10 charge 15, 0 and 15', () => {
    const scenario = rounded({ policy: { roundUpToMinutes: 15 } }).given(reserve('a', 60));
    expect(charges(scenario, 5, 5, 10)).toEqual([15, 0, 15]);
    expect(scenario.package.activities.get('a')).toMatchObject({ actualMinutes: 20, chargedMinutes: 30 });
  });

  it('applies before the multiplier, with its minimum', () => {
    const policy = { roundUpToMinutes: 15, minimumMinutes: 30 };
    const scenario = rounded({ policy }).given(reserve('a', 60, { multiplier: 3 }));
    expect(charges(scenario, 5, 25, 1)).toEqual([90, 0, 45]);
  });

  it('alone never makes an overrun: the hold is rounded by the same function', () => {
    const scenario = rounded({ policy: { roundUpToMinutes: 15 } }).given(reserve('a', 20));
    expect(scenario.balances.heldMinutes).toBe(30);
    expect(scenario.when(work('a', 20)).facts('WorkCharged')).toMatchObject({
      chargedMinutes: 30,
      overrunMinutes: 0,
    });
  });
});

describe('R13 lots that are drawn', () => {
  const [first, second, third] = [madeId(1, 'lot'), madeId(2, 'lot'), madeId(3, 'lot')];
  /** 30 that never expire, 30 until June, 30 until April. */
  const threeLots = () => Scenario.opened(30).given(add(30, '2026-06-30')).given(add(30, '2026-04-30'));

  it('are those that expire first, then the oldest', () => {
    const scenario = threeLots().given(reserve('a', 70));
    expect(scenario.facts('HoursReserved').items[0]!.allocations).toEqual([
      { lotId: third, minutes: 30 },
      { lotId: second, minutes: 30 },
      { lotId: first, minutes: 10 },
    ]);
    expect(scenario.when(work('a', 40)).facts('WorkCharged').fromHold).toEqual([
      { lotId: third, minutes: 30 },
      { lotId: second, minutes: 10 },
    ]);
  });

  it('are those of the hold, also when a lot that expires first came later', () => {
    const scenario = Scenario.opened(60).given(reserve('a', 40)).given(add(30, '2026-04-30'));
    expect(scenario.when(work('a', 40)).facts('WorkCharged').fromHold).toEqual([
      { lotId: first, minutes: 40 },
    ]);
  });

  it('give to a hold that grew what expires first before the rest', () => {
    const scenario = Scenario.opened(40)
      .given(reserve('a', 40))
      .given(add(30, '2026-04-30'))
      .given(reserve('a', 60, { version: 2 }));
    expect(scenario.when(work('a', 30)).facts('WorkCharged').fromHold).toEqual([
      { lotId: third, minutes: 20 },
      { lotId: first, minutes: 10 },
    ]);
  });

  it('beyond the hold follow the order of that moment', () => {
    const scenario = Scenario.opened(60, { policy: { toleranceMinutes: 60 } })
      .given(reserve('a', 40))
      .given(add(10, '2026-04-30'));
    expect(scenario.when(work('a', 55)).facts('WorkCharged').beyondHold).toEqual([
      { lotId: third, minutes: 10 },
      { lotId: first, minutes: 5 },
    ]);
  });
});
