import type { BoardEvent, BoardFacts } from './events.js';
import {
  type ActivityState,
  type Board,
  type BoardState,
  type Decision,
  emptyBoard,
  isOver,
  newestOf,
  versionOf,
  waitsForDecision,
} from './state.js';

/** Folds one event into the state; `version` is its place in the stream. Trusts what was decided. */
export function evolve(state: BoardState, event: BoardEvent, version: number): BoardState {
  if (event.type === 'BoardOpened') {
    const { packageId, clientId, policy } = event.data;
    return emptyBoard(packageId, clientId, policy);
  }
  if (state.status === 'unopened')
    throw new Error(`a board's stream begins with BoardOpened, not ${event.type}`);
  return evolveBoard(state, event, version);
}

function evolveBoard(
  board: Board,
  event: Exclude<BoardEvent, { type: 'BoardOpened' }>,
  version: number,
): Board {
  const change = (activityId: string, changes: (activity: ActivityState) => Partial<ActivityState>) =>
    changed(board, activityId, version, changes);
  switch (event.type) {
    case 'PolicyNoted':
      return { ...board, policy: event.data.policy };
    case 'ActivityProposed':
      return proposed(board, event.data, version);
    case 'EstimateSubmitted':
      return change(event.data.activityId, (activity) => submitted(activity, event.data));
    case 'HoursAsked':
      return change(event.data.activityId, () => ({ unansweredVersion: event.data.version }));
    case 'DecisionAsked':
      return change(event.data.activityId, (activity) => ({
        askedVersion: event.data.version,
        wasEverAsked: true,
        waiting: activity.waiting?.cause === 'gate' ? undefined : activity.waiting,
        ...answered(activity, event.data.version),
      }));
    case 'EstimateApproved':
      return change(event.data.activityId, (activity) => ({
        decisions: decided(activity, event.data.version, {
          outcome: 'approved',
          by: event.data.decidedBy,
          at: event.data.decidedAt,
        }),
        heldBy: undefined,
      }));
    case 'EstimateRejected':
      return change(event.data.activityId, (activity) => ({
        decisions: decided(activity, event.data.version, {
          outcome: 'rejected',
          by: event.data.decidedBy,
          at: event.data.decidedAt,
          ...(event.data.reason === undefined ? {} : { reason: event.data.reason }),
        }),
        heldBy: undefined,
      }));
    case 'ReservationRequested':
      return event.data.items.reduce(
        (next, item) => changed(next, item.activityId, version, () => ({ unansweredVersion: item.version })),
        board,
      );
    case 'DecisionsHeld':
      return held(board, event.data, version);
    case 'DecisionsGranted': {
      const known = board.together.get(event.data.reservationId)!;
      return {
        ...board,
        together: board.together.with(event.data.reservationId, { ...known, outcome: 'granted' }),
      };
    }
    case 'DecisionsDropped':
      return dropped(board, event.data, version);
    case 'ApprovalWithdrawn':
      return change(event.data.activityId, (activity) => ({
        decisions: withdrawn(activity, event.data),
        waiting: undefined,
        unansweredVersion: undefined,
      }));
    case 'ActivityActivated':
      return change(event.data.activityId, (activity) => activated(activity, event.data));
    case 'ActivityWaitingForHours': {
      const { activityId, version: waitingVersion, cause, missingMinutes } = event.data;
      return change(activityId, (activity) => ({
        waiting: { version: waitingVersion, cause, missingMinutes },
        ...answered(activity, waitingVersion),
      }));
    }
    case 'WorkStatusChanged':
      return change(event.data.activityId, (activity) => ({
        workStatus: event.data.status,
        unfinished: event.data.unfinished ?? activity.unfinished,
      }));
    case 'DueDateChanged':
      return change(event.data.activityId, (activity) => ({
        due: event.data.due,
        versions: withNewest(activity, { due: event.data.due }),
      }));
    case 'ActivityReassigned':
      return change(event.data.activityId, (activity) => ({
        assigneeId: event.data.assigneeId,
        versions: withNewest(activity, { assigneeId: event.data.assigneeId }),
      }));
    case 'ActivityCompleted':
      return change(event.data.activityId, () => ended('done'));
    case 'ActivityCancelled':
      return change(event.data.activityId, () => ended('cancelled'));
    case 'ActivityReplicated':
      return change(event.data.activityId, () => ({ replacedBy: event.data.replicaId }));
    case 'BoardClosing':
      return { ...board, status: 'closing' };
    case 'ActivitiesClosed':
      return { ...board, status: 'closed' };
  }
}

/** Changes one activity and keeps the board's pending minutes in step with it (R1). */
function changed(
  board: Board,
  activityId: string,
  version: number,
  changes: (activity: ActivityState) => Partial<ActivityState>,
): Board {
  const before = board.activities.get(activityId);
  if (before === undefined) throw new Error(`activity ${activityId} was never proposed`);
  const after: ActivityState = { ...before, ...changes(before), touchedAt: version };
  return {
    ...board,
    activities: board.activities.with(activityId, after),
    pendingMinutes: board.pendingMinutes - pendingOf(before) + pendingOf(after),
  };
}

const pendingOf = (activity: ActivityState): number =>
  waitsForDecision(activity) ? newestOf(activity)!.weightedMinutes : 0;

function proposed(board: Board, data: BoardFacts['ActivityProposed'], version: number): Board {
  const activity: ActivityState = {
    ...data,
    versions: [],
    decisions: new Map(),
    askedVersion: 0,
    wasEverAsked: false,
    workStatus: 'to-do',
    unfinished: false,
    touchedAt: version,
  };
  return {
    ...board,
    activities: board.activities.with(data.activityId, activity),
    order: [...board.order, data.activityId],
  };
}

function submitted(
  activity: ActivityState,
  { activityId: _, ...estimate }: BoardFacts['EstimateSubmitted'],
): Partial<ActivityState> {
  const isFirstInForce = activity.inForce === undefined;
  return {
    versions: [...activity.versions, estimate],
    // An approval that waits for hours stays what it is until a newer version is decided (R5).
    waiting: activity.waiting?.cause === 'reservation' ? activity.waiting : undefined,
    ...(isFirstInForce ? { assigneeId: estimate.assigneeId, due: estimate.due } : {}),
    // Whoever was finished comes back through the client's decision, and then through the ledger.
    ...(isOver(activity) ? { waiting: undefined } : {}),
  };
}

function activated(
  activity: ActivityState,
  { version, cause }: BoardFacts['ActivityActivated'],
): Partial<ActivityState> {
  const estimate = versionOf(activity, version)!;
  return {
    inForce: version,
    activatedBy: cause === 'lowered' ? (activity.activatedBy ?? 'approved') : cause,
    assigneeId: estimate.assigneeId,
    due: estimate.due,
    waiting:
      activity.waiting !== undefined && activity.waiting.version > version ? activity.waiting : undefined,
    ...answered(activity, version),
    ...(isOver(activity) ? { workStatus: 'to-do' as const } : {}),
  };
}

/** The ledger has answered for this version; an older one's answer no longer matters. */
const answered = (activity: ActivityState, version: number): Partial<ActivityState> =>
  activity.unansweredVersion !== undefined && activity.unansweredVersion > version
    ? {}
    : { unansweredVersion: undefined };

/** What was asked or waited for is over with the work. */
const ended = (workStatus: 'done' | 'cancelled'): Partial<ActivityState> => ({
  workStatus,
  askedVersion: 0,
  waiting: undefined,
  unansweredVersion: undefined,
  heldBy: undefined,
});

function held(board: Board, data: BoardFacts['DecisionsHeld'], version: number): Board {
  const { reservationId, decisions, decidedBy, decidedAt } = data;
  const together = board.together.with(reservationId, {
    decisions,
    by: decidedBy,
    at: decidedAt,
    outcome: 'pending',
  });
  return decisions.reduce(
    (next, { activityId }) => changed(next, activityId, version, () => ({ heldBy: reservationId })),
    { ...board, together },
  );
}

function dropped(board: Board, data: BoardFacts['DecisionsDropped'], version: number): Board {
  const { reservationId, code, missingMinutes } = data;
  const known = board.together.get(reservationId)!;
  const together = board.together.with(reservationId, { ...known, outcome: { code, missingMinutes } });
  return known.decisions.reduce(
    (next, { activityId }) =>
      changed(next, activityId, version, () => ({ heldBy: undefined, unansweredVersion: undefined })),
    { ...board, together },
  );
}

const decided = (activity: ActivityState, version: number, decision: Decision) =>
  new Map(activity.decisions).set(version, decision);

/** Every approval that has no hours yet goes with it: a lowered urgency stands on the approval before it. */
function withdrawn(
  activity: ActivityState,
  { version, withdrawnBy, withdrawnAt }: BoardFacts['ApprovalWithdrawn'],
): Map<number, Decision> {
  const decision: Decision = { outcome: 'withdrawn', by: withdrawnBy, at: withdrawnAt };
  const decisions = decided(activity, version, decision);
  for (const [earlier, { outcome }] of activity.decisions) {
    if (outcome === 'approved' && earlier > (activity.inForce ?? 0)) decisions.set(earlier, decision);
  }
  return decisions;
}

/** Who does it, and by when where the date is flexible, is told and not decided (R10): it changes in place. */
function withNewest(activity: ActivityState, changes: Partial<ActivityState['versions'][number]>) {
  const newest = newestOf(activity);
  return newest === undefined
    ? activity.versions
    : [...activity.versions.slice(0, -1), { ...newest, ...changes }];
}
