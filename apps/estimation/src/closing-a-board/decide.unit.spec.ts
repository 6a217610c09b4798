import { describe, expect, test } from '@jest/globals';
import { snapshotOf } from '../board/snapshot.js';
import type { BoardDecider } from '../board-stream/board-streams.js';
import { factsOf, GivenBoard, submitting, typesOf } from '../testing/given-board.js';
import { changeWorkStatus } from '../working-on-activities/decide.js';
import { beginClosing, closeBoard } from './decide.js';

const closing =
  (atOnce = 100): BoardDecider =>
  (state, context) =>
    closeBoard(state, context, atOnce);

describe('R14 closing', () => {
  const board = GivenBoard.open()
    .active('worked')
    .active('finished')
    .and((state, context) => changeWorkStatus(state, context, { activityId: 'finished', status: 'done' }))
    .agreed('waiting')
    .agreed('refused')
    .rejected('refused');

  test('what waits is cancelled, unfinished work is marked so', () => {
    expect(factsOf(board.when(closing()))).toEqual([
      { type: 'WorkStatusChanged', activityId: 'worked', status: 'to-do', unfinished: true },
      { type: 'ActivityCancelled', activityId: 'waiting' },
      { type: 'ActivitiesClosed', unfinishedActivityIds: ['worked'], activityCount: 4 },
    ]);
  });

  test('afterwards it is read-only for ever, and closing again is nothing', () => {
    const closed = board.and(closing());
    expect(closed.board.pendingMinutes).toBe(0);
    expect(closed.board.order.map((id) => snapshotOf(closed.board, closed.activity(id)).state)).toEqual([
      'active',
      'done',
      'cancelled',
      'rejected',
    ]);
    expect(typesOf(closed.when(closing()))).toEqual([]);
    expect(typesOf(closed.when(submitting('worked', 10)))).toBe('estimation.package-closed');
  });

  test('a large board closes in pieces', () => {
    const first = board.and(closing(1));
    expect(first.board.status).toBe('open');
    expect(typesOf(first.when(closing(1)))).toEqual(['ActivityCancelled', 'ActivitiesClosed']);
  });

  test('the end date is noted once', () => {
    expect(typesOf(board.when(beginClosing))).toEqual(['BoardClosing']);
    expect(typesOf(board.and(beginClosing).when(beginClosing))).toEqual([]);
  });
});
