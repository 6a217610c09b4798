import { describe, expect, it } from '@jest/globals';
import { closePackage } from '../closing-a-package/decide.js';
import { item, madeId, Scenario } from '../testing/scenario.js';
import {
  add,
  ask,
  decide,
  end,
  reserve,
  reserveTogether,
  reverse,
  work,
} from '../testing/scenario-commands.js';
import { reserveHours, withdrawApproval } from './decide.js';

const lot = madeId(1, 'lot');
const withdraw =
  (activityId: string, version = 1, versionInForce?: number): Parameters<Scenario['when']>[0] =>
  (state, context) =>
    withdrawApproval(state, context, { activityId, version, versionInForce });
const close: Parameters<Scenario['when']>[0] = (state, context) =>
  closePackage(state, context, { residual: 'expire', reason: 'fine' });

describe('R5 reserving hours for an approved estimate', () => {
  it('sets the weighted minutes aside', () => {
    const scenario = Scenario.opened(300).when(reserve('a', 60, { multiplier: 3 }));
    expect(scenario.recorded).toEqual([
      [
        'HoursReserved',
        {
          reservationId: 'a:1',
          items: [
            {
              activityId: 'a',
              version: 1,
              minutes: 60,
              multiplier: 3,
              weightedMinutes: 180,
              automatic: false,
              reopens: false,
              allocations: [{ lotId: lot, minutes: 180 }],
            },
          ],
          afterWaiting: false,
        },
      ],
    ]);
    expect(scenario.balances).toEqual({ postedMinutes: 300, heldMinutes: 180, availableMinutes: 120 });
  });

  it('keeps an approval that finds too few hours, with what is missing', () => {
    const scenario = Scenario.opened(50).when(reserve('a', 60));
    expect(scenario.recorded).toEqual([
      [
        'ReservationRefused',
        {
          reservationId: 'a:1',
          code: 'hours-insufficient',
          items: [item('a', 60)],
          missingMinutes: 10,
          waits: true,
          need: { needId: 'a:1', reservationId: 'a:1', kind: 'reserve', item: item('a', 60) },
        },
      ],
    ]);
    expect(scenario.balances.heldMinutes).toBe(0);
  });

  it('stays quiet when the same reservation is asked for again, granted or refused', () => {
    const scenario = Scenario.opened(50).given(reserve('a', 50)).given(reserve('b', 60));
    expect(scenario.when(reserve('a', 50)).recorded).toEqual([]);
    expect(scenario.when(reserve('b', 60)).recorded).toEqual([]);
  });

  it('repeats its answer to another reservation of the version in force, and moves nothing', () => {
    const scenario = Scenario.opened(100).given(reserve('a', 50)).given(work('a', 20));
    const before = scenario.balances;
    scenario.when((state, context) =>
      reserveHours(state, context, { reservationId: 'again', items: [item('a', 50)], whenLacking: 'wait' }),
    );
    expect(scenario.facts('HoursReserved')).toEqual({
      reservationId: 'again',
      items: [
        {
          activityId: 'a',
          version: 1,
          minutes: 50,
          multiplier: 1,
          weightedMinutes: 50,
          automatic: false,
          reopens: false,
          allocations: [{ lotId: lot, minutes: 30 }],
        },
      ],
      afterWaiting: false,
    });
    expect(scenario.balances).toEqual(before);
  });

  it.each([
    ['an older version', (scenario: Scenario) => scenario.given(reserve('a', 40, { version: 2 }))],
    ['an activity that is over', (scenario: Scenario) => scenario.given(end('a'))],
  ])('answers superseded for %s', (_, given) => {
    const scenario = given(Scenario.opened(100));
    expect(scenario.when(reserve('a', 30)).facts('ReservationRefused')).toEqual({
      reservationId: 'a:1',
      code: 'superseded',
      items: [item('a', 30)],
      missingMinutes: 0,
      waits: false,
    });
  });

  it.each([
    ['closed', (scenario: Scenario) => scenario.given(close)],
    ['at its end date', (scenario: Scenario) => scenario.given(work('x', 10)).at('2026-03-31T22:00:00Z')],
  ])('answers package-closed on a package that is %s', (_, given) => {
    const scenario = given(Scenario.opened(100, { endsOn: '2026-03-31' })).when(reserve('a', 30));
    expect(scenario.facts('ReservationRefused')).toMatchObject({ code: 'package-closed', waits: false });
    expect(scenario.package.needs).toEqual([]);
  });

  it('takes a finished activity up again with a new version only', () => {
    const scenario = Scenario.opened(200).given(reserve('a', 60)).given(work('a', 40)).given(end('a'));
    scenario.given(reserve('a', 90, { version: 2, reopens: true }));
    expect(scenario.balances).toEqual({ postedMinutes: 160, heldMinutes: 50, availableMinutes: 110 });
    expect(scenario.when(work('a', 50)).facts('WorkCharged')).toMatchObject({
      fromHoldMinutes: 50,
      afterEnd: false,
    });
  });
});

describe('R5 a newer version', () => {
  const at60 = () => Scenario.opened(100).given(reserve('a', 60));

  it.each([
    ['what is still to be worked', 90, 1, 20, 70],
    ['nothing when more was worked already', 15, 1, 20, 0],
    ['the rest at the new multiplier', 40, 2, 20, 40],
  ])('holds %s', (_, minutes, multiplier, worked, heldMinutes) => {
    const scenario = at60().given(work('a', worked));
    scenario.given(reserve('a', minutes, { version: 2, multiplier }));
    expect(scenario.balances.heldMinutes).toBe(heldMinutes);
  });

  it('is checked against available plus the old hold', () => {
    expect(at60().when(reserve('a', 100, { version: 2 })).types).toEqual(['HoursReserved']);
    expect(
      at60()
        .when(reserve('a', 101, { version: 2 }))
        .facts('ReservationRefused'),
    ).toMatchObject({
      missingMinutes: 1,
    });
  });

  it('leaves the old hold in force while it waits for hours', () => {
    const scenario = at60().given(reserve('a', 120, { version: 2 }));
    expect(scenario.balances.heldMinutes).toBe(60);
    expect(scenario.when(add(20)).types).toEqual(['LotAdded', 'HoursReserved']);
    expect(scenario.balances).toEqual({ postedMinutes: 120, heldMinutes: 120, availableMinutes: 0 });
  });

  it('charges the open overruns that its minutes cover, and counts them in the check', () => {
    const over = () => at60().given(work('a', 80));
    // 80 worked: 60 charged, 20 over. 90 minutes cover the overrun and leave 10 to work.
    const scenario = over().when(reserve('a', 90, { version: 2 }));
    expect(scenario.types).toEqual(['HoursReserved', 'OverrunDecided', 'ThresholdCrossed']);
    expect(scenario.facts('OverrunDecided')).toEqual({
      overrunId: madeId(3, 'overrun', 2),
      activityId: 'a',
      outcome: 'charged',
      minutes: 20,
      remainingMinutes: 0,
      cause: 'new-version',
      decidedBy: { subject: 'referent', role: 'referent' },
      draws: [{ lotId: lot, minutes: 20 }],
    });
    expect(scenario.balances).toEqual({ postedMinutes: 20, heldMinutes: 10, availableMinutes: 10 });
    expect(
      over()
        .when(reserve('a', 101, { version: 2 }))
        .facts('ReservationRefused'),
    ).toMatchObject({
      missingMinutes: 1,
    });
  });

  it('charges an overrun in part where its minutes cover a part, and leaves what the client refused', () => {
    const part = at60()
      .given(work('a', 80))
      .when(reserve('a', 70, { version: 2 }));
    expect(part.facts('OverrunDecided')).toMatchObject({ minutes: 10, remainingMinutes: 10 });
    const refused = at60()
      .given(work('a', 80))
      .given(decide(0, 'refuse'))
      .when(reserve('a', 90, { version: 2 }));
    expect(refused.types).toEqual(['HoursReserved']);
  });

  it('keeps the tolerance that was used where the new minutes do not cover it', () => {
    const scenario = Scenario.opened(200, { policy: { toleranceMinutes: 20 } })
      .given(reserve('a', 60))
      .given(work('a', 80))
      .given(reserve('a', 70, { version: 2 }));
    expect(scenario.when(work('a', 20)).facts('WorkCharged')).toMatchObject({
      chargedMinutes: 10,
      overrunMinutes: 10,
    });
  });
});

describe('R5 several activities decided in one go', () => {
  it('are one reservation', () => {
    const scenario = Scenario.opened(100).when(reserveTogether(item('a', 60), item('b', 40)));
    expect(scenario.facts('HoursReserved').items.map(({ activityId }) => activityId)).toEqual(['a', 'b']);
    expect(scenario.balances.availableMinutes).toBe(0);
  });

  it.each([
    ['do not all fit', [item('a', 60), item('b', 41)], { code: 'hours-insufficient', missingMinutes: 1 }],
    ['hold a stale one', [item('a', 10), item('old', 5)], { code: 'superseded', missingMinutes: 0 }],
  ])('move nothing when they %s', (_, items, refused) => {
    const scenario = Scenario.opened(110).given(reserve('old', 10, { version: 2 }));
    scenario.when(reserveTogether(...items));
    expect(scenario.facts('ReservationRefused')).toMatchObject({ ...refused, waits: false });
    expect(scenario.balances.heldMinutes).toBe(10);
    expect(scenario.package.needs).toEqual([]);
  });

  it('may use what one of them frees', () => {
    const scenario = Scenario.opened(100).given(reserve('a', 100));
    scenario.given(reserveTogether(item('b', 40), item('a', 60, { version: 2 })));
    expect(scenario.lots).toEqual([[100, 100, false]]);
  });

  it('may not use what one of them frees on a lot whose last day is over (R13)', () => {
    const scenario = Scenario.opened(100, { expiresOn: '2026-03-02' })
      .given(reserve('a', 100))
      .at('2026-03-03T09:00:00Z');
    scenario.when(reserveTogether(item('b', 40), item('a', 60, { version: 2 })));
    expect(scenario.facts('ReservationRefused')).toMatchObject({ missingMinutes: 40 });
    expect(scenario.balances).toEqual({ postedMinutes: 100, heldMinutes: 100, availableMinutes: 0 });
  });
});

describe('R3 the entry gate', () => {
  it('says that there are hours and sets nothing aside', () => {
    const scenario = Scenario.opened(60).when(ask('a', 60));
    expect(scenario.recorded).toEqual([
      ['HoursAvailable', { activityId: 'a', version: 1, weightedMinutes: 60, afterWaiting: false }],
    ]);
    expect(scenario.balances.availableMinutes).toBe(60);
  });

  it('says what is missing, of the weighted minutes, and keeps the need', () => {
    const urgent = item('a', 30, { multiplier: 3 });
    const scenario = Scenario.opened(60).when(ask('a', 30, { multiplier: 3 }));
    expect(scenario.recorded).toEqual([
      [
        'HoursLacking',
        {
          activityId: 'a',
          version: 1,
          weightedMinutes: 90,
          missingMinutes: 30,
          need: { needId: 'a:1', reservationId: 'ask-a', kind: 'offer', item: urgent },
        },
      ],
    ]);
  });

  it('is closed on a closed package', () => {
    const scenario = Scenario.opened(60).given(close).when(ask('a', 10));
    expect(scenario.facts('ReservationRefused')).toMatchObject({
      reservationId: 'ask-a',
      code: 'package-closed',
      waits: false,
    });
  });

  it.each<[string, Parameters<Scenario['when']>[0]]>([
    ['a top-up', add(40)],
    ['a release', end('held')],
    ['a reversal', reverse(0)],
  ])('offers what waits by itself after %s', (_, raise) => {
    const scenario = Scenario.opened(140)
      .given(reserve('worked', 100))
      .given(work('worked', 60))
      .given(end('worked'))
      .given(reserve('held', 40))
      .given(ask('a', 80));
    expect(scenario.when(raise).recorded.at(-1)).toEqual([
      'HoursAvailable',
      { activityId: 'a', version: 1, weightedMinutes: 80, afterWaiting: true },
    ]);
    expect(scenario.package.needs).toEqual([]);
  });
});

describe('R3, R5 what waits is served oldest first', () => {
  it('passing over what does not fit', () => {
    const scenario = Scenario.opened(10)
      .given(reserve('big', 200))
      .given(reserve('minor', 20, { path: 'automatic' }))
      .given(reserve('second', 25))
      .given(ask('major', 60))
      .when(add(60));
    expect(scenario.recorded.slice(1).map(([type, facts]) => [type, facts])).toMatchObject([
      ['HoursReserved', { reservationId: 'minor:1', afterWaiting: true }],
      ['HoursReserved', { reservationId: 'second:1', afterWaiting: true }],
    ]);
    expect(scenario.package.needs.map((need) => need.item.activityId)).toEqual(['big', 'major']);
  });

  it('not at all once it was withdrawn; the version was answered, and is not granted any more', () => {
    const scenario = Scenario.opened(10).given(reserve('a', 60)).when(withdraw('a'));
    expect(scenario.recorded).toEqual([['NeedWithdrawn', { activityId: 'a', needId: 'a:1' }]]);
    expect(scenario.when(withdraw('a')).recorded).toEqual([]);
    expect(scenario.when(add(100)).types).toEqual(['LotAdded']);
    scenario.when((state, context) =>
      reserveHours(state, context, { reservationId: 'anew', items: [item('a', 60)], whenLacking: 'wait' }),
    );
    expect(scenario.facts('ReservationRefused')).toMatchObject({ code: 'superseded' });
  });
});

describe('R5 an approval withdrawn while its hours were being set aside', () => {
  it('gives them back, and nothing was ever approved', () => {
    const scenario = Scenario.opened(100).given(reserve('a', 60)).when(withdraw('a'));
    expect(scenario.recorded).toEqual([
      [
        'HoldReleased',
        {
          activityId: 'a',
          releasedMinutes: 60,
          reason: 'withdrawn',
          allocations: [{ lotId: lot, minutes: 60 }],
        },
      ],
    ]);
    expect(scenario.balances).toEqual({ postedMinutes: 100, heldMinutes: 0, availableMinutes: 100 });
    expect(scenario.when(withdraw('a')).recorded).toEqual([]);
    expect(scenario.when(work('a', 10)).facts('WorkCharged')).toMatchObject({
      chargedMinutes: 0,
      overrunMinutes: 10,
    });
  });

  it('serves what waits with them', () => {
    const scenario = Scenario.opened(100).given(reserve('a', 60)).given(reserve('b', 80)).when(withdraw('a'));
    expect(scenario.types).toEqual(['HoldReleased', 'HoursReserved']);
    expect(scenario.balances.heldMinutes).toBe(80);
  });

  it.each([
    ['of fewer minutes', 40, 0, 40, 60],
    ['of more minutes', 90, 0, 90, 60],
    ['on which work was done meanwhile', 90, 20, 70, 40],
  ])(
    'leaves the earlier version in force with its hold, after a newer one %s',
    (_, minutes, worked, held, left) => {
      const scenario = Scenario.opened(200)
        .given(reserve('a', 60))
        .given(reserve('a', minutes, { version: 2 }));
      if (worked > 0) scenario.given(work('a', worked));
      expect(scenario.balances.heldMinutes).toBe(held);
      expect(scenario.when(withdraw('a', 2, 1)).types).toEqual(['HoursReserved']);
      expect(scenario.facts('HoursReserved').items).toMatchObject([
        { activityId: 'a', version: 1, minutes: 60 },
      ]);
      expect(scenario.balances.heldMinutes).toBe(left);
      expect(scenario.when(withdraw('a', 2, 1)).recorded).toEqual([]);
    },
  );

  it('gives the earlier version no more than there is', () => {
    const scenario = Scenario.opened(60)
      .given(reserve('a', 60))
      .given(reserve('a', 20, { version: 2 }))
      .given(reserve('b', 30))
      .when(withdraw('a', 2, 1));
    expect(scenario.balances).toEqual({ postedMinutes: 60, heldMinutes: 60, availableMinutes: 0 });
  });

  it.each([
    ['a newer version has been granted meanwhile', withdraw('a', 1)],
    ['the version in force is the one that stays', withdraw('a', 2, 2)],
  ])('moves nothing when %s', (_, withdrawal) => {
    const scenario = Scenario.opened(100)
      .given(reserve('a', 60))
      .given(reserve('a', 50, { version: 2 }));
    expect(scenario.when(withdrawal).recorded).toEqual([]);
  });
});

describe('R6 the end of an activity', () => {
  it('returns what its hold still sets aside', () => {
    const scenario = Scenario.opened(100).given(reserve('a', 60)).given(work('a', 20)).when(end('a'));
    expect(scenario.recorded).toEqual([
      [
        'HoldReleased',
        { activityId: 'a', releasedMinutes: 40, reason: 'done', allocations: [{ lotId: lot, minutes: 40 }] },
      ],
      ['ActivityEnded', { activityId: 'a', outcome: 'done', leftMinutes: 40 }],
    ]);
    expect(scenario.balances).toEqual({ postedMinutes: 80, heldMinutes: 0, availableMinutes: 80 });
  });

  it('withdraws what waited, and stays quiet when repeated or when the package is closed', () => {
    const scenario = Scenario.opened(10).given(reserve('a', 60)).when(end('a', 'cancelled'));
    expect(scenario.types).toEqual(['NeedWithdrawn', 'ActivityEnded']);
    expect(scenario.when(end('a', 'cancelled')).recorded).toEqual([]);
    expect(scenario.given(close).when(end('b')).recorded).toEqual([]);
  });
});
