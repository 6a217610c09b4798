import { describe, expect, test } from '@jest/globals';
import type { BoardDecider } from '../board-stream/board-streams.js';
import { beginClosing } from '../closing-a-board/decide.js';
import { factsOf, GivenBoard, typesOf } from '../testing/given-board.js';
import { changeWorkStatus } from '../working-on-activities/decide.js';
import { replicateWork } from './decide.js';

const replicating =
  (activityId: string, more: { urgent?: boolean; hasWork?: boolean } = {}): BoardDecider =>
  (state, context) =>
    replicateWork(state, context, { activityId, reason: 'cestinato', urgent: false, hasWork: true, ...more });

describe('R7 discarded work', () => {
  const active = GivenBoard.open().active('a', { urgent: true });

  test('the first is done, the replica is linked, keeps its origin and is not urgent', () => {
    const decision = active.when(replicating('a'));
    const [, , proposed] = factsOf(decision) as [unknown, unknown, { activityId: string }];
    expect(factsOf(decision)).toEqual([
      { type: 'ActivityReplicated', activityId: 'a', replicaId: proposed.activityId, reason: 'cestinato' },
      { type: 'ActivityCompleted', activityId: 'a' },
      {
        type: 'ActivityProposed',
        activityId: proposed.activityId,
        number: 2,
        title: 'Attività a',
        kind: 'site-assistance',
        origin: 'agreed',
        replicaOf: 'a',
        urgent: false,
      },
    ]);
  });

  test('urgent when the client says so again', () => {
    const [, , proposed] = factsOf(active.when(replicating('a', { urgent: true }))) as [
      unknown,
      unknown,
      object,
    ];
    expect(proposed).toMatchObject({ urgent: true });
  });

  const done = active.and((state, context) =>
    changeWorkStatus(state, context, { activityId: 'a', status: 'done' }),
  );

  test.each([
    ['what is done already', done, {}, ['ActivityReplicated', 'ActivityProposed']],
    ['without work entries', active, { hasWork: false }, 'estimation.nothing-to-replicate'],
    ['twice', active.and(replicating('a')), {}, 'estimation.already-replicated'],
    ['after the end date', active.and(beginClosing), {}, 'estimation.package-closing'],
  ])('%s', (_, board, more, answer) => {
    expect(typesOf(board.when(replicating('a', more)))).toEqual(answer);
  });

  test('an unknown activity', () => {
    expect(typesOf(active.when(replicating('x')))).toBe('estimation.not-found');
  });
});
