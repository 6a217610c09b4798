import { zId, zTakeInCharge } from '@monteore/contracts';
import { isRefusal } from '@monteore/kernel';
import { Allow, type Caller, CallerOf, type ServiceCore, TEAM } from '@monteore/service';
import { Body, Controller, HttpCode, Inject, Param, Post, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import type { z } from 'zod';
import { takeInCharge } from '../request/decide.js';
import { RequestDesk } from '../request/request-desk.js';
import { requestView } from '../showing-requests/views.js';
import { CORE } from '../tokens.js';

/** R9: a person takes a request in charge, and says its package where nothing else did. */
@Controller('v1/requests/:requestId/take-in-charge')
export class TakeInChargeController {
  constructor(
    @Inject(CORE) private readonly core: ServiceCore,
    @Inject(RequestDesk) private readonly desk: RequestDesk,
  ) {}

  @Post()
  @HttpCode(200)
  @Allow('intake:write', ...TEAM)
  async take(
    @Param('requestId', { schema: zId }) requestId: string,
    @Body({ schema: zTakeInCharge }) body: z.output<typeof zTakeInCharge>,
    @CallerOf() caller: Caller,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    await this.desk.see(caller.principal, requestId);
    const named =
      body.packageId === undefined ? undefined : await this.desk.packageOf(caller.principal, body.packageId);
    const { state } = await this.desk.command(requestId, caller, body, reply, (current) => {
      const decided = takeInCharge(
        current,
        named === undefined ? undefined : { ...named, isOpen: named.status === 'open' },
      );
      return isRefusal(decided) ? decided : { events: decided };
    });
    return state.status === 'unknown' ? undefined : requestView(state, this.core.blobs);
  }
}
