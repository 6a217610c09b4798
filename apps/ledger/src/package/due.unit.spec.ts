import { describe, expect, it } from '@jest/globals';
import { madeId, Scenario } from '../testing/scenario.js';
import { add, decide, end, reserve, reverse, work } from '../testing/scenario-commands.js';
import { decideDue } from './decide.js';
import { dueInstantOf } from './due.js';
import type { PackageEvent } from './events.js';

const LAST_MOMENT = '2026-03-31T21:59:59.999Z';
const MIDNIGHT = '2026-03-31T22:00:00.000Z';
const expiring = (minutes = 100) => Scenario.opened(minutes, { expiresOn: '2026-03-31' });

describe('R13, R14 the timer that an event sets', () => {
  it.each([
    ['PackageOpened', { endsOn: '2026-03-31' }, MIDNIGHT],
    ['PackageOpened', {}, null],
    ['LotAdded', { expiresOn: '2026-03-31' }, MIDNIGHT],
    ['LotAdded', {}, null],
    ['ClosureScheduled', { closesAt: '2026-03-10T17:00:00.000Z' }, '2026-03-10T17:00:00.000Z'],
    ['ClosureCalledOff', {}, null],
  ])('%s with %j: %s', (type, data, dueAt) => {
    expect(dueInstantOf({ type, data } as unknown as PackageEvent)).toBe(dueAt);
  });
});

describe('R13 the end of a lot', () => {
  it('comes at the end of its last day in Rome, for what is neither charged nor held', () => {
    const scenario = expiring().given(reserve('a', 60)).given(work('a', 10)).at(LAST_MOMENT);
    expect(scenario.when(decideDue).recorded).toEqual([]);
    scenario.at(MIDNIGHT).when(decideDue);
    expect(scenario.recorded[0]).toEqual([
      'LotExpired',
      { lotId: madeId(1, 'lot'), minutes: 40, cause: 'date' },
    ]);
    expect(scenario.outcome).toMatchObject([{ occurredOn: '2026-03-31' }]);
    expect(scenario.lots).toEqual([[50, 50, true]]);
    expect(scenario.when(decideDue).recorded).toEqual([]);
  });

  it.each([
    [LAST_MOMENT, ['HoursReserved']],
    [MIDNIGHT, ['LotExpired', 'ReservationRefused']],
  ])('is written before the command that comes at %s decides', (instant, types) => {
    expect(expiring().at(instant).when(reserve('a', 100)).types).toEqual(types);
  });

  it('leaves the hold to its activity, and takes what that frees', () => {
    const scenario = expiring().given(reserve('a', 60)).at('2026-04-02T08:00:00Z');
    scenario.given(work('a', 20)).when(end('a'));
    expect(scenario.recorded).toEqual([
      [
        'HoldReleased',
        {
          activityId: 'a',
          releasedMinutes: 40,
          reason: 'done',
          allocations: [{ lotId: madeId(1, 'lot'), minutes: 40 }],
        },
      ],
      ['ActivityEnded', { activityId: 'a', outcome: 'done', leftMinutes: 40 }],
      ['LotExpired', { lotId: madeId(1, 'lot'), minutes: 40, cause: 'date' }],
      ['ThresholdCrossed', { thresholdsPercent: [50, 75, 90, 100], consumedPercent: 100 }],
    ]);
    expect(scenario.balances.postedMinutes).toBe(0);
  });

  it('does not serve what waits from minutes that expire in the same breath', () => {
    const scenario = expiring().given(reserve('a', 100)).given(reserve('b', 50)).at(MIDNIGHT);
    expect(scenario.when(end('a')).types).toEqual([
      'LotExpired',
      'HoldReleased',
      'ActivityEnded',
      'LotExpired',
    ]);
  });
});

describe('R14 the end date', () => {
  const ending = () => Scenario.opened(100, { endsOn: '2026-03-31' });

  it('closes a package with nothing open on that very day, however late it is noticed', () => {
    const scenario = ending().given(reserve('a', 60)).at('2026-04-15T08:00:00Z').when(decideDue);
    expect(scenario.types).toEqual(['PackageClosing', 'HoldReleased', 'LotExpired', 'PackageClosed']);
    expect(scenario.outcome).toMatchObject(Array(4).fill({ occurredOn: '2026-03-31' }));
    expect(scenario.facts('PackageClosed')).toEqual({
      cause: 'end-date',
      closedOn: '2026-03-31',
      residual: { kind: 'expire', minutes: 100 },
    });
  });

  it('gives a command that comes after it the same answer whether the timer ran or not', () => {
    const untouched = ending().at(MIDNIGHT).when(work('a', 10));
    const swept = ending().at(MIDNIGHT).given(decideDue).when(work('a', 10));
    expect(untouched.outcome).toEqual(swept.outcome);
    expect(untouched.outcome).toMatchObject({ code: 'ledger.package-closed' });
  });

  it.each(['charge', 'absorb'] as const)(
    'waits for its overruns, and closes when the last one is %sd',
    (decision) => {
      const scenario = ending().given(work('a', 30)).at(MIDNIGHT).given(decideDue);
      expect(scenario.types).toEqual(['PackageClosing']);
      scenario.given(decide(0, 'refuse'));
      expect(scenario.package.status).toBe('closing');
      scenario.at('2026-04-02T08:00:00Z').given(decide(0, decision));
      expect(scenario.facts('PackageClosed')).toMatchObject({ cause: 'end-date', closedOn: '2026-04-02' });
    },
  );
});

describe('R12 thresholds', () => {
  const crossed = (scenario: Scenario) =>
    scenario.recorded.filter(([type]) => type === 'ThresholdCrossed').map(([, facts]) => facts);
  const worked = (minutes: number) => Scenario.opened(100).given(reserve('a', 100)).given(work('a', minutes));

  it.each([
    [49, []],
    [50, [{ thresholdsPercent: [50], consumedPercent: 50 }]],
    [91, [{ thresholdsPercent: [50, 75, 90], consumedPercent: 91 }]],
    [100, [{ thresholdsPercent: [50, 75, 90, 100], consumedPercent: 100 }]],
  ])('at %i of 100 minutes tell every mark that was reached, in one event', (minutes, told) => {
    expect(crossed(worked(minutes))).toEqual(told);
  });

  it('are told once', () => {
    const scenario = worked(60);
    expect(crossed(scenario.given(work('a', 10)))).toEqual([]);
    expect(crossed(scenario.given(work('a', 5)))).toEqual([{ thresholdsPercent: [75], consumedPercent: 75 }]);
  });

  it('begin a new episode with a top-up that brings consumption below them, not with a reversal', () => {
    const scenario = worked(80).given(add(100)).given(work('a', 20));
    expect(crossed(scenario)).toEqual([{ thresholdsPercent: [50], consumedPercent: 50 }]);
    const reversed = worked(50).given(work('a', 10)).given(reverse(0)).given(work('a', 60));
    expect(crossed(reversed)).toEqual([]);
  });

  it('are not told of a package that has been closed', () => {
    const scenario = Scenario.opened(100, { endsOn: '2026-03-31' })
      .given(reserve('a', 50))
      .given(work('a', 10));
    expect(crossed(scenario.at(MIDNIGHT).given(decideDue))).toEqual([]);
  });
});
