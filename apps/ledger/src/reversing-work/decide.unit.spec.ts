import { describe, expect, it } from '@jest/globals';
import { closePackage } from '../closing-a-package/decide.js';
import { madeId, Scenario } from '../testing/scenario.js';
import { add, decide, end, reserve, reverse, work } from '../testing/scenario-commands.js';

const lot = madeId(1, 'lot');
const MIDNIGHT = '2026-03-31T22:00:00.000Z';

describe('R15 reversing a work entry', () => {
  it('gives the charge back to the hold while the activity is active, on the day of what it reverses', () => {
    const scenario = Scenario.opened(100)
      .given(reserve('a', 60))
      .given(work('a', 20, { performedOn: '2026-02-27' }))
      .when(reverse(0));
    expect(scenario.recorded).toEqual([
      [
        'ChargeReversed',
        {
          workEntryId: madeId(3, 'work-entry'),
          activityId: 'a',
          actualMinutes: 20,
          chargedMinutes: 20,
          toHoldMinutes: 20,
          reason: 'errore',
          toHold: [{ lotId: lot, minutes: 20 }],
          toLots: [],
          uncovered: [],
          leftAgainMinutes: 20,
          beyondHoldMinutes: 0,
        },
      ],
    ]);
    expect(scenario.outcome).toMatchObject([{ occurredOn: '2026-02-27' }]);
    expect(scenario.balances).toEqual({ postedMinutes: 100, heldMinutes: 60, availableMinutes: 40 });
    expect(scenario.package.activities.get('a')).toMatchObject({ actualMinutes: 0, chargedMinutes: 0 });
  });

  it('gives it back to available when the activity has ended, whose estimate has it left again', () => {
    const scenario = Scenario.opened(100).given(reserve('a', 60)).given(work('a', 60)).given(end('a'));
    scenario.given(reverse(0));
    expect(scenario.balances).toEqual({ postedMinutes: 100, heldMinutes: 0, availableMinutes: 100 });
    expect(scenario.when(work('a', 50)).facts('WorkCharged')).toMatchObject({
      chargedMinutes: 50,
      overrunMinutes: 0,
    });
  });

  it('gives the part beyond the hold back to available, and the tolerance with it', () => {
    const scenario = Scenario.opened(100, { policy: { toleranceMinutes: 20 } })
      .given(reserve('a', 60))
      .given(work('a', 60))
      .given(work('a', 20))
      .given(reverse(1));
    expect(scenario.balances).toEqual({ postedMinutes: 40, heldMinutes: 0, availableMinutes: 40 });
    expect(scenario.when(work('a', 20)).facts('WorkCharged')).toMatchObject({ chargedMinutes: 20 });
  });

  it('charges the open overruns of the activity from it, oldest first', () => {
    const scenario = Scenario.opened(60)
      .given(reserve('a', 60))
      .given(work('a', 60))
      .given(work('a', 25))
      .given(work('a', 50));
    const [older, newer] = scenario.package.openOverrunIds;
    scenario.when(reverse(0));
    expect(scenario.recorded.slice(1)).toMatchObject([
      ['OverrunDecided', { overrunId: older, minutes: 25, remainingMinutes: 0, cause: 'reversal' }],
      ['OverrunDecided', { overrunId: newer, minutes: 35, remainingMinutes: 15, cause: 'reversal' }],
    ]);
    expect(scenario.balances).toEqual({ postedMinutes: 0, heldMinutes: 0, availableMinutes: 0 });
  });

  it('takes the entry’s own overrun with it, open or charged', () => {
    const over = () => Scenario.opened(100).given(reserve('a', 60)).given(work('a', 80));
    const open = over().when(reverse(0));
    expect(open.facts('ChargeReversed')).toMatchObject({
      chargedMinutes: 60,
      fallenOverrunId: madeId(3, 'overrun', 2),
    });
    expect(open.package.openOverrunIds).toEqual([]);
    const charged = over().given(decide(0, 'charge')).when(reverse(0));
    expect(charged.facts('ChargeReversed')).toMatchObject({ chargedMinutes: 80, toHoldMinutes: 60 });
    expect(charged.balances).toEqual({ postedMinutes: 100, heldMinutes: 60, availableMinutes: 40 });
    expect(charged.when(decide(0, 'absorb')).outcome).toMatchObject({ code: 'ledger.overrun-settled' });
  });

  it('brings what came from an expired lot back as a lot without expiry, once the activity is over', () => {
    const scenario = Scenario.opened(100, { expiresOn: '2026-03-31' })
      .given(reserve('a', 60))
      .given(work('a', 60))
      .given(end('a'))
      .at(MIDNIGHT)
      .when(reverse(0));
    const newLot = { lotId: madeId(5, 'lot'), minutes: 60 };
    expect(scenario.facts('ChargeReversed')).toMatchObject({ newLot, toLots: [] });
    expect(scenario.package.lots.at(-1)).toMatchObject({ ...newLot, origin: 'reversal', expired: false });
    expect(scenario.package.lots.at(-1)).not.toHaveProperty('expiresOn');
    expect(scenario.balances.availableMinutes).toBe(60);
  });

  it('leaves it to the hold on the expired lot while the activity is active', () => {
    const scenario = Scenario.opened(100, { expiresOn: '2026-03-31' })
      .given(reserve('a', 60))
      .given(work('a', 60))
      .at(MIDNIGHT)
      .given(reverse(0));
    expect(scenario.lots).toEqual([[60, 60, true]]);
  });

  it.each([
    ['twice', (scenario: Scenario) => scenario.given(reverse(0)).when(reverse(0)), 'ledger.already-reversed'],
    ['of elsewhere', (scenario: Scenario) => scenario.when(reverse(9)), 'ledger.work-entry-unknown'],
    [
      'of another, by a team member (R17)',
      (scenario: Scenario) => scenario.when(reverse(0, true), { subject: 'mario', role: 'team-member' }),
      'ledger.not-own-entry',
    ],
    [
      'of a closed package',
      (scenario: Scenario) =>
        scenario
          .given((state, context) => closePackage(state, context, { residual: 'expire', reason: 'fine' }))
          .when(reverse(0)),
      'ledger.package-closed',
    ],
  ])('refuses an entry %s', (_, when, code) => {
    const scenario = when(Scenario.opened(100).given(reserve('a', 60)).given(work('a', 20)));
    expect(scenario.outcome).toMatchObject({ code });
  });

  it.each(['luca', 'referent'])('lets %s reverse what it did or recorded', (subject) => {
    const scenario = Scenario.opened(100).given(reserve('a', 60)).given(work('a', 20));
    expect(scenario.when(reverse(0, true), { subject, role: 'team-member' }).types).toEqual([
      'ChargeReversed',
    ]);
  });
});

describe('R1 reversing what was charged on the overdraft', () => {
  /** 60 charged of which 60 on the overdraft, in two entries, after a lot of 1 that is gone. */
  const overdrawn = () =>
    Scenario.opened(1, { policy: { overdraftMinutes: 60 } })
      .given(reserve('a', 61))
      .given(work('a', 31))
      .given(work('a', 30))
      .given(end('a'));

  it('lowers what is owed', () => {
    expect(overdrawn().given(reverse(1)).package.overdraft.chargedMinutes).toBe(30);
  });

  it('returns to the lots that had paid it back what each had paid, and no more', () => {
    const scenario = overdrawn().given(add(40)).given(add(50));
    expect(scenario.lots.slice(1)).toEqual([
      [0, 0, false],
      [30, 0, false],
    ]);
    scenario.given(reverse(0)).given(reverse(1));
    expect(scenario.lots).toEqual([
      [1, 0, false],
      [40, 0, false],
      [50, 0, false],
    ]);
  });

  it('counts once what the entry and its charged overrun owe together', () => {
    const scenario = Scenario.opened(1, { policy: { overdraftMinutes: 60 } })
      .given(reserve('a', 31))
      .given(work('a', 51))
      .given(decide(0, 'charge'))
      .given(end('a'))
      .given(add(20))
      .given(reverse(0));
    expect(scenario.package.overdraft.chargedMinutes).toBe(0);
    expect(scenario.lots).toEqual([
      [1, 0, false],
      [20, 0, false],
    ]);
  });
});
