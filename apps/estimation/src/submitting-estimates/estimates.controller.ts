import { zId, zSubmitEstimate } from '@monteore/contracts';
import { Allow, type Caller, CallerOf, type ServiceCore, TEAM } from '@monteore/service';
import { Body, Controller, Inject, Param, Post, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import type { z } from 'zod';
import { type ActivityState, type Board, versionOf } from '../board/state.js';
import { BoardDesk, factsOf } from '../board-stream/board-desk.js';
import { BoardStreams } from '../board-stream/board-streams.js';
import { LedgerCopy } from '../following-the-ledger/ledger-copy.js';
import { CORE } from '../tokens.js';
import { submitEstimate } from './decide.js';

/** R2–R5: the team estimates; the answer says how it went on, as far as the ledger has answered within two seconds. */
@Controller('v1/activities/:activityId/estimates')
export class EstimatesController {
  constructor(
    @Inject(CORE) private readonly core: ServiceCore,
    @Inject(BoardDesk) private readonly desk: BoardDesk,
    @Inject(BoardStreams) private readonly streams: BoardStreams,
    @Inject(LedgerCopy) private readonly copy: LedgerCopy,
  ) {}

  @Post()
  @Allow('estimation:write', ...TEAM)
  async submit(
    @Param('activityId', { schema: zId }) activityId: string,
    @Body({ schema: zSubmitEstimate }) body: z.output<typeof zSubmitEstimate>,
    @CallerOf() caller: Caller,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const { package: found } = await this.desk.seeActivity(caller.principal, activityId);
    const { packageId } = found;
    const assigneeId = await this.core.people.rememberTeamMember(body.assignee);
    const urgencyDeclared = await this.isDeclared(packageId, activityId);
    const { minutes, due, urgent } = body;
    const input = { activityId, minutes, due, assigneeId, urgent };
    const { events } = await this.desk.command(packageId, caller, input, reply, (state, context) =>
      submitEstimate(state, context, { ...input, urgencyDeclared, ifTouchedAt: caller.ifVersion }),
    );
    const submitted = factsOf(events, 'EstimateSubmitted')!;
    const board = await this.desk.answered(packageId, (current) =>
      isAnswered(current.activities.get(activityId)!, submitted.version),
    );
    return {
      version: submitted.version,
      weightedMinutes: submitted.weightedMinutes,
      path: pathShown(board, activityId, submitted.version),
    };
  }

  /** R2, R8: the client's word, in the request or in a reply to it. */
  private async isDeclared(packageId: string, activityId: string): Promise<boolean> {
    const board = await this.streams.loadOrThrow(packageId);
    return this.copy.isDeclaredUrgent(activityId, board.activities.get(activityId)?.requestId);
  }
}

const isAnswered = (activity: ActivityState, version: number): boolean =>
  activity.unansweredVersion !== version || activity.versions.length > version;

/** `pending`: the ledger has not answered yet; it goes on by itself. */
function pathShown(board: Board, activityId: string, version: number): string {
  const activity = board.activities.get(activityId)!;
  if (activity.unansweredVersion === version) return 'pending';
  if (activity.waiting?.version === version) return 'waiting-for-hours';
  return versionOf(activity, version)?.path === 'automatic' ? 'automatic' : 'decision';
}
