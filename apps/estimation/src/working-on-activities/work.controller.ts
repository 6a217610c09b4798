import { zChangeDueDate, zChangeWorkStatus, zId, zReassign } from '@monteore/contracts';
import { Allow, type Caller, CallerOf, type ServiceCore, TEAM } from '@monteore/service';
import { Body, Controller, HttpCode, Inject, Param, Post, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import type { z } from 'zod';
import { BoardDesk } from '../board-stream/board-desk.js';
import type { BoardDecider } from '../board-stream/board-streams.js';
import { ActivityViews } from '../showing-activities/activity-views.js';
import { CORE } from '../tokens.js';
import { changeWorkStatus, moveDueDate, reassign } from './decide.js';

/** R6, R10: the team's side of an activity: its status, its date, who does it. */
@Controller('v1/activities/:activityId')
export class WorkController {
  constructor(
    @Inject(CORE) private readonly core: ServiceCore,
    @Inject(BoardDesk) private readonly desk: BoardDesk,
    @Inject(ActivityViews) private readonly views: ActivityViews,
  ) {}

  @Post('work-status')
  @HttpCode(200)
  @Allow('estimation:write', ...TEAM)
  changeStatus(
    @Param('activityId', { schema: zId }) activityId: string,
    @Body({ schema: zChangeWorkStatus }) body: z.output<typeof zChangeWorkStatus>,
    @CallerOf() caller: Caller,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    return this.change(activityId, body, caller, reply, (state, context) =>
      changeWorkStatus(state, context, { activityId, ...body, ifTouchedAt: caller.ifVersion }),
    );
  }

  @Post('due-date')
  @HttpCode(200)
  @Allow('estimation:write', ...TEAM)
  moveDate(
    @Param('activityId', { schema: zId }) activityId: string,
    @Body({ schema: zChangeDueDate }) body: z.output<typeof zChangeDueDate>,
    @CallerOf() caller: Caller,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    return this.change(activityId, body, caller, reply, (state, context) =>
      moveDueDate(state, context, { activityId, ...body, ifTouchedAt: caller.ifVersion }),
    );
  }

  @Post('assignee')
  @HttpCode(200)
  @Allow('estimation:write', ...TEAM)
  async reassign(
    @Param('activityId', { schema: zId }) activityId: string,
    @Body({ schema: zReassign }) body: z.output<typeof zReassign>,
    @CallerOf() caller: Caller,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const assigneeId = await this.core.people.rememberTeamMember(body.assignee);
    return this.change(activityId, { assigneeId }, caller, reply, (state, context) =>
      reassign(state, context, { activityId, assigneeId, ifTouchedAt: caller.ifVersion }),
    );
  }

  private async change(
    activityId: string,
    input: object,
    caller: Caller,
    reply: FastifyReply,
    decider: BoardDecider,
  ) {
    const { package: found } = await this.desk.seeActivity(caller.principal, activityId);
    const { state } = await this.desk.command(
      found.packageId,
      caller,
      { activityId, ...input },
      reply,
      decider,
    );
    if (state.status === 'unopened') return undefined;
    const [view] = await this.views.of(state, [state.activities.get(activityId)!]);
    return view;
  }
}
