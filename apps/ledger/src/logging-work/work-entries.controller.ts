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
    // What is known stands on the package it names; only what is not yet known asks for the package.
    const known =
      (await this.activities.find(packageId, body.activityId)) ??
      (await this.justMade(caller, packageId, body.activityId));
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

  /** An activity of which the ledger was not told yet: agreed when the package was opened, or one that has to be waited for. */
  private async justMade(
    caller: Caller,
    packageId: string,
    activityId: string,
  ): Promise<{ readonly multiplier: number }> {
    const { package: found } = await this.desk.see(caller.principal, packageId);
    const agreed = found.agreedActivities.find((activity) => activity.activityId === activityId);
    if (agreed !== undefined) return { multiplier: agreed.urgent ? found.policy.urgentMultiplier : 1 };
    const known = await eventually(() => this.activities.find(packageId, activityId));
    if (known === null) throw notFound('ledger', 'activity on this package');
    return known;
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
