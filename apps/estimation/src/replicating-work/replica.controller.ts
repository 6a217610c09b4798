import { zId, zReplicate } from '@monteore/contracts';
import { Allow, type Caller, CallerOf, eventually, TEAM } from '@monteore/service';
import { Body, Controller, Inject, Param, Post, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import type { z } from 'zod';
import { BoardDesk, factsOf } from '../board-stream/board-desk.js';
import { LedgerCopy } from '../following-the-ledger/ledger-copy.js';
import { replicateWork } from './decide.js';

/** R7: work that the client threw away is to be done again. */
@Controller('v1/activities/:activityId/replica')
export class ReplicaController {
  constructor(
    @Inject(BoardDesk) private readonly desk: BoardDesk,
    @Inject(LedgerCopy) private readonly copy: LedgerCopy,
  ) {}

  @Post()
  @Allow('estimation:write', ...TEAM)
  async replicate(
    @Param('activityId', { schema: zId }) activityId: string,
    @Body({ schema: zReplicate }) body: z.output<typeof zReplicate>,
    @CallerOf() caller: Caller,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const { package: found } = await this.desk.seeActivity(caller.principal, activityId);
    const hasWork = await eventually(async () => ((await this.hasWork(activityId)) ? true : null));
    const { reason, urgent = false } = body;
    const { events } = await this.desk.command(
      found.packageId,
      caller,
      { activityId, ...body },
      reply,
      (state, context) =>
        replicateWork(state, context, {
          activityId,
          reason,
          urgent,
          hasWork: hasWork ?? false,
          ifTouchedAt: caller.ifVersion,
        }),
    );
    return { activityId: factsOf(events, 'ActivityProposed')?.activityId };
  }

  /** As the ledger tells it; an entry just recorded may still be on its way here. */
  private async hasWork(activityId: string): Promise<boolean> {
    const minutes = (await this.copy.minutesOf([activityId])).get(activityId);
    return (minutes?.actualMinutes ?? 0) > 0;
  }
}
