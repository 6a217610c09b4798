import type { Kind, Refusal } from '@monteore/kernel';
import { type BoardDecision, type DecisionContext, decideOnOpenBoard } from '../board/record.js';
import type { BoardState } from '../board/state.js';

export interface ProposeActivity {
  readonly title: string;
  readonly kind: Kind;
  readonly requestId?: string;
  readonly description?: string;
  readonly urgent: boolean;
}

/** R3: what was not agreed at opening is an extra. Nothing is asked of anybody before it is estimated. */
export function proposeActivity(
  state: BoardState,
  context: DecisionContext,
  command: ProposeActivity,
): BoardDecision | Refusal {
  return decideOnOpenBoard(state, context, (recorder) => {
    recorder.record('ActivityProposed', {
      activityId: recorder.newId('activity'),
      number: recorder.board.order.length + 1,
      origin: 'extra',
      ...command,
    });
  });
}
