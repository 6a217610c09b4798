import { zClosePackage, zId } from '@monteore/contracts';
import { derivedId, RefusalError } from '@monteore/kernel';
import { Allow, type Caller, CallerOf, envelopeOf, REFERENTS } from '@monteore/service';
import { Body, Controller, HttpCode, Inject, Param, Post, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import type { z } from 'zod';
import { factsOf, PackageDesk } from '../package-stream/package-desk.js';
import { closePackage } from './decide.js';
import { Rollover } from './rollover.js';

/** R14: closing by decision, with the residual settled. */
@Controller('v1/packages/:packageId/closure')
export class ClosureController {
  constructor(
    @Inject(PackageDesk) private readonly desk: PackageDesk,
    @Inject(Rollover) private readonly rollover: Rollover,
  ) {}

  @Post()
  @HttpCode(200)
  @Allow('ledger:close', ...REFERENTS)
  async close(
    @Param('packageId', { schema: zId }) packageId: string,
    @Body({ schema: zClosePackage }) body: z.output<typeof zClosePackage>,
    @CallerOf() caller: Caller,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const { package: found } = await this.desk.see(caller.principal, packageId);
    const transfer =
      body.residual === 'rollover'
        ? { transferId: derivedId('transfer', caller.commandId), toPackageId: body.rolloverPackageId! }
        : undefined;
    if (transfer !== undefined && found.status !== 'closed') {
      await this.rollover.expect(transfer.transferId, found, transfer.toPackageId, envelopeOf(caller, body));
    }
    const { residual, reason } = body;
    try {
      const { events } = await this.desk.command(packageId, caller, body, reply, (state, context) =>
        closePackage(state, context, { residual, reason, ...(transfer === undefined ? {} : { transfer }) }),
      );
      const moved = factsOf(events, 'HoursTransferred');
      if (moved !== undefined) await this.rollover.receive(packageId, moved);
      else if (transfer !== undefined)
        await this.rollover.withdraw(transfer.transferId, transfer.toPackageId);
      const closed = factsOf(events, 'PackageClosed');
      return { packageId, status: 'closed', closedOn: closed?.closedOn, residual: closed?.residual };
    } catch (error) {
      if (error instanceof RefusalError && transfer !== undefined && found.status !== 'closed') {
        await this.rollover.withdraw(transfer.transferId, transfer.toPackageId);
      }
      throw error;
    }
  }
}
