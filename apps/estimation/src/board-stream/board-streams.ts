import { localDateOf } from '@monteore/calendar';
import type { SealedEvent } from '@monteore/event-store';
import { isRefusal, type Json, type Refusal, RefusalError } from '@monteore/kernel';
import { type CommandEnvelope, type CommandResult, type ServiceCore, StreamRuntime } from '@monteore/service';
import type { BoardEvent, RecordedBoardEvent, Stamp } from '../board/events.js';
import { evolve } from '../board/evolve.js';
import { type BoardDecision, type DecisionContext, unknownPackage } from '../board/record.js';
import { type Board, type BoardState, UNOPENED } from '../board/state.js';

const PREFIX = 'board-';

export const streamOfBoard = (packageId: string): string => `${PREFIX}${packageId}`;

/** A stored event of a board, as it was recorded: its facts, and the stamp with the activity after it. */
export function boardEventOf(event: SealedEvent): BoardEvent & { stamp: Stamp } {
  const { stamp, ...data } = event.data as unknown as { stamp: Stamp };
  return { type: event.type, data, stamp } as unknown as BoardEvent & { stamp: Stamp };
}

const asDecided = ({ type, data, stamp }: RecordedBoardEvent, occurredOn: string) => ({
  type,
  data: { ...data, stamp } as unknown as Record<string, Json>,
  occurredOn,
});

export type BoardDecider = (state: BoardState, context: DecisionContext) => BoardDecision | Refusal;

/** The streams of boards: one a package, with all its activities. */
export class BoardStreams {
  private readonly runtime: StreamRuntime<BoardState>;

  constructor(core: Pick<ServiceCore, 'store' | 'clock'>) {
    this.runtime = new StreamRuntime<BoardState>({
      store: core.store,
      clock: core.clock,
      fold: {
        initial: UNOPENED,
        evolve: (state, event) => evolve(state, boardEventOf(event), event.version),
      },
    });
  }

  /** Decides and appends. Answers a refusal as a value. */
  decide(
    packageId: string,
    envelope: CommandEnvelope,
    decider: BoardDecider,
  ): Promise<CommandResult<BoardState> | Refusal> {
    return this.runtime.execute({
      ...envelope,
      streamId: streamOfBoard(packageId),
      decide: (state, now) => {
        const today = localDateOf(now);
        const context = { now, today, commandId: envelope.commandId, actor: envelope.actor };
        const decision = decider(state, context);
        return isRefusal(decision) ? decision : { events: decision.map((event) => asDecided(event, today)) };
      },
    });
  }

  /** The board as of the last acknowledged command; null when it was never opened. */
  async load(packageId: string): Promise<Board | null> {
    const { state } = await this.runtime.load(streamOfBoard(packageId));
    return state.status === 'unopened' ? null : state;
  }

  /** Throws RefusalError where there is none. */
  async loadOrThrow(packageId: string): Promise<Board> {
    const board = await this.load(packageId);
    if (board === null) throw new RefusalError(unknownPackage());
    return board;
  }
}
