import { type Actor, derivedId, type Refusal, refuse } from '@monteore/kernel';
import type { BoardEvent, BoardEventType, BoardFacts, RecordedBoardEvent } from './events.js';
import { evolve } from './evolve.js';
import { snapshotOf } from './snapshot.js';
import type { ActivityState, Board, BoardState } from './state.js';

/** What a decision may know beside the state: the instant, who asks, and the id that makes all other ids. */
export interface DecisionContext {
  /** RFC 3339, UTC. */
  readonly now: string;
  /** The Europe/Rome date of `now`. */
  readonly today: string;
  readonly commandId: string;
  readonly actor: Actor;
}

export type BoardDecision = readonly RecordedBoardEvent[];

/**
 * Collects the events of one decision, folding each into the state at once, and stamps it with the activity after it.
 * It lives for one call of a decider: from outside that call is pure.
 */
export class Recorder {
  readonly events: RecordedBoardEvent[] = [];
  private idsMade = 0;

  constructor(
    private current: BoardState,
    readonly context: DecisionContext,
  ) {}

  /** The board; only after it was opened. */
  get board(): Board {
    if (this.current.status === 'unopened') throw new Error('the board has not been opened');
    return this.current;
  }

  activity(activityId: string): ActivityState {
    return this.board.activities.get(activityId)!;
  }

  /** An id derived from the command, so that a repeated decision makes the same one. */
  newId(what: string): string {
    this.idsMade += 1;
    return derivedId(this.context.commandId, what, String(this.idsMade));
  }

  record<T extends BoardEventType>(type: T, data: BoardFacts[T]): void {
    const event = { type, data } as unknown as BoardEvent;
    // Its real place in the stream is known once it is appended; the fold that follows the commit sets it.
    this.current = evolve(this.current, event, 0);
    const { packageId, clientId, pendingMinutes } = this.board;
    const activityId = (data as { activityId?: string }).activityId;
    this.events.push({
      ...event,
      stamp: {
        packageId,
        clientId,
        pendingMinutes,
        ...(activityId === undefined ? {} : { activity: snapshotOf(this.board, this.activity(activityId)) }),
      },
    });
  }
}

/** One decision on an opened board. A refusal leaves nothing behind. */
export function decideOnBoard(
  state: BoardState,
  context: DecisionContext,
  command: (recorder: Recorder) => Refusal | undefined,
): BoardDecision | Refusal {
  if (state.status === 'unopened') return unknownPackage();
  const recorder = new Recorder(state, context);
  return command(recorder) ?? recorder.events;
}

/** The same for what an ended package no longer takes (R14): `closing` still ends what was begun. */
export function decideOnOpenBoard(
  state: BoardState,
  context: DecisionContext,
  command: (recorder: Recorder) => Refusal | undefined,
): BoardDecision | Refusal {
  return decideOnBoard(state, context, (recorder) =>
    recorder.board.status === 'open' ? command(recorder) : packageEnded(recorder.board.status),
  );
}

/** The activity a command is about, when there is one and it is as the caller saw it (If-Match). */
export function requireActivity(
  board: Board,
  activityId: string,
  ifTouchedAt?: number,
): ActivityState | Refusal {
  const activity = board.activities.get(activityId);
  if (activity === undefined) return unknownActivity();
  if (ifTouchedAt !== undefined && ifTouchedAt !== activity.touchedAt) return changedMeanwhile(activity);
  return activity;
}

export const unknownPackage = (): Refusal =>
  refuse(404, 'estimation.not-found', 'Not found', 'There is no package with this id that you may see.');

export const unknownActivity = (): Refusal =>
  refuse(404, 'estimation.not-found', 'Not found', 'There is no activity with this id that you may see.');

export const packageEnded = (status: 'closing' | 'closed'): Refusal =>
  refuse(
    409,
    `estimation.package-${status}`,
    status === 'closed' ? 'The package is closed' : 'The package is closing',
    status === 'closed'
      ? 'Its board is read-only for ever: open a new package for new work.'
      : 'Its end date has come: nothing new is approved on it.',
  );

const changedMeanwhile = (activity: ActivityState): Refusal =>
  refuse(
    412,
    'service.changed-meanwhile',
    'Changed meanwhile',
    'What you looked at has changed since: read it again and decide anew.',
    { extra: { currentVersion: activity.touchedAt } },
  );
