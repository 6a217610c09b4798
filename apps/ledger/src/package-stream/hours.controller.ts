import { zAdjustBalance, zChangePolicy, zId, zTopUp } from '@monteore/contracts';
import { Allow, type Caller, CallerOf, REFERENTS } from '@monteore/service';
import { Body, Controller, HttpCode, Inject, Param, Post, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import type { z } from 'zod';
import { adjustBalance } from '../adjusting-the-balance/decide.js';
import { changePolicy } from '../changing-policy/decide.js';
import { topUp } from '../topping-up/decide.js';
import { factsOf, PackageDesk } from './package-desk.js';

/** Top-ups, policy and adjustments of a package: the referent's desk (R17). */
@Controller('v1/packages/:packageId')
export class HoursController {
  constructor(@Inject(PackageDesk) private readonly desk: PackageDesk) {}

  @Post('lots')
  @Allow('ledger:write', ...REFERENTS)
  async topUp(
    @Param('packageId', { schema: zId }) packageId: string,
    @Body({ schema: zTopUp }) body: z.output<typeof zTopUp>,
    @CallerOf() caller: Caller,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const { events } = await this.desk.command(packageId, caller, body, reply, (state, context) =>
      topUp(state, context, body),
    );
    return { lotId: factsOf(events, 'LotAdded')?.lotId };
  }

  @Post('policy')
  @HttpCode(200)
  @Allow('ledger:write', ...REFERENTS)
  async changePolicy(
    @Param('packageId', { schema: zId }) packageId: string,
    @Body({ schema: zChangePolicy }) body: z.output<typeof zChangePolicy>,
    @CallerOf() caller: Caller,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const { events, state } = await this.desk.command(packageId, caller, body, reply, (current, context) =>
      changePolicy(current, context, body),
    );
    const unchanged = state.status === 'unopened' ? undefined : state.policy;
    return { policy: factsOf(events, 'PolicyChanged')?.policy ?? unchanged };
  }

  @Post('adjustments')
  @Allow('ledger:adjust', ...REFERENTS)
  async adjust(
    @Param('packageId', { schema: zId }) packageId: string,
    @Body({ schema: zAdjustBalance }) body: z.output<typeof zAdjustBalance>,
    @CallerOf() caller: Caller,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const { events } = await this.desk.command(packageId, caller, body, reply, (state, context) =>
      adjustBalance(state, context, body),
    );
    const adjusted = factsOf(events, 'BalanceAdjusted');
    return { adjustmentId: adjusted?.adjustmentId, lotId: adjusted?.lotId ?? adjusted?.newLotId };
  }
}
