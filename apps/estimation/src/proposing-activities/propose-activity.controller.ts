import { zProposeActivity } from '@monteore/contracts';
import { RefusalError, refuse } from '@monteore/kernel';
import { Allow, type Caller, CallerOf, eventually, TEAM } from '@monteore/service';
import { Body, Controller, Inject, Post, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import type { z } from 'zod';
import { BoardDesk, factsOf } from '../board-stream/board-desk.js';
import { LedgerCopy } from '../following-the-ledger/ledger-copy.js';
import { proposeActivity } from './decide.js';

/** R3: an extra is put forward, from a request or without one. */
@Controller('v1/activities')
export class ProposeActivityController {
  constructor(
    @Inject(BoardDesk) private readonly desk: BoardDesk,
    @Inject(LedgerCopy) private readonly copy: LedgerCopy,
  ) {}

  @Post()
  @Allow('estimation:write', ...TEAM)
  async propose(
    @Body({ schema: zProposeActivity }) body: z.output<typeof zProposeActivity>,
    @CallerOf() caller: Caller,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const { packageId, urgent, ...proposal } = body;
    await this.desk.seePackage(caller.principal, packageId);
    const declared =
      proposal.requestId === undefined ? false : await this.isUrgent(packageId, proposal.requestId);
    const { events } = await this.desk.command(packageId, caller, body, reply, (state, context) =>
      proposeActivity(state, context, { ...proposal, urgent: urgent ?? declared }),
    );
    return { activityId: factsOf(events, 'ActivityProposed')?.activityId, origin: 'extra' };
  }

  /** What the client's own words say, where the team says nothing (R2). */
  private async isUrgent(packageId: string, requestId: string): Promise<boolean> {
    const request = await eventually(() => this.copy.request(packageId, requestId));
    if (request !== null) return request.urgent;
    throw new RefusalError(
      refuse(
        422,
        'estimation.request-unknown',
        'No such request on this package',
        'requestId: there is no request with this id on this package; assign it to the package first.',
        { errors: [{ pointer: '/requestId', detail: 'names no request of this package' }] },
      ),
    );
  }
}
