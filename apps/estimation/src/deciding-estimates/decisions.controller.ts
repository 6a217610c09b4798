import { zDecide, zDecideTogether, zId, zWithdraw } from '@monteore/contracts';
import { RefusalError, refuse } from '@monteore/kernel';
import { Allow, type Caller, CallerOf, TEAM } from '@monteore/service';
import { Body, Controller, HttpCode, Inject, Param, Post, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import type { z } from 'zod';
import { approvalOf } from '../board/snapshot.js';
import { BoardDesk, factsOf } from '../board-stream/board-desk.js';
import { decideEstimate, withdrawApproval } from './decide.js';
import { decideTogether } from './decide-together.js';
import { decisionAnswer, isSettled, throwUnlessGranted } from './decision-answers.js';

/** R5: the client's decisions through REST, by an approver or on its behalf. */
@Controller('v1')
export class DecisionsController {
  constructor(@Inject(BoardDesk) private readonly desk: BoardDesk) {}

  @Post('activities/:activityId/decisions')
  @HttpCode(200)
  @Allow('estimation:decide', ...TEAM, 'approver')
  async decide(
    @Param('activityId', { schema: zId }) activityId: string,
    @Body({ schema: zDecide }) body: z.output<typeof zDecide>,
    @CallerOf() caller: Caller,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const rights = await this.desk.seeActivity(caller.principal, activityId);
    const { packageId } = rights.package;
    const { contactId, ...decision } = body;
    const onBehalfOf = await this.desk.whoDecides(caller.principal, rights, contactId);
    await this.desk.command(
      packageId,
      caller,
      { activityId, ...body },
      reply,
      (state, context) =>
        decideEstimate(state, context, { activityId, ...decision, ifTouchedAt: caller.ifVersion }),
      onBehalfOf,
    );
    const board = await this.desk.answered(packageId, (current) =>
      isSettled(current.activities.get(activityId)!, body.version),
    );
    return decisionAnswer(board, activityId, body.version);
  }

  @Post('activities/:activityId/withdrawal')
  @HttpCode(200)
  @Allow('estimation:decide', ...TEAM, 'approver')
  async withdraw(
    @Param('activityId', { schema: zId }) activityId: string,
    @Body({ schema: zWithdraw }) body: z.output<typeof zWithdraw>,
    @CallerOf() caller: Caller,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const rights = await this.desk.seeActivity(caller.principal, activityId);
    const onBehalfOf = await this.desk.whoDecides(caller.principal, rights, body.contactId);
    const { state } = await this.desk.command(
      rights.package.packageId,
      caller,
      { activityId, ...body },
      reply,
      (current, context) => withdrawApproval(current, context, { activityId, ifTouchedAt: caller.ifVersion }),
      onBehalfOf,
    );
    const activity = state.status === 'unopened' ? undefined : state.activities.get(activityId);
    return { activityId, approval: activity === undefined ? undefined : approvalOf(activity) };
  }

  @Post('decisions')
  @HttpCode(200)
  @Allow('estimation:decide', ...TEAM, 'approver')
  async decideTogether(
    @Body({ schema: zDecideTogether }) body: z.output<typeof zDecideTogether>,
    @CallerOf() caller: Caller,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const { decisions, contactId } = body;
    const seen = await Promise.all(
      decisions.map(({ activityId }) => this.desk.seeActivity(caller.principal, activityId)),
    );
    const rights = seen[0]!;
    const { packageId } = rights.package;
    const foreign = seen.findIndex((other) => other.package.packageId !== packageId);
    if (foreign >= 0) throw severalPackages(foreign);
    const onBehalfOf = await this.desk.whoDecides(caller.principal, rights, contactId);
    const { events } = await this.desk.command(
      packageId,
      caller,
      body,
      reply,
      (state, context) => decideTogether(state, context, decisions),
      onBehalfOf,
    );
    const reservationId = factsOf(events, 'DecisionsHeld')?.reservationId;
    const board = await this.desk.answered(
      packageId,
      (current) => reservationId === undefined || current.together.get(reservationId)?.outcome !== 'pending',
    );
    if (reservationId !== undefined) throwUnlessGranted(board, reservationId);
    const isPending = reservationId !== undefined && board.together.get(reservationId)?.outcome === 'pending';
    return {
      decisions: decisions.map(({ activityId, version }) =>
        isPending
          ? { activityId, version, approval: 'waiting', outcome: 'pending' }
          : decisionAnswer(board, activityId, version),
      ),
    };
  }
}

const severalPackages = (index: number): RefusalError =>
  new RefusalError(
    refuse(
      422,
      'estimation.several-packages',
      'Activities of several packages',
      'Decisions made in one go are one reservation, and so of one package: send those of each package by themselves.',
      { errors: [{ pointer: `/decisions/${index}/activityId`, detail: 'belongs to another package' }] },
    ),
  );
