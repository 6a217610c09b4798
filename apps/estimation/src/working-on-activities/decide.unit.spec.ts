import { describe, expect, test } from '@jest/globals';
import type { BoardDecider } from '../board-stream/board-streams.js';
import { closeBoard } from '../closing-a-board/decide.js';
import { FLEXIBLE, factsOf, GivenBoard, RIGID, typesOf } from '../testing/given-board.js';
import { changeWorkStatus, moveDueDate, reassign } from './decide.js';

const asked = GivenBoard.open().agreed('a');
const active = GivenBoard.open().active('a');
const rigid = GivenBoard.open().active('a', { due: RIGID });

const setting =
  (status: Parameters<typeof changeWorkStatus>[2]['status'], activityId = 'a'): BoardDecider =>
  (state, context) =>
    changeWorkStatus(state, context, { activityId, status });
const moving =
  (date: string, firmness?: 'rigid' | 'flexible'): BoardDecider =>
  (state, context) =>
    moveDueDate(state, context, { activityId: 'a', date, firmness, reason: 'ferie' });

const done = active.and(setting('done'));
const cancelled = asked.and(setting('cancelled'));
const closed = asked.and((state, context) => closeBoard(state, context, 100));

describe('R6, R10 work status', () => {
  test.each([
    ['in progress', active, 'in-progress', ['WorkStatusChanged']],
    ['the same again', active, 'to-do', []],
    ['done', active, 'done', ['ActivityCompleted']],
    ['done twice', done, 'done', []],
    ['cancelled before it began', asked, 'cancelled', ['ActivityCancelled']],
    ['cancelled twice', cancelled, 'cancelled', []],
    ['work that nobody approved', asked, 'in-progress', 'estimation.not-active'],
    ['done without an estimate in force', asked, 'done', 'estimation.not-active'],
    ['taking up what is finished', done, 'in-progress', 'estimation.activity-finished'],
    ['cancelling what is done', done, 'cancelled', 'estimation.activity-finished'],
    ['on a closed package', closed, 'cancelled', 'estimation.package-closed'],
  ] as const)('%s', (_, board, status, answer) => {
    expect(typesOf(board.when(setting(status)))).toEqual(answer);
  });

  test('an unknown activity', () => {
    expect(typesOf(asked.when(setting('done', 'x')))).toBe('estimation.not-found');
  });

  test('the end takes the question with it', () => {
    const both = active.estimated('a', 300);
    expect(both.board.pendingMinutes).toBe(300);
    expect(both.and(setting('done')).board.pendingMinutes).toBe(0);
  });
});

describe('R10 the date', () => {
  test('a flexible one moves, and both are told', () => {
    expect(factsOf(active.when(moving('2026-12-15')))).toEqual([
      {
        type: 'DueDateChanged',
        activityId: 'a',
        due: { date: '2026-12-15', firmness: 'flexible' },
        previousDue: FLEXIBLE,
        reason: 'ferie',
      },
    ]);
  });

  test.each([
    ['a flexible one becomes rigid', active, '2026-12-10', 'rigid', ['DueDateChanged']],
    ['the same date', active, '2026-12-10', undefined, []],
    ['a rigid one moves', rigid, '2026-12-15', undefined, 'estimation.rigid-date'],
    ['a rigid one becomes flexible', rigid, '2026-12-10', 'flexible', 'estimation.rigid-date'],
    ['without an estimate', GivenBoard.open().agreed('b'), '2026-12-15', undefined, 'estimation.not-found'],
    ['of finished work', done, '2026-12-15', undefined, 'estimation.activity-finished'],
  ] as const)('%s', (_, board, date, firmness, answer) => {
    expect(typesOf(board.when(moving(date, firmness)))).toEqual(answer);
  });

  test('an extra without an estimate has none', () => {
    const board = GivenBoard.open().extra();
    const answer = board.when((state, context) =>
      moveDueDate(state, context, { activityId: board.newest, date: '2026-12-15', reason: 'x' }),
    );
    expect(typesOf(answer)).toBe('estimation.no-date');
  });
});

describe('R10 another person in charge', () => {
  const giving =
    (assigneeId: string): BoardDecider =>
    (state, context) =>
      reassign(state, context, { activityId: 'a', assigneeId });

  test('is told, without a new version', () => {
    expect(factsOf(active.when(giving('team-2')))).toEqual([
      { type: 'ActivityReassigned', activityId: 'a', assigneeId: 'team-2', previousAssigneeId: 'team-1' },
    ]);
    expect(active.and(giving('team-2')).activity('a').versions).toHaveLength(1);
  });

  test('the same person is nothing; finished work has nobody in charge any more', () => {
    expect(typesOf(active.when(giving('team-1')))).toEqual([]);
    expect(typesOf(done.when(giving('team-2')))).toBe('estimation.activity-finished');
  });
});
