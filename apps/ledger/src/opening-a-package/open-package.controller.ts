import { zOpenPackage } from '@monteore/contracts';
import { DEFAULT_POLICY, derivedId, RefusalError, refuse } from '@monteore/kernel';
import { Allow, type Caller, CallerOf, REFERENTS, type ServiceCore } from '@monteore/service';
import { Body, Controller, Inject, Post, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import type { z } from 'zod';
import { PackageDesk } from '../package-stream/package-desk.js';
import { ClientStreams } from '../registering-clients/client-streams.js';
import { CORE } from '../tokens.js';
import { openPackage } from './decide.js';

type Body_ = z.output<typeof zOpenPackage>;

/** R1: a package is opened for a client, with its first lot, its policies and the agreed activities. */
@Controller('v1/packages')
export class OpenPackageController {
  constructor(
    @Inject(CORE) private readonly core: ServiceCore,
    @Inject(PackageDesk) private readonly desk: PackageDesk,
    @Inject(ClientStreams) private readonly clients: ClientStreams,
  ) {}

  @Post()
  @Allow('ledger:write', ...REFERENTS)
  async open(
    @Body({ schema: zOpenPackage }) body: Body_,
    @CallerOf() caller: Caller,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    await this.check(body);
    const packageId = derivedId('package', caller.commandId);
    const { people } = this.core;
    const referentId = people.teamId(body.referentEmail);
    const agreedActivities = body.agreedActivities.map(({ assignee, ...activity }, index) => ({
      ...activity,
      activityId: derivedId('agreed-activity', packageId, String(index)),
      assigneeId: people.teamId(assignee),
    }));
    const opening = {
      packageId,
      clientId: body.clientId,
      name: body.name,
      referentId,
      policy: { ...DEFAULT_POLICY, ...body.policy },
      ...(body.endsOn === undefined ? {} : { endsOn: body.endsOn }),
      ...(body.contacts === undefined ? {} : { contacts: body.contacts }),
      agreedActivities,
    };
    const firstLot = {
      minutes: body.grantedMinutes,
      ...(body.expiresOn === undefined ? {} : { expiresOn: body.expiresOn }),
    };
    await this.desk.command(packageId, caller, { opening, firstLot }, reply, (state, context) =>
      openPackage(state, context, { opening, firstLot }),
    );
    const named = [body.referentEmail, ...body.agreedActivities.map(({ assignee }) => assignee)];
    for (const label of new Set(named)) await people.rememberTeamMember(label);
    return { packageId };
  }

  private async check(body: Body_): Promise<void> {
    const loaded = await this.clients.load(body.clientId);
    if (loaded === null) throw invalid('/clientId', 'names no client');
    body.contacts?.forEach(({ contactId }, index) => {
      if (!loaded.client.contacts.has(contactId)) {
        throw invalid(`/contacts/${index}/contactId`, 'is no contact of this client');
      }
    });
  }
}

const invalid = (pointer: string, detail: string) =>
  new RefusalError(
    refuse(
      422,
      'ledger.invalid-reference',
      'The package cannot be opened like this',
      `${pointer}: ${detail}`,
      {
        errors: [{ pointer, detail }],
      },
    ),
  );
