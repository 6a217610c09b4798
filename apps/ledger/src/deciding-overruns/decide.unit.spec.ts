import { describe, expect, it } from '@jest/globals';
import { madeId, REFERENT, Scenario } from '../testing/scenario.js';
import { add, decide, reserve, work } from '../testing/scenario-commands.js';

/** 60 of 100 minutes worked with a hold, and 30 beyond it. */
const overrun = (granted = 100) => Scenario.opened(granted).given(reserve('a', 60)).given(work('a', 90));
const decided = {
  overrunId: madeId(3, 'overrun', 2),
  activityId: 'a',
  minutes: 30,
  cause: 'decision',
  reason: 'perché',
  decidedBy: REFERENT,
};

describe('R6 deciding an overrun', () => {
  it('charges it from what is available', () => {
    const scenario = overrun().when(decide(0, 'charge'));
    expect(scenario.recorded[0]).toEqual([
      'OverrunDecided',
      {
        ...decided,
        outcome: 'charged',
        remainingMinutes: 0,
        draws: [{ lotId: madeId(1, 'lot'), minutes: 30 }],
      },
    ]);
    expect(scenario.balances).toEqual({ postedMinutes: 10, heldMinutes: 0, availableMinutes: 10 });
    expect(scenario.package.chargedMinutes).toBe(90);
  });

  it('keeps the client’s no and leaves it to the referent, who absorbs it', () => {
    const scenario = overrun().when(decide(0, 'refuse'));
    expect(scenario.recorded).toEqual([
      ['OverrunDecided', { ...decided, outcome: 'refused', remainingMinutes: 30, draws: [] }],
    ]);
    expect(scenario.package.openOverrunIds).toHaveLength(1);
    scenario.when(decide(0, 'absorb'));
    expect(scenario.recorded).toEqual([
      ['OverrunDecided', { ...decided, outcome: 'absorbed', remainingMinutes: 0, draws: [] }],
    ]);
    expect(scenario.package.openOverrunIds).toEqual([]);
    expect(scenario.balances.postedMinutes).toBe(40);
  });

  it('refuses to charge what is not available, with what is missing', () => {
    const scenario = overrun(80).when(decide(0, 'charge'));
    expect(scenario.outcome).toMatchObject({
      code: 'ledger.hours-insufficient',
      extra: { missingMinutes: 10 },
    });
    expect(scenario.given(add(10)).when(decide(0, 'charge')).balances.availableMinutes).toBe(0);
  });

  it.each(['charge', 'refuse', 'absorb'] as const)(
    'stays quiet when it is told to %s it twice',
    (decision) => {
      expect(overrun().given(decide(0, decision)).when(decide(0, decision)).recorded).toEqual([]);
    },
  );

  it.each([
    ['charge', 'absorb'],
    ['charge', 'refuse'],
    ['absorb', 'charge'],
  ] as const)('after %s refuses to %s it', (first, second) => {
    expect(overrun().given(decide(0, first)).when(decide(0, second)).outcome).toMatchObject({
      code: 'ledger.overrun-settled',
      status: 409,
    });
  });

  it('does not know an overrun of elsewhere', () => {
    expect(overrun().when(decide(7, 'absorb')).outcome).toMatchObject({ code: 'ledger.overrun-unknown' });
  });
});
