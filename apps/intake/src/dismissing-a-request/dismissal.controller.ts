import { zDismissRequest, zId } from '@monteore/contracts';
import { isRefusal } from '@monteore/kernel';
import { Allow, type Caller, CallerOf, type ServiceCore, TEAM } from '@monteore/service';
import { Body, Controller, HttpCode, Inject, Param, Post, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import type { z } from 'zod';
import { dismiss } from '../request/decide.js';
import { RequestDesk } from '../request/request-desk.js';
import { requestView } from '../showing-requests/views.js';
import { CORE } from '../tokens.js';

/** R8: a request that asks for nothing is dismissed, with a reason. */
@Controller('v1/requests/:requestId/dismissal')
export class DismissalController {
  constructor(
    @Inject(CORE) private readonly core: ServiceCore,
    @Inject(RequestDesk) private readonly desk: RequestDesk,
  ) {}

  @Post()
  @HttpCode(200)
  @Allow('intake:write', ...TEAM)
  async dismiss(
    @Param('requestId', { schema: zId }) requestId: string,
    @Body({ schema: zDismissRequest }) body: z.output<typeof zDismissRequest>,
    @CallerOf() caller: Caller,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    await this.desk.see(caller.principal, requestId);
    const { state } = await this.desk.command(requestId, caller, body, reply, (current) => {
      const decided = dismiss(current, body.reason);
      return isRefusal(decided) ? decided : { events: decided };
    });
    return state.status === 'unknown' ? undefined : requestView(state, this.core.blobs);
  }
}
