import { describe, expect, test } from '@jest/globals';
import { isRefusal } from '@monteore/kernel';
import { hoursReserved, reservationRefused } from '../answering-for-hours/decide.js';
import { snapshotOf } from '../board/snapshot.js';
import type { BoardDecider } from '../board-stream/board-streams.js';
import { beginClosing, closeBoard } from '../closing-a-board/decide.js';
import { APPROVER, BALANCES, factsOf, GivenBoard, NOW, typesOf } from '../testing/given-board.js';
import { changeWorkStatus } from '../working-on-activities/decide.js';
import { decideEstimate, withdrawApproval } from './decide.js';
import { decideTogether } from './decide-together.js';

const deciding =
  (activityId: string, version: number, decision: 'approve' | 'reject', reason?: string): BoardDecider =>
  (state, context) =>
    decideEstimate(state, context, {
      activityId,
      version,
      decision,
      ...(reason === undefined ? {} : { reason }),
    });

const waitingForHours = (board: GivenBoard, activityId: string, version = 1) =>
  board.and((state, context) =>
    reservationRefused(state, context, {
      reservationId: 'reservation-x',
      code: 'hours-insufficient',
      items: [{ activityId, version }],
      missingMinutes: 40,
      waits: true,
      balances: BALANCES,
    }),
  );

const shown = (board: GivenBoard, activityId: string) => snapshotOf(board.board, board.activity(activityId));

describe('R5 decisions', () => {
  const asked = GivenBoard.open().agreed('a');

  test('approving records who and when, and asks for the hours', () => {
    expect(factsOf(asked.when(deciding('a', 1, 'approve'), APPROVER))).toEqual([
      { type: 'EstimateApproved', activityId: 'a', version: 1, decidedBy: APPROVER, decidedAt: NOW },
      {
        type: 'ReservationRequested',
        reservationId: expect.any(String),
        items: [
          {
            activityId: 'a',
            version: 1,
            minutes: 120,
            multiplier: 1,
            weightedMinutes: 120,
            path: 'approved',
            reopens: false,
          },
        ],
        whenLacking: 'wait',
      },
    ]);
  });

  test('rejecting sets nothing aside and keeps the reason', () => {
    expect(factsOf(asked.when(deciding('a', 1, 'reject', 'troppo'), APPROVER))).toEqual([
      {
        type: 'EstimateRejected',
        activityId: 'a',
        version: 1,
        decidedBy: APPROVER,
        decidedAt: NOW,
        reason: 'troppo',
      },
    ]);
    expect(shown(asked.rejected('a'), 'a')).toMatchObject({ approval: 'not-approved', state: 'rejected' });
  });

  const older = asked.estimated('a', 200);
  const approved = asked.approved('a');
  const rejected = asked.rejected('a');
  const done = GivenBoard.open()
    .active('a')
    .estimated('a', 200)
    .and((state, context) => changeWorkStatus(state, context, { activityId: 'a', status: 'done' }));
  const extra = GivenBoard.open().extra();
  const automatic = extra.estimated(extra.newest, 20).reserved(extra.newest);
  const closing = asked.and(beginClosing);
  const closed = asked.and((state, context) => closeBoard(state, context, 100));

  test.each([
    ['approving twice', approved, 'a', 1, 'approve', []],
    ['rejecting twice', rejected, 'a', 1, 'reject', []],
    ['rejecting what was approved', approved, 'a', 1, 'reject', 'estimation.already-decided'],
    ['approving what was rejected', rejected, 'a', 1, 'approve', 'estimation.already-decided'],
    ['a version that is no longer the newest', older, 'a', 1, 'approve', 'estimation.version-outdated'],
    ['a version that was never made', asked, 'a', 7, 'approve', 'estimation.version-outdated'],
    ['an activity without an estimate', extra, extra.newest, 1, 'approve', 'estimation.not-asked'],
    ['an extra that started by itself', automatic, extra.newest, 1, 'approve', 'estimation.not-asked'],
    [
      'an extra at the gate',
      extra.estimated(extra.newest, 60),
      extra.newest,
      1,
      'approve',
      'estimation.not-asked',
    ],
    ['work that is over', done, 'a', 2, 'approve', 'estimation.not-asked'],
    ['an unknown activity', asked, 'x', 1, 'approve', 'estimation.not-found'],
    ['approving after the end date', closing, 'a', 1, 'approve', 'estimation.package-closing'],
    ['rejecting after the end date', closing, 'a', 1, 'reject', ['EstimateRejected']],
    ['anything on a closed package', closed, 'a', 1, 'reject', 'estimation.not-asked'],
  ] as const)('%s', (_, board, activityId, version, decision, answer) => {
    expect(typesOf(board.when(deciding(activityId, version, decision), APPROVER))).toEqual(answer);
  });

  test('the newest version is in the answer of a stale one', () => {
    expect(older.when(deciding('a', 1, 'approve'))).toMatchObject({
      status: 409,
      extra: { newest: { version: 2, minutes: 200, weightedMinutes: 200 } },
    });
  });

  test('an opposite decision is told who decided what and when', () => {
    expect(approved.when(deciding('a', 1, 'reject'))).toMatchObject({
      extra: { decision: { version: 1, outcome: 'approved', decidedBy: APPROVER, decidedAt: NOW } },
    });
  });

  test('rejecting a newer version leaves the approved one in force', () => {
    const board = GivenBoard.open().active('a').estimated('a', 200).rejected('a', 2);
    expect(shown(board, 'a')).toMatchObject({ approval: 'approved', state: 'active', versionInForce: 1 });
  });

  test('R1 pending is what waits for a decision, and nothing else', () => {
    const two = asked.agreed('b', { estimateMinutes: 50, urgent: true });
    expect(two.board.pendingMinutes).toBe(120 + 150);
    expect(two.approved('a').board.pendingMinutes).toBe(150);
    expect(two.rejected('b').board.pendingMinutes).toBe(120);
    expect(two.estimated('b', 10).board.pendingMinutes).toBe(120 + 30);
    expect(waitingForHours(two.approved('a'), 'a').board.pendingMinutes).toBe(150);
  });
});

describe('R5 an approval that waits for hours may be withdrawn', () => {
  const waiting = waitingForHours(GivenBoard.open().agreed('a').approved('a'), 'a');
  const withdrawing: BoardDecider = (state, context) => withdrawApproval(state, context, { activityId: 'a' });

  test('it is kept as approved and waits', () => {
    expect(shown(waiting, 'a')).toMatchObject({ approval: 'approved', state: 'waiting-for-hours' });
  });

  test('withdrawing, once and twice', () => {
    expect(factsOf(waiting.when(withdrawing, APPROVER))).toEqual([
      { type: 'ApprovalWithdrawn', activityId: 'a', version: 1, withdrawnBy: APPROVER, withdrawnAt: NOW },
    ]);
    const withdrawn = waiting.and(withdrawing, APPROVER);
    expect(shown(withdrawn, 'a')).toMatchObject({ approval: 'not-approved', state: 'rejected' });
    expect(typesOf(withdrawn.when(withdrawing, APPROVER))).toEqual([]);
  });

  test('hours that come after the withdrawal start nothing', () => {
    const late = waiting.and(withdrawing, APPROVER).reserved('a');
    expect(shown(late, 'a')).toMatchObject({ state: 'rejected' });
    expect(late.activity('a').inForce).toBeUndefined();
  });

  test.each([
    ['what has its hours', GivenBoard.open().active('a')],
    ['what was never approved', GivenBoard.open().agreed('a')],
  ])('%s cannot be withdrawn', (_, board) => {
    expect(typesOf(board.when(withdrawing, APPROVER))).toBe('estimation.nothing-to-withdraw');
  });

  test('a lowered urgency that waits is withdrawn with the approval it stands on', () => {
    const urgent = waitingForHours(GivenBoard.open().agreed('a', { urgent: true }).approved('a'), 'a');
    const lowered = waitingForHours(urgent.estimated('a', 120, { urgent: false }), 'a', 2);
    expect(shown(lowered, 'a')).toMatchObject({ approval: 'approved', state: 'waiting-for-hours' });
    expect(shown(lowered.and(withdrawing, APPROVER), 'a')).toMatchObject({ state: 'rejected' });
  });
});

describe('R5 several activities decided in one go', () => {
  const board = GivenBoard.open().agreed('a').agreed('b').agreed('c');
  const all = [
    { activityId: 'a', version: 1, decision: 'approve' as const },
    { activityId: 'b', version: 1, decision: 'approve' as const },
    { activityId: 'c', version: 1, decision: 'reject' as const, reason: 'no' },
  ];
  const together: BoardDecider = (state, context) => decideTogether(state, context, all);
  const held = board.and(together, APPROVER);
  const reservationId = held.board.together.entries()[0]![0];

  test('are one reservation, and nothing is decided before its answer', () => {
    expect(factsOf(board.when(together, APPROVER))).toEqual([
      { type: 'DecisionsHeld', reservationId, decisions: all, decidedBy: APPROVER, decidedAt: NOW },
      {
        type: 'ReservationRequested',
        reservationId,
        whenLacking: 'refuse',
        items: ['a', 'b'].map((activityId) => ({
          activityId,
          version: 1,
          minutes: 120,
          multiplier: 1,
          weightedMinutes: 120,
          path: 'approved',
          reopens: false,
        })),
      },
    ]);
    expect(held.board.pendingMinutes).toBe(360);
    expect(typesOf(held.when(deciding('a', 1, 'approve'), APPROVER))).toBe('estimation.decision-pending');
  });

  test('granted: each decision is recorded as it was made', () => {
    const granted = held.and((state, context) => {
      const items = ['a', 'b'].map((activityId) => ({ activityId, version: 1 }));
      return hoursReserved(state, context, { reservationId, items, balances: BALANCES });
    });
    expect(['a', 'b', 'c'].map((id) => shown(granted, id).state)).toEqual(['active', 'active', 'rejected']);
    expect(granted.activity('c').decisions.get(1)).toEqual({
      outcome: 'rejected',
      by: APPROVER,
      at: NOW,
      reason: 'no',
    });
    expect(granted.board.pendingMinutes).toBe(0);
  });

  test('refused: no decision is recorded, and each may be decided anew', () => {
    const dropped = held.and((state, context) =>
      reservationRefused(state, context, {
        reservationId,
        code: 'hours-insufficient',
        items: [],
        missingMinutes: 60,
        waits: false,
        balances: BALANCES,
      }),
    );
    expect(dropped.board.together.get(reservationId)?.outcome).toEqual({
      code: 'hours-insufficient',
      missingMinutes: 60,
    });
    expect(['a', 'b', 'c'].map((id) => shown(dropped, id).state)).toEqual(
      Array(3).fill('waiting-for-decision'),
    );
    expect(typesOf(dropped.when(deciding('c', 1, 'approve'), APPROVER))).toEqual([
      'EstimateApproved',
      'ReservationRequested',
    ]);
  });

  test('one that is stale is enough: none is decided, and the newer one is named', () => {
    const answer = board.estimated('b', 60).when(together, APPROVER);
    expect(isRefusal(answer) && answer).toMatchObject({
      status: 409,
      code: 'estimation.version-outdated',
      extra: { conflicts: [{ activityId: 'b', newest: { version: 2 } }] },
    });
  });

  test('only rejections need no answer; repeated, they are nothing', () => {
    const rejections: BoardDecider = (state, context) =>
      decideTogether(
        state,
        context,
        all.map(({ activityId, version }) => ({ activityId, version, decision: 'reject' })),
      );
    expect(typesOf(board.when(rejections, APPROVER))).toEqual(Array(3).fill('EstimateRejected'));
    expect(typesOf(board.and(rejections, APPROVER).when(rejections, APPROVER))).toEqual([]);
  });
});
