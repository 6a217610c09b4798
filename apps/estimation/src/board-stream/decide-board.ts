import type { Refusal } from '@monteore/kernel';
import type { CommandEnvelope, CommandResult } from '@monteore/service';
import { Inject } from '@nestjs/common';
import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { BoardState } from '../board/state.js';
import { type BoardDecider, BoardStreams } from './board-streams.js';

/** Any command on one board: who gives it under which id, and the pure decision it asks for. */
export class DecideBoard extends Command<CommandResult<BoardState> | Refusal> {
  constructor(
    readonly packageId: string,
    readonly envelope: CommandEnvelope,
    readonly decider: BoardDecider,
  ) {
    super();
  }
}

@CommandHandler(DecideBoard)
export class DecideBoardHandler implements ICommandHandler<DecideBoard> {
  constructor(@Inject(BoardStreams) private readonly streams: BoardStreams) {}

  execute({ packageId, envelope, decider }: DecideBoard): Promise<CommandResult<BoardState> | Refusal> {
    return this.streams.decide(packageId, envelope, decider);
  }
}
