import { describe, expect, test } from '@jest/globals';
import { hoursAvailable } from '../answering-for-hours/decide.js';
import { snapshotOf } from '../board/snapshot.js';
import { closeBoard } from '../closing-a-board/decide.js';
import { decideTogether } from '../deciding-estimates/decide-together.js';
import { replicateWork } from '../replicating-work/decide.js';
import {
  BALANCES,
  FLEXIBLE,
  factsOf,
  GivenBoard,
  RIGID,
  submitting,
  typesOf,
} from '../testing/given-board.js';
import { changeWorkStatus } from '../working-on-activities/decide.js';

const AUTOMATIC = ['EstimateSubmitted', 'ReservationRequested'];
const GATE = ['EstimateSubmitted', 'HoursAsked'];
const DECISION = ['EstimateSubmitted', 'DecisionAsked'];

describe('R3 extras: which start by themselves', () => {
  const extra = GivenBoard.open().extra();
  const ofRequest = GivenBoard.open().extra({ requestId: 'request-1' });
  const second = ofRequest.estimated(ofRequest.newest, 20).extra({ requestId: 'request-1' });
  const ofAnother = ofRequest.estimated(ofRequest.newest, 20).extra({ requestId: 'request-2' });
  const rejected = GivenBoard.open().agreed('a').rejected('a');

  test.each([
    ['1 minute', extra, 1, {}, AUTOMATIC],
    ['30 minutes, the threshold itself', extra, 30, {}, AUTOMATIC],
    ['31 minutes', extra, 31, {}, GATE],
    [
      '30 minutes urgent, as the client declared: the threshold is before weighting',
      extra,
      30,
      { urgent: true, urgencyDeclared: true },
      AUTOMATIC,
    ],
    ['30 minutes urgent, which nobody declared', extra, 30, { urgent: true }, GATE],
    ['the second of one request, together 30', second, 10, {}, AUTOMATIC],
    ['the second of one request, together 31', second, 11, {}, GATE],
    ['the first of another request', ofAnother, 30, {}, AUTOMATIC],
  ])('%s', (_, board, minutes, more, types) => {
    expect(typesOf(board.when(submitting(board.newest, minutes, more)))).toEqual(types);
  });

  test('an agreed one that was rejected is asked again, however small', () => {
    expect(typesOf(rejected.when(submitting('a', 5)))).toEqual(DECISION);
  });

  test('an extra the client was ever asked about asks again, however small the newer version', () => {
    const asked = extra.estimated(extra.newest, 60);
    const { newest } = asked;
    const answered = asked.and((state, context) =>
      hoursAvailable(state, context, { activityId: newest, version: 1, balances: BALANCES }),
    );
    expect(typesOf(answered.when(submitting(newest, 10)))).toEqual(GATE);
  });

  test('a policy of its own moves the threshold', () => {
    const board = GivenBoard.open({ minorUpToMinutes: 45 }).extra();
    expect(typesOf(board.when(submitting(board.newest, 45)))).toEqual(AUTOMATIC);
    expect(typesOf(board.when(submitting(board.newest, 46)))).toEqual(GATE);
  });

  test('every field of a minor extra', () => {
    const { newest } = extra;
    expect(factsOf(extra.when(submitting(newest, 25)))).toEqual([
      {
        type: 'EstimateSubmitted',
        activityId: newest,
        version: 1,
        minutes: 25,
        multiplier: 1,
        weightedMinutes: 25,
        urgent: false,
        assigneeId: 'team-1',
        due: FLEXIBLE,
        path: 'automatic',
        lowered: false,
      },
      {
        type: 'ReservationRequested',
        reservationId: expect.any(String),
        items: [
          {
            activityId: newest,
            version: 1,
            minutes: 25,
            multiplier: 1,
            weightedMinutes: 25,
            path: 'automatic',
            reopens: false,
          },
        ],
        whenLacking: 'wait',
      },
    ]);
  });
});

describe('R2 urgent costs three times: pinned to the version', () => {
  test.each([
    ['normal', {}, {}, 50, 1, 50],
    ['urgent', {}, { urgent: true }, 50, 3, 150],
    ['urgent by a policy of five', { urgentMultiplier: 5 }, { urgent: true }, 50, 5, 250],
    ['R16 rounded before the multiplier', { roundUpToMinutes: 15 }, { urgent: true }, 50, 3, 180],
    ['R16 a minimum', { minimumMinutes: 60 }, {}, 50, 1, 60],
  ])('%s', (_, policy, more, minutes, multiplier, weightedMinutes) => {
    const board = GivenBoard.open(policy).extra();
    const [submitted] = factsOf(board.when(submitting(board.newest, minutes, more))) as object[];
    expect(submitted).toMatchObject({ minutes, multiplier, weightedMinutes });
  });

  const urgent = GivenBoard.open().active('a', { urgent: true });
  const urgentRigid = GivenBoard.open().active('a', { urgent: true, due: RIGID });

  test('urgent becomes normal without a decision, and stays the client’s approved work', () => {
    const [submitted, requested] = factsOf(urgent.when(submitting('a', 120, { urgent: false }))) as object[];
    expect(submitted).toMatchObject({ version: 2, weightedMinutes: 120, path: 'automatic', lowered: true });
    expect(requested).toMatchObject({
      items: [{ path: 'approved', weightedMinutes: 120 }],
      whenLacking: 'wait',
    });
  });

  test.each([
    ['with more minutes', urgent, 130, FLEXIBLE],
    ['with fewer minutes', urgent, 110, FLEXIBLE],
    ['with a rigid date moved', urgentRigid, 120, { ...RIGID, date: '2026-12-11' }],
    ['with a rigid date made flexible', urgentRigid, 120, FLEXIBLE],
  ])('lowering %s is a new version with a decision', (_, board, minutes, due) => {
    expect(typesOf(board.when(submitting('a', minutes, { urgent: false, due })))).toEqual(DECISION);
  });

  test('raising it is a new version with a decision', () => {
    const normal = GivenBoard.open().active('a');
    expect(typesOf(normal.when(submitting('a', 120, { urgent: true, urgencyDeclared: true })))).toEqual(
      DECISION,
    );
  });
});

describe('R5 a newer version', () => {
  const active = GivenBoard.open().active('a');

  test('asks, and tells what stays in force meanwhile', () => {
    const [, asked] = factsOf(active.when(submitting('a', 200))) as object[];
    expect(asked).toMatchObject({
      version: 2,
      weightedMinutes: 200,
      previous: { version: 1, minutes: 120, weightedMinutes: 120 },
    });
    const { board } = active.estimated('a', 200);
    expect(snapshotOf(board, board.activities.get('a')!)).toMatchObject({
      state: 'active',
      versionInForce: 1,
      decisionAsked: true,
      estimate: { version: 2 },
    });
  });

  test('of a minor extra that has started asks too', () => {
    const board = GivenBoard.open().extra();
    const started = board.estimated(board.newest, 20).reserved(board.newest);
    expect(typesOf(started.when(submitting(board.newest, 25)))).toEqual(DECISION);
  });

  test('R6 takes a finished activity up again, with a decision', () => {
    const done = active.and((state, context) =>
      changeWorkStatus(state, context, { activityId: 'a', status: 'done' }),
    );
    expect(typesOf(done.when(submitting('a', 200)))).toEqual(DECISION);
  });
});

describe('R7 a replica always asks', () => {
  test('a small one of an extra goes through the gate', () => {
    const board = GivenBoard.open().extra();
    const started = board.estimated(board.newest, 20).reserved(board.newest);
    const replicated = started.and((state, context) =>
      replicateWork(state, context, {
        activityId: board.newest,
        reason: 'rifare',
        urgent: false,
        hasWork: true,
      }),
    );
    expect(typesOf(replicated.when(submitting(replicated.newest, 10)))).toEqual(GATE);
  });
});

describe('what is refused', () => {
  const board = GivenBoard.open().agreed('a').agreed('b');
  const held = board.and((state, context) =>
    decideTogether(state, context, [
      { activityId: 'a', version: 1, decision: 'approve' },
      { activityId: 'b', version: 1, decision: 'approve' },
    ]),
  );
  const closed = board.and((state, context) => closeBoard(state, context, 100));

  test.each([
    ['an unknown activity', board, 'x', {}, 'estimation.not-found'],
    ['a closed package', closed, 'a', {}, 'estimation.package-closed'],
    ['while several are being decided', held, 'a', {}, 'estimation.decision-pending'],
    ['when it changed meanwhile', board, 'a', { ifTouchedAt: 1 }, 'service.changed-meanwhile'],
  ])('%s', (_, given, activityId, more, code) => {
    expect(typesOf(given.when(submitting(activityId, 60, more)))).toBe(code);
  });
});
