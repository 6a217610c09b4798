import { describe, expect, test } from '@jest/globals';
import { estimationEvents } from '@monteore/contracts';
import type { StoredEvent } from '@monteore/event-store';
import { isRefusal } from '@monteore/kernel';
import { hoursAvailable, hoursReserved, reservationRefused } from './answering-for-hours/decide.js';
import type { BoardDecider } from './board-stream/board-streams.js';
import { closeBoard } from './closing-a-board/decide.js';
import { decideEstimate, withdrawApproval } from './deciding-estimates/decide.js';
import { proposeActivity } from './proposing-activities/decide.js';
import { publishEstimationEvent } from './publishing.js';
import { replicateWork } from './replicating-work/decide.js';
import { APPROVER, BALANCES, GivenBoard, submitting } from './testing/given-board.js';
import { changeWorkStatus, moveDueDate, reassign } from './working-on-activities/decide.js';

const asked = GivenBoard.open().agreed('a');
const approved = asked.approved('a');
const active = GivenBoard.open().active('a');
const extra = GivenBoard.open().extra({ description: 'un banner' });
const atGate = extra.estimated(extra.newest, 60);
const lacking: BoardDecider = (state, context) =>
  reservationRefused(state, context, {
    reservationId: 'r',
    code: 'hours-insufficient',
    items: [{ activityId: 'a', version: 1 }],
    missingMinutes: 5,
    waits: true,
    balances: BALANCES,
  });
const deciding =
  (decision: 'approve' | 'reject'): BoardDecider =>
  (state, context) =>
    decideEstimate(state, context, { activityId: 'a', version: 1, decision, reason: 'x', linkId: 'link-1' });

/** Decisions that together record every type that is public. */
const DECISIONS: readonly (readonly [GivenBoard, BoardDecider])[] = [
  [
    GivenBoard.open(),
    (state, context) => proposeActivity(state, context, { title: 'Banner', kind: 'other', urgent: false }),
  ],
  [extra, submitting(extra.newest, 60)],
  [
    atGate,
    (state, context) =>
      hoursAvailable(state, context, { activityId: extra.newest, version: 1, balances: BALANCES }),
  ],
  [asked, deciding('approve')],
  [asked, deciding('reject')],
  [
    approved,
    (state, context) =>
      hoursReserved(state, context, {
        reservationId: 'r',
        items: [{ activityId: 'a', version: 1 }],
        balances: BALANCES,
      }),
  ],
  [approved, lacking],
  [approved.and(lacking), (state, context) => withdrawApproval(state, context, { activityId: 'a' })],
  [active, submitting('a', 200)],
  [active, (state, context) => changeWorkStatus(state, context, { activityId: 'a', status: 'in-progress' })],
  [active, (state, context) => changeWorkStatus(state, context, { activityId: 'a', status: 'done' })],
  [active, (state, context) => changeWorkStatus(state, context, { activityId: 'a', status: 'cancelled' })],
  [
    active,
    (state, context) => moveDueDate(state, context, { activityId: 'a', date: '2027-01-15', reason: 'ferie' }),
  ],
  [active, (state, context) => reassign(state, context, { activityId: 'a', assigneeId: 'team-2' })],
  [
    active,
    (state, context) =>
      replicateWork(state, context, { activityId: 'a', reason: 'x', urgent: false, hasWork: true }),
  ],
  [active, (state, context) => closeBoard(state, context, 100)],
];

function told() {
  return DECISIONS.flatMap(([board, decider]) => {
    const decision = board.when(decider, APPROVER);
    if (isRefusal(decision)) throw new Error(decision.code);
    return decision.map(({ type, data, stamp }) =>
      publishEstimationEvent({ type, data: { ...data, stamp } } as unknown as StoredEvent),
    );
  }).filter((form) => form !== null);
}

describe('what estimation tells', () => {
  const schemas = estimationEvents as unknown as Record<
    string,
    { shape: object; parse(value: unknown): unknown }
  >;

  test('every public type, each with exactly what its contract names', () => {
    expect(new Set(told().map(({ type }) => type))).toEqual(new Set(Object.keys(estimationEvents)));
    for (const { type, key, data } of told()) {
      expect(key).toBe('client-1');
      expect(Object.keys(data).filter((member) => !(member in schemas[type]!.shape))).toEqual([]);
      expect(schemas[type]!.parse(data)).toEqual(data);
    }
  });

  test('no link and no description leaves the service', () => {
    expect(JSON.stringify(told())).not.toMatch(/link-1|un banner/);
  });
});
