import { zId, zLogWork, zReverseWork } from '@monteore/contracts';
import {
  Allow,
  type Caller,
  CallerOf,
  eventually,
  notFound,
  type ServiceCore,
  TEAM,
} from '@monteore/service';
import { Body, Controller, Inject, Param, Post, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import type { z } from 'zod';
import { KnownActivities } from '../following-activities/known-activities.js';
import { factsOf, PackageDesk } from '../package-stream/package-desk.js';
import { reverseWork } from '../reversing-work/decide.js';
import { CORE } from '../tokens.js';
import { logWork } from './decide.js';

/** R6, R15: work entries and their reversal. */
@Controller('v1/packages/:packageId/work-entries')
export class WorkEntriesController {
  constructor(
    @Inject(CORE) private readonly core: ServiceCore,
    @Inject(PackageDesk) private readonly desk: PackageDesk,
    @Inject(KnownActivities) private readonly activities: KnownActivities,
  ) {}

  @Post()
  @Allow('ledger:work', ...TEAM)
  async log(
    @Param('packageId', { schema: zId }) packageId: string,
    @Body({ schema: zLogWork }) body: z.output<typeof zLogWork>,
    @CallerOf() caller: Caller,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const { package: found } = await this.desk.see(caller.principal, packageId);
    const agreed = found.agreedActivities.find(({ activityId }) => activityId === body.activityId);
    const known =
      agreed === undefined
        ? await eventually(() => this.activities.find(packageId, body.activityId))
        : ((await this.activities.find(packageId, body.activityId)) ?? {
            multiplier: agreed.urgent ? found.policy.urgentMultiplier : 1,
          });
    if (known === null) throw notFound('ledger', 'activity on this package');
    const performedById = this.core.people.teamId(body.performedBy);
    const { performedBy: _, ...facts } = body;
    const { events } = await this.desk.command(
      packageId,
      caller,
      { ...facts, performedById },
      reply,
      (state, context) =>
        logWork(state, context, { ...facts, performedById, unapprovedMultiplier: known.multiplier }),
    );
    await this.core.people.rememberTeamMember(body.performedBy);
    const charged = factsOf(events, 'WorkCharged');
    return {
      workEntryId: charged?.workEntryId,
      actualMinutes: charged?.actualMinutes,
      chargedMinutes: charged?.chargedMinutes,
      overrunMinutes: charged?.overrunMinutes,
      ...(charged?.overrunId === undefined ? {} : { overrunId: charged.overrunId }),
    };
  }

  @Post(':workEntryId/reversal')
  @Allow('ledger:work', ...TEAM)
  async reverse(
    @Param('packageId', { schema: zId }) packageId: string,
    @Param('workEntryId', { schema: zId }) workEntryId: string,
    @Body({ schema: zReverseWork }) body: z.output<typeof zReverseWork>,
    @CallerOf() caller: Caller,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const { role } = caller.principal;
    const ownEntriesOnly = role !== 'administrator' && role !== 'referent';
    const input = { workEntryId, ...body };
    const { events } = await this.desk.command(packageId, caller, input, reply, (state, context) =>
      reverseWork(state, context, { ...input, ownEntriesOnly }),
    );
    const reversed = factsOf(events, 'ChargeReversed');
    return { workEntryId, actualMinutes: reversed?.actualMinutes, chargedMinutes: reversed?.chargedMinutes };
  }
}
