import { describe, expect, test } from '@jest/globals';
import { snapshotOf } from '../board/snapshot.js';
import type { BoardDecider } from '../board-stream/board-streams.js';
import { APPROVER, BALANCES, FLEXIBLE, factsOf, GivenBoard, typesOf } from '../testing/given-board.js';
import { changeWorkStatus } from '../working-on-activities/decide.js';
import { hoursAvailable, hoursLacking, hoursReserved, reservationRefused } from './decide.js';

const available =
  (activityId: string, version: number, availableMinutes: number): BoardDecider =>
  (state, context) =>
    hoursAvailable(state, context, { activityId, version, balances: { ...BALANCES, availableMinutes } });

const shown = (board: GivenBoard, activityId: string) => snapshotOf(board.board, board.activity(activityId));

describe('R3 a major extra asks with a warning', () => {
  const due = (date: string) => ({ ...FLEXIBLE, date });
  const agreed = GivenBoard.open()
    .agreed('late', { estimateMinutes: 300, due: due('2026-12-20') })
    .agreed('first', { estimateMinutes: 200, due: due('2026-12-01') })
    .agreed('same-day', { estimateMinutes: 100, due: due('2026-12-01') })
    .active('held', { estimateMinutes: 500, due: due('2026-11-30') })
    .agreed('refused', { estimateMinutes: 900, due: due('2026-11-30') })
    .rejected('refused');
  const extra = agreed.extra();
  const atGate = extra.estimated(extra.newest, 120);

  test.each([
    ['everything still fits', 1000, []],
    ['the last by due date no longer fits', 650, ['late']],
    ['what did not fit before is not the extra’s doing', 400, ['same-day']],
    ['counted together: by due date, then by entry', 330, ['same-day']],
    ['the first no longer fits, and what comes after it', 310, ['first', 'same-day']],
    ['nothing fitted before either', 150, []],
  ])('%s', (_, availableMinutes, wouldNotFit) => {
    const [asked] = factsOf(atGate.when(available(extra.newest, 1, availableMinutes))) as [
      { warning: { availableMinutes: number; leftMinutes: number; wouldNotFit: { activityId: string }[] } },
    ];
    expect(asked.warning.availableMinutes).toBe(availableMinutes);
    expect(asked.warning.leftMinutes).toBe(availableMinutes - 120);
    expect(asked.warning.wouldNotFit.map(({ activityId }) => activityId)).toEqual(wouldNotFit);
  });

  test('every field of the question', () => {
    expect(factsOf(atGate.when(available(extra.newest, 1, 650)))).toEqual([
      {
        type: 'DecisionAsked',
        activityId: extra.newest,
        version: 1,
        weightedMinutes: 120,
        warning: {
          availableMinutes: 650,
          leftMinutes: 530,
          wouldNotFit: [{ activityId: 'late', displayTitle: 'Attività late', weightedMinutes: 300 }],
        },
      },
    ]);
  });

  test('its title carries (extra)', () => {
    expect(shown(atGate, extra.newest).displayTitle).toBe('Banner (extra)');
    expect(shown(atGate, 'first').displayTitle).toBe('Attività first');
  });
});

describe('R3 the entry gate', () => {
  const extra = GivenBoard.open().extra();
  const { newest } = extra;
  const atGate = extra.estimated(newest, 60);
  const lacking: BoardDecider = (state, context) =>
    hoursLacking(state, context, { activityId: newest, version: 1, missingMinutes: 20, balances: BALANCES });

  test('no hours: it waits apart, and is offered when they come', () => {
    const waiting = atGate.and(lacking);
    expect(shown(waiting, newest)).toMatchObject({ state: 'waiting-for-hours', approval: 'waiting' });
    expect(waiting.board.pendingMinutes).toBe(0);
    const offered = waiting.and(available(newest, 1, 100));
    expect(shown(offered, newest)).toMatchObject({ state: 'waiting-for-decision', decisionAsked: true });
    expect(offered.board.pendingMinutes).toBe(60);
  });

  test('an answer for an older version, for what was asked already, or for what is over, is nothing', () => {
    const asked = atGate.and(available(newest, 1, 100));
    const cancelled = atGate.and((state, context) =>
      changeWorkStatus(state, context, { activityId: newest, status: 'cancelled' }),
    );
    for (const board of [atGate.estimated(newest, 90), asked, cancelled, asked.rejected(newest)]) {
      expect(typesOf(board.when(available(newest, 1, 100)))).toEqual([]);
      expect(typesOf(board.when(lacking))).toEqual([]);
    }
  });
});

describe('R3, R5 hours are set aside', () => {
  const extra = GivenBoard.open().extra();
  const minor = extra.estimated(extra.newest, 20);
  const agreed = GivenBoard.open().agreed('a').approved('a');
  const urgent = GivenBoard.open().active('a', { urgent: true }).estimated('a', 120, { urgent: false });
  const reserving =
    (activityId: string, version: number): BoardDecider =>
    (state, context) =>
      hoursReserved(state, context, {
        reservationId: 'r',
        items: [{ activityId, version }],
        balances: BALANCES,
      });

  test.each([
    ['a minor extra', minor, extra.newest, 1, 'automatic', 'automatic'],
    ['an approved estimate', agreed, 'a', 1, 'approved', 'approved'],
    ['a lowered urgency', urgent, 'a', 2, 'lowered', 'approved'],
  ])('%s comes into force', (_, board, activityId, version, cause, approval) => {
    expect(factsOf(board.when(reserving(activityId, version)))).toEqual([
      { type: 'ActivityActivated', activityId, version, cause, balances: BALANCES },
    ]);
    expect(shown(board.and(reserving(activityId, version)), activityId)).toMatchObject({
      approval,
      state: 'active',
      versionInForce: version,
    });
  });

  test('twice is once, and an older version after a newer one is nothing', () => {
    expect(typesOf(agreed.and(reserving('a', 1)).when(reserving('a', 1)))).toEqual([]);
    expect(typesOf(urgent.and(reserving('a', 2)).when(reserving('a', 1)))).toEqual([]);
  });

  test('a newer version that was asked meanwhile still waits', () => {
    const both = agreed.estimated('a', 300).and(reserving('a', 1));
    expect(shown(both, 'a')).toMatchObject({
      state: 'active',
      versionInForce: 1,
      decisionAsked: true,
      approval: 'waiting',
    });
  });

  test('what was cancelled meanwhile stays cancelled', () => {
    const cancelled = agreed.and((state, context) =>
      changeWorkStatus(state, context, { activityId: 'a', status: 'cancelled' }),
    );
    expect(typesOf(cancelled.when(reserving('a', 1)))).toEqual([]);
  });

  test('R6 a finished activity is at work again', () => {
    const again = GivenBoard.open()
      .active('a')
      .and((state, context) => changeWorkStatus(state, context, { activityId: 'a', status: 'done' }))
      .estimated('a', 200);
    expect(shown(again, 'a')).toMatchObject({ state: 'waiting-for-decision', workStatus: 'done' });
    const resumed = again.approved('a', 2).and(reserving('a', 2));
    expect(shown(resumed, 'a')).toMatchObject({ state: 'active', workStatus: 'to-do', versionInForce: 2 });
  });
});

describe('R5 too few hours', () => {
  const refusing =
    (
      activityId: string,
      code: 'hours-insufficient' | 'package-closed' | 'superseded',
      waits: boolean,
    ): BoardDecider =>
    (state, context) =>
      reservationRefused(state, context, {
        reservationId: 'r',
        code,
        items: [{ activityId, version: 1 }],
        missingMinutes: 15,
        waits,
        balances: BALANCES,
      });
  const approved = GivenBoard.open().agreed('a').approved('a');
  const extra = GivenBoard.open().extra();
  const minor = extra.estimated(extra.newest, 20);

  test.each([
    ['an approval', approved, 'a', 'reservation', 'approved'],
    ['a minor extra', minor, extra.newest, 'gate', 'waiting'],
  ])('%s waits and is told what is missing', (_, board, activityId, cause, approval) => {
    expect(factsOf(board.when(refusing(activityId, 'hours-insufficient', true)))).toEqual([
      {
        type: 'ActivityWaitingForHours',
        activityId,
        version: 1,
        cause,
        missingMinutes: 15,
        balances: BALANCES,
      },
    ]);
    const waiting = board.and(refusing(activityId, 'hours-insufficient', true));
    expect(shown(waiting, activityId)).toMatchObject({ state: 'waiting-for-hours', approval });
    expect(shown(waiting.reserved(activityId), activityId)).toMatchObject({ state: 'active' });
  });

  test('R14 on an ended package the approval is void', () => {
    expect(typesOf(approved.when(refusing('a', 'package-closed', false)))).toEqual(['ApprovalWithdrawn']);
  });

  test('what a newer request has overtaken is nothing', () => {
    expect(typesOf(approved.when(refusing('a', 'superseded', false)))).toEqual([]);
  });

  test('an answer nobody waits for is nothing', () => {
    const active = GivenBoard.open().active('a');
    expect(typesOf(active.when(refusing('a', 'hours-insufficient', true), APPROVER))).toEqual([]);
  });
});
