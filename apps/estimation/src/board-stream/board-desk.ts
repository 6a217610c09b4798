import type { StoredEvent } from '@monteore/event-store';
import { isRefusal, RefusalError, refuse } from '@monteore/kernel';
import {
  type Caller,
  type CommandEnvelope,
  type CommandResult,
  envelopeOf,
  eventually,
  forbidden,
  isContact,
  notFound,
  type PackageRights,
  type Principal,
  type ServiceCore,
  tellPosition,
} from '@monteore/service';
import { Inject, Injectable } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import type { FastifyReply } from 'fastify';
import type { BoardEventType, BoardFacts } from '../board/events.js';
import type { Board, BoardState } from '../board/state.js';
import { activityPackage } from '../showing-activities/activity-index.js';
import { CORE } from '../tokens.js';
import { type BoardDecider, BoardStreams, boardEventOf } from './board-streams.js';
import { DecideBoard } from './decide-board.js';

/** What the routes on boards share: who may see what, giving the command, telling the answer's position. */
@Injectable()
export class BoardDesk {
  constructor(
    @Inject(CORE) private readonly core: ServiceCore,
    @Inject(BoardStreams) private readonly streams: BoardStreams,
    @Inject(CommandBus) private readonly commands: CommandBus,
  ) {}

  /**
   * The package's board, when the caller may know of it; what the ledger has just opened is waited for. An unknown
   * package and another client's take the same path and the same time.
   */
  async seePackage(principal: Principal, packageId: string): Promise<PackageRights> {
    const seen = await eventually(async () => {
      const rights = await this.core.access.rightsOn(principal, packageId);
      return rights !== null && (await this.streams.load(packageId)) !== null ? rights : null;
    });
    if (seen === null) throw notFound('estimation', 'package');
    return seen;
  }

  /** The package an activity belongs to, likewise. */
  async seeActivity(principal: Principal, activityId: string): Promise<PackageRights> {
    const seen = await eventually(async () => {
      const packageId = await activityPackage(this.core.database, activityId);
      return packageId === null ? null : this.core.access.rightsOn(principal, packageId);
    });
    if (seen === null) throw notFound('estimation', 'activity');
    return seen;
  }

  /**
   * R5: who decides. A contact for itself, when it is an approver of the package now; the team and machines name one.
   * Answers on whose behalf.
   */
  async whoDecides(
    principal: Principal,
    rights: PackageRights,
    contactId: string | undefined,
  ): Promise<string | undefined> {
    if (isContact(principal)) {
      if (!rights.roles.includes('approver'))
        throw forbidden('Only an approver of this package decides on its estimates.');
      if (contactId !== undefined && contactId !== principal.subject)
        throw forbidden('You decide as yourself: leave contactId out, or give your own id.');
      return undefined;
    }
    const { packageId } = rights.package;
    const isApprover =
      contactId !== undefined && (await this.core.access.rolesOn(packageId, contactId)).includes('approver');
    if (!isApprover) throw approverRequired();
    return contactId;
  }

  /** Gives a command; throws its refusal; tells the position of what it made. */
  async command(
    packageId: string,
    caller: Caller,
    input: unknown,
    reply: FastifyReply,
    decider: BoardDecider,
    onBehalfOf?: string,
  ): Promise<CommandResult<BoardState>> {
    return this.give(packageId, envelopeOf(caller, input, onBehalfOf), reply, decider);
  }

  async give(
    packageId: string,
    envelope: CommandEnvelope,
    reply: FastifyReply,
    decider: BoardDecider,
  ): Promise<CommandResult<BoardState>> {
    const result = await this.commands.execute(new DecideBoard(packageId, envelope, decider));
    if (isRefusal(result)) throw new RefusalError(result);
    tellPosition(reply, this.core.freshnessOf(result.events));
    return result;
  }

  /** Waits, bounded, for the ledger's answer in this service's own store; the board as it then stands. */
  async answered(packageId: string, isAnswered: (board: Board) => boolean): Promise<Board> {
    const board = await eventually(async () => {
      const current = await this.streams.loadOrThrow(packageId);
      return isAnswered(current) ? current : null;
    });
    return board ?? this.streams.loadOrThrow(packageId);
  }
}

/** The facts of a command's first event of a type; answers are made from events, so that a repeat gives the same. */
export function factsOf<T extends BoardEventType>(
  events: readonly StoredEvent[],
  type: T,
): BoardFacts[T] | undefined {
  const event = events.find((candidate) => candidate.type === type);
  return event === undefined ? undefined : (boardEventOf(event) as unknown as { data: BoardFacts[T] }).data;
}

const approverRequired = (): RefusalError =>
  new RefusalError(
    refuse(
      422,
      'estimation.approver-required',
      'An approver must be named',
      'contactId: name the approver of this package who decided.',
      { errors: [{ pointer: '/contactId', detail: 'not an approver of this package' }] },
    ),
  );
