import { zDecideOverrun, zId } from '@monteore/contracts';
import { RefusalError, refuse } from '@monteore/kernel';
import {
  Allow,
  type Caller,
  CallerOf,
  forbidden,
  isContact,
  REFERENTS,
  type ServiceCore,
  TEAM,
} from '@monteore/service';
import { Body, Controller, HttpCode, Inject, Param, Post, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import type { z } from 'zod';
import { factsOf, PackageDesk } from '../package-stream/package-desk.js';
import { CORE } from '../tokens.js';
import { decideOverrun } from './decide.js';

type Decision = z.output<typeof zDecideOverrun>;

/** R6: an approver has an overrun charged or says no; the referent absorbs it. */
@Controller('v1/packages/:packageId/overruns')
export class OverrunsController {
  constructor(
    @Inject(CORE) private readonly core: ServiceCore,
    @Inject(PackageDesk) private readonly desk: PackageDesk,
  ) {}

  @Post(':overrunId/decision')
  @HttpCode(200)
  @Allow('ledger:overruns', ...TEAM, 'approver')
  async decide(
    @Param('packageId', { schema: zId }) packageId: string,
    @Param('overrunId', { schema: zId }) overrunId: string,
    @Body({ schema: zDecideOverrun }) body: Decision,
    @CallerOf() caller: Caller,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const onBehalfOf = await this.whoDecides(packageId, body, caller);
    const { contactId: _, ...decision } = body;
    const input = { overrunId, ...decision, onBehalfOf };
    const { events, state } = await this.desk.command(
      packageId,
      caller,
      input,
      reply,
      (current, context) => decideOverrun(current, context, { overrunId, ...decision }),
      onBehalfOf,
    );
    const decided = factsOf(events, 'OverrunDecided');
    const known = state.status === 'unopened' ? undefined : state.overruns.get(overrunId);
    return {
      overrunId,
      state: decided?.outcome ?? known?.state,
      minutes: decided?.remainingMinutes ?? known?.minutes,
    };
  }

  /** A contact decides for itself; the team names an approver, but absorbs by itself. */
  private async whoDecides(
    packageId: string,
    body: Decision,
    { principal }: Caller,
  ): Promise<string | undefined> {
    const { roles } = await this.desk.see(principal, packageId);
    if (isContact(principal)) {
      if (body.decision === 'absorb' || !roles.includes('approver')) {
        throw forbidden('An approver has an overrun charged or refuses it; absorbing it is the referent’s.');
      }
      if (body.contactId !== undefined && body.contactId !== principal.subject) {
        throw forbidden('You decide as yourself: leave contactId out, or give your own id.');
      }
      return undefined;
    }
    if (body.decision === 'absorb') {
      if (!(REFERENTS as readonly string[]).includes(principal.role) && principal.role !== 'machine') {
        throw forbidden('Only the referent or an administrator absorbs an overrun.');
      }
      return undefined;
    }
    const isApprover =
      body.contactId !== undefined &&
      (await this.core.access.rolesOn(packageId, body.contactId)).includes('approver');
    if (!isApprover) {
      throw new RefusalError(
        refuse(
          422,
          'ledger.approver-required',
          'An approver must be named',
          'contactId: name the approver of this package who decided.',
          {
            errors: [{ pointer: '/contactId', detail: 'not an approver of this package' }],
          },
        ),
      );
    }
    return body.contactId;
  }
}
