import { type Actor, DEFAULT_POLICY, isRefusal, type Policy, type Refusal } from '@monteore/kernel';
import { hoursReserved } from '../answering-for-hours/decide.js';
import type { RecordedBoardEvent } from '../board/events.js';
import { evolve } from '../board/evolve.js';
import type { BoardDecision } from '../board/record.js';
import { type Board, type BoardState, UNOPENED } from '../board/state.js';
import type { BoardDecider } from '../board-stream/board-streams.js';
import { decideEstimate } from '../deciding-estimates/decide.js';
import { type AgreedActivity, openBoard, proposeAgreed } from '../opening-a-board/decide.js';
import { type ProposeActivity, proposeActivity } from '../proposing-activities/decide.js';
import { type SubmitEstimate, submitEstimate } from '../submitting-estimates/decide.js';

export const NOW = '2026-11-24T09:00:00.000Z';
export const TEAM: Actor = { subject: 'team-1', role: 'team-member' };
export const APPROVER: Actor = { subject: 'approver-1', role: 'approver' };
export const FLEXIBLE = { date: '2026-12-10', firmness: 'flexible' as const };
export const RIGID = { date: '2026-12-10', firmness: 'rigid' as const };
export const BALANCES = {
  grantedMinutes: 1200,
  chargedMinutes: 0,
  postedMinutes: 1200,
  heldMinutes: 0,
  availableMinutes: 1200,
};

/** A board brought to where a test begins, by the deciders themselves. */
export class GivenBoard {
  private state: BoardState = UNOPENED;
  private version = 0;
  private commands = 0;

  static open(policy: Partial<Policy> = {}): GivenBoard {
    return new GivenBoard().and((state, context) =>
      openBoard(state, context, {
        packageId: 'package-1',
        clientId: 'client-1',
        policy: { ...DEFAULT_POLICY, ...policy },
      }),
    );
  }

  get board(): Board {
    if (this.state.status === 'unopened') throw new Error('not opened');
    return this.state;
  }

  activity(activityId: string) {
    return this.board.activities.get(activityId)!;
  }

  /** What the decider answers here; the board stays as it is. */
  when(decider: BoardDecider, actor = TEAM): BoardDecision | Refusal {
    const commandId = `command-${this.commands + 1}`;
    return decider(this.state, { now: NOW, today: NOW.slice(0, 10), commandId, actor });
  }

  /** The board after what the decider answers. */
  and(decider: BoardDecider, actor = TEAM): GivenBoard {
    const decision = this.when(decider, actor);
    if (isRefusal(decision)) throw new Error(`${decision.code}: ${decision.detail}`);
    const next = new GivenBoard();
    next.commands = this.commands + 1;
    next.version = this.version;
    next.state = this.state;
    for (const event of decision) {
      next.version += 1;
      next.state = evolve(next.state, event, next.version);
    }
    return next;
  }

  agreed(activityId: string, more: Partial<AgreedActivity> = {}): GivenBoard {
    const activity = {
      activityId,
      title: `Attività ${activityId}`,
      kind: 'site-assistance' as const,
      estimateMinutes: 120,
      assigneeId: 'team-1',
      due: FLEXIBLE,
      urgent: false,
      ...more,
    };
    return this.and((state, context) => proposeAgreed(state, context, [activity]));
  }

  /** An extra; its id is that of the newest activity of the board. */
  extra(more: Partial<ProposeActivity> = {}): GivenBoard {
    return this.and((state, context) =>
      proposeActivity(state, context, { title: 'Banner', kind: 'improvement', urgent: false, ...more }),
    );
  }

  get newest(): string {
    return this.board.order.at(-1)!;
  }

  estimated(activityId: string, minutes: number, more: Partial<SubmitEstimate> = {}): GivenBoard {
    return this.and(submitting(activityId, minutes, more));
  }

  approved(activityId: string, version = 1): GivenBoard {
    return this.and(
      (state, context) => decideEstimate(state, context, { activityId, version, decision: 'approve' }),
      APPROVER,
    );
  }

  rejected(activityId: string, version = 1): GivenBoard {
    return this.and(
      (state, context) => decideEstimate(state, context, { activityId, version, decision: 'reject' }),
      APPROVER,
    );
  }

  reserved(activityId: string, version = 1, reservationId = 'reservation-1'): GivenBoard {
    return this.and((state, context) =>
      hoursReserved(state, context, {
        reservationId,
        items: [{ activityId, version }],
        balances: BALANCES,
      }),
    );
  }

  /** Approved, with its hours set aside. */
  active(activityId: string, more: Partial<AgreedActivity> = {}): GivenBoard {
    return this.agreed(activityId, more).approved(activityId).reserved(activityId);
  }
}

export const submitting =
  (activityId: string, minutes: number, more: Partial<SubmitEstimate> = {}): BoardDecider =>
  (state, context) =>
    submitEstimate(state, context, {
      activityId,
      minutes,
      assigneeId: 'team-1',
      due: FLEXIBLE,
      urgencyDeclared: false,
      ...more,
    });

/** The facts a decision records, without the stamps; or the code of its refusal. */
export function factsOf(decision: BoardDecision | Refusal): unknown {
  return isRefusal(decision)
    ? decision.code
    : decision.map(({ type, data }: RecordedBoardEvent) => ({ type, ...data }));
}

export const typesOf = (decision: BoardDecision | Refusal): unknown =>
  isRefusal(decision) ? decision.code : decision.map(({ type }) => type);
