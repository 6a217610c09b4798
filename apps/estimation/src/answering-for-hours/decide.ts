import { type Balances, type Minutes, type Refusal, SYSTEM_ACTOR } from '@monteore/kernel';
import type { Warning } from '../board/events.js';
import { type BoardDecision, type DecisionContext, decideOnBoard, type Recorder } from '../board/record.js';
import {
  type ActivityState,
  activitiesOf,
  type Board,
  type BoardState,
  displayTitleOf,
  isOver,
  newestOf,
  versionOf,
} from '../board/state.js';
import { recordDecision } from '../deciding-estimates/decide.js';
import { askForDecision } from '../submitting-estimates/decide.js';

/** R3: the gate's yes. The client is asked now, and told what the extra takes from the rest. */
export function hoursAvailable(
  state: BoardState,
  context: DecisionContext,
  answer: { readonly activityId: string; readonly version: number; readonly balances: Balances },
): BoardDecision | Refusal {
  return decideOnBoard(state, context, (recorder) => {
    const activity = recorder.board.activities.get(answer.activityId);
    if (activity === undefined || !standsAtGate(activity, answer.version)) return;
    const { weightedMinutes } = newestOf(activity)!;
    const warning = warningFor(recorder.board, activity, answer.balances.availableMinutes, weightedMinutes);
    askForDecision(recorder, answer.activityId, warning);
  });
}

/** R3: the gate's no. The extra waits, apart from the board's activities. */
export function hoursLacking(
  state: BoardState,
  context: DecisionContext,
  answer: {
    readonly activityId: string;
    readonly version: number;
    readonly missingMinutes: Minutes;
    readonly balances: Balances;
  },
): BoardDecision | Refusal {
  return decideOnBoard(state, context, (recorder) => {
    const activity = recorder.board.activities.get(answer.activityId);
    if (activity === undefined || !standsAtGate(activity, answer.version)) return;
    const { activityId, version, missingMinutes, balances } = answer;
    recorder.record('ActivityWaitingForHours', {
      activityId,
      version,
      cause: 'gate',
      missingMinutes,
      balances,
    });
  });
}

function standsAtGate(activity: ActivityState, version: number): boolean {
  const newest = newestOf(activity);
  return (
    newest?.version === version &&
    newest.path === 'gate' &&
    activity.askedVersion !== version &&
    !activity.decisions.has(version) &&
    !isOver(activity)
  );
}

/**
 * R3: which agreed activities that are not finished would no longer fit. Counted together by due date, then by entry:
 * those that fit into what is available now and not into what would be left. What has a hold always fits.
 */
function warningFor(
  board: Board,
  activity: ActivityState,
  availableMinutes: Minutes,
  weightedMinutes: Minutes,
): Warning {
  const leftMinutes = availableMinutes - weightedMinutes;
  const dueOf = (other: ActivityState) => other.due?.date ?? '9999-12-31';
  const unfinished = activitiesOf(board)
    .filter(
      (other) =>
        other.origin === 'agreed' &&
        other.activityId !== activity.activityId &&
        other.inForce === undefined &&
        !isOver(other) &&
        newestOf(other) !== undefined &&
        !isRejected(other),
    )
    .sort((a, b) => (dueOf(a) === dueOf(b) ? a.number - b.number : dueOf(a) < dueOf(b) ? -1 : 1));
  let countedMinutes = 0;
  const wouldNotFit: Warning['wouldNotFit'][number][] = [];
  for (const other of unfinished) {
    const needed = newestOf(other)!.weightedMinutes;
    countedMinutes += needed;
    if (countedMinutes > availableMinutes) break;
    if (countedMinutes > leftMinutes) {
      wouldNotFit.push({
        activityId: other.activityId,
        displayTitle: displayTitleOf(other),
        weightedMinutes: needed,
      });
    }
  }
  return { availableMinutes, leftMinutes, wouldNotFit };
}

function isRejected(activity: ActivityState): boolean {
  const decision = activity.decisions.get(newestOf(activity)!.version);
  return decision !== undefined && decision.outcome !== 'approved';
}

export interface ReservedHours {
  readonly reservationId: string;
  readonly items: readonly { readonly activityId: string; readonly version: number }[];
  readonly balances: Balances;
}

/** R5: hours are set aside; the version comes into force. */
export function hoursReserved(
  state: BoardState,
  context: DecisionContext,
  { reservationId, items, balances }: ReservedHours,
): BoardDecision | Refusal {
  return decideOnBoard(state, context, (recorder) => {
    const together = recorder.board.together.get(reservationId);
    if (together?.outcome === 'pending') {
      for (const decision of together.decisions) recordDecision(recorder, decision, together.by, together.at);
      recorder.record('DecisionsGranted', { reservationId });
    }
    for (const { activityId, version } of items) activate(recorder, activityId, version, balances);
  });
}

function activate(recorder: Recorder, activityId: string, version: number, balances: Balances): void {
  const activity = recorder.board.activities.get(activityId);
  const estimate = activity === undefined ? undefined : versionOf(activity, version);
  if (activity === undefined || estimate === undefined || version <= (activity.inForce ?? 0)) return;
  // Withdrawn or ended while the answer was on its way: the ledger gives the hours back by itself.
  if (activity.decisions.get(version)?.outcome === 'withdrawn') return;
  const isExpected = activity.unansweredVersion === version || activity.waiting?.version === version;
  if (isOver(activity) && !isExpected) return;
  const cause = estimate.lowered ? 'lowered' : estimate.path === 'automatic' ? 'automatic' : 'approved';
  recorder.record('ActivityActivated', { activityId, version, cause, balances });
}

export interface RefusedReservation {
  readonly reservationId: string;
  readonly code: 'hours-insufficient' | 'package-closed' | 'superseded';
  readonly items: readonly { readonly activityId: string; readonly version: number }[];
  readonly missingMinutes: Minutes;
  readonly waits: boolean;
  readonly balances: Balances;
}

/** R5: too few hours: one waits, several are dropped together. An ended package approves nothing any more (R14). */
export function reservationRefused(
  state: BoardState,
  context: DecisionContext,
  refused: RefusedReservation,
): BoardDecision | Refusal {
  return decideOnBoard(state, context, (recorder) => {
    const { reservationId, code, items, missingMinutes, waits, balances } = refused;
    if (recorder.board.together.get(reservationId)?.outcome === 'pending') {
      recorder.record('DecisionsDropped', { reservationId, code, missingMinutes });
      return;
    }
    for (const { activityId, version } of items) {
      const activity = recorder.board.activities.get(activityId);
      if (activity === undefined || activity.unansweredVersion !== version) continue;
      const isApproved = activity.decisions.get(version)?.outcome === 'approved';
      if (waits) {
        const cause = isApproved || versionOf(activity, version)!.lowered ? 'reservation' : 'gate';
        recorder.record('ActivityWaitingForHours', { activityId, version, cause, missingMinutes, balances });
      } else if (code === 'package-closed' && isApproved) {
        recorder.record('ApprovalWithdrawn', {
          activityId,
          version,
          withdrawnBy: SYSTEM_ACTOR,
          withdrawnAt: context.now,
        });
      }
    }
  });
}
