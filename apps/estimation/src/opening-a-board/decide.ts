import type { Due, Kind, Minutes, Policy, Refusal } from '@monteore/kernel';
import { type BoardDecision, type DecisionContext, decideOnBoard, Recorder } from '../board/record.js';
import type { BoardState } from '../board/state.js';
import { askForDecision, submitVersion } from '../submitting-estimates/decide.js';

export interface OpenBoard {
  readonly packageId: string;
  readonly clientId: string;
  readonly policy: Policy;
}

/** R10: one board per package, from the start. */
export function openBoard(state: BoardState, context: DecisionContext, command: OpenBoard): BoardDecision {
  if (state.status !== 'unopened') return [];
  const recorder = new Recorder(state, context);
  recorder.record('BoardOpened', command);
  return recorder.events;
}

export interface AgreedActivity {
  readonly activityId: string;
  readonly title: string;
  readonly kind: Kind;
  readonly estimateMinutes: Minutes;
  readonly assigneeId: string;
  readonly due: Due;
  readonly urgent: boolean;
}

/** R4: agreed activities are entered at opening, each with a first estimate that waits for the client's decision. */
export function proposeAgreed(
  state: BoardState,
  context: DecisionContext,
  activities: readonly AgreedActivity[],
): BoardDecision | Refusal {
  return decideOnBoard(state, context, (recorder) => {
    for (const { activityId, title, kind, estimateMinutes, assigneeId, due, urgent } of activities) {
      if (recorder.board.activities.has(activityId)) continue;
      recorder.record('ActivityProposed', {
        activityId,
        number: recorder.board.order.length + 1,
        title,
        kind,
        origin: 'agreed',
        urgent,
      });
      submitVersion(recorder, activityId, {
        minutes: estimateMinutes,
        urgent,
        assigneeId,
        due,
        path: 'decision',
      });
      askForDecision(recorder, activityId);
    }
  });
}

/** A later policy counts for what is estimated from then on (R1). */
export function notePolicy(
  state: BoardState,
  context: DecisionContext,
  policy: Policy,
): BoardDecision | Refusal {
  return decideOnBoard(state, context, (recorder) => {
    if (JSON.stringify(recorder.board.policy) !== JSON.stringify(policy))
      recorder.record('PolicyNoted', { policy });
  });
}
