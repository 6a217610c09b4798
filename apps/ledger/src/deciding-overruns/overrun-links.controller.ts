import { zOverrunLinkDecision } from '@monteore/contracts';
import { derivedId, type Language, RefusalError, refuse } from '@monteore/kernel';
import {
  type AuthenticatedRequest,
  answerToLink,
  linkOpensNothing,
  Public,
  parseInput,
  type ServiceCore,
  sendPage,
  type VerifiedLink,
  wantsPage,
} from '@monteore/service';
import { Controller, Get, Inject, Param, Post, Req, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { KnownActivities } from '../following-activities/known-activities.js';
import { balancesOf, spendableMinutes } from '../package/balances.js';
import type { OverrunState, Package } from '../package/state.js';
import { PackageDesk } from '../package-stream/package-desk.js';
import { PackageStreams, packageEventOf, streamOfPackage } from '../package-stream/package-streams.js';
import { ClientStreams } from '../registering-clients/client-streams.js';
import { CORE } from '../tokens.js';
import { decideOverrun } from './decide.js';
import { type OverrunView, overrunPage, overrunPageTitle, reasonByLink } from './overrun-page.js';

interface Opened {
  readonly link: VerifiedLink<'overrun'>;
  readonly package: Package;
  readonly overrun: OverrunState;
  readonly language: Language;
}

/** R6: the single-use link of a mail about an overrun. Opening it shows, pressing a button decides. */
@Controller('v1/overrun-links')
export class OverrunLinksController {
  constructor(
    @Inject(CORE) private readonly core: ServiceCore,
    @Inject(PackageDesk) private readonly desk: PackageDesk,
    @Inject(PackageStreams) private readonly streams: PackageStreams,
    @Inject(ClientStreams) private readonly clients: ClientStreams,
    @Inject(KnownActivities) private readonly activities: KnownActivities,
  ) {}

  @Get(':token')
  @Public()
  async show(
    @Param('token') token: string,
    @Req() request: AuthenticatedRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    await answerToLink(request, reply, this.core.logger, async () =>
      this.tell(await this.open(token), 200, request, reply),
    );
  }

  @Post(':token')
  @Public()
  async decide(
    @Param('token') token: string,
    @Req() request: AuthenticatedRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    await answerToLink(request, reply, this.core.logger, async () => {
      const opened = await this.open(token);
      const { decision, reason } = parseInput(zOverrunLinkDecision, request.body);
      const given = reason === undefined || reason === '' ? reasonByLink(opened.language) : reason;
      const status = await this.give(opened, decision, given, request, reply).catch((error: unknown) => {
        // Whoever presses too late, or without enough hours, sees on the page how it stands.
        if (!(wantsPage(request.headers.accept) && error instanceof RefusalError)) throw error;
        return error.refusal.status;
      });
      await this.tell(await this.open(token), status, request, reply);
    });
  }

  /** The normal decision, made by the link's contact. The link's id makes the command's: a link decides once. */
  private async give(
    { link, overrun }: Opened,
    decision: 'charge' | 'refuse',
    reason: string,
    request: AuthenticatedRequest,
    reply: FastifyReply,
  ): Promise<number> {
    const { packageId, overrunId, contactId, linkId } = link;
    const outcome = decision === 'charge' ? 'charged' : 'refused';
    if (overrun.state !== 'open' && overrun.state !== outcome) throw alreadyDecided(overrun);
    const caller = {
      principal: { subject: contactId, role: 'approver' as const, scopes: [] },
      correlationId: request.id,
      commandId: derivedId('overrun-link', linkId, decision),
    };
    await this.desk.command(packageId, caller, { linkId, decision }, reply, (state, context) =>
      decideOverrun(state, context, { overrunId, decision, reason }),
    );
    return 200;
  }

  /** The link, if it still opens anything. Forged, expired, unknown and taken away look alike. */
  private async open(token: string): Promise<Opened> {
    const link = await this.core.links.verify('overrun', token);
    if (link === null || link === 'expired') throw linkOpensNothing('ledger');
    const roles = await this.core.access.rolesOn(link.packageId, link.contactId);
    const loaded = roles.includes('approver') ? await this.streams.load(link.packageId) : null;
    const overrun = loaded?.package.overruns.get(link.overrunId);
    if (loaded === null || overrun === undefined) throw linkOpensNothing('ledger');
    const client = await this.clients.load(loaded.package.clientId);
    const language = client?.client.contacts.get(link.contactId)?.language ?? 'it';
    return { link, package: loaded.package, overrun, language };
  }

  private async tell(
    opened: Opened,
    status: number,
    request: AuthenticatedRequest,
    reply: FastifyReply,
  ): Promise<void> {
    const { language } = opened;
    const view = await this.viewOf(opened);
    if (!wantsPage(request.headers.accept)) {
      reply.status(status).header('cache-control', 'no-store').send(view);
      return;
    }
    sendPage(reply, status, {
      language,
      title: overrunPageTitle(language),
      body: overrunPage(view, language),
    });
  }

  private async viewOf({ package: found, overrun }: Opened): Promise<OverrunView> {
    const { overrunId, activityId, workEntryId, recordedMinutes } = overrun;
    const entry = found.entries.get(workEntryId)!;
    const agreed = found.agreedActivities.find((activity) => activity.activityId === activityId);
    const title = (await this.activities.find(found.packageId, activityId))?.title ?? agreed?.title;
    const waits = overrun.state === 'open' || overrun.state === 'refused';
    const minutes = waits ? overrun.minutes : recordedMinutes;
    const { availableMinutes } = balancesOf(found);
    return {
      packageId: found.packageId,
      packageName: found.name,
      overrunId,
      activityId,
      ...(title === undefined ? {} : { activityTitle: title }),
      performedOn: entry.performedOn,
      actualMinutes: entry.actualMinutes,
      minutes,
      availableMinutes,
      leftMinutes: availableMinutes - minutes,
      fits: minutes <= spendableMinutes(found),
      state: overrun.state === 'open' && found.status === 'closed' ? 'over' : overrun.state,
      ...(overrun.state === 'open' ? {} : await this.lastDecision(found.packageId, overrunId)),
    };
  }

  /** Who decided what is shown, and when; of a reversal there is nobody to name. */
  private async lastDecision(
    packageId: string,
    overrunId: string,
  ): Promise<Pick<OverrunView, 'decidedBy' | 'decidedAt'>> {
    const events = await this.core.store.read(streamOfPackage(packageId), { direction: 'backwards' });
    for (const event of events) {
      const recorded = packageEventOf(event);
      if (recorded.type !== 'OverrunDecided' || recorded.data.overrunId !== overrunId) continue;
      const { subject, onBehalfOf } = recorded.data.decidedBy;
      const who = onBehalfOf ?? subject;
      const person = (await this.core.people.find([who])).get(who);
      const name = person?.name ?? person?.email;
      return name === undefined ? {} : { decidedBy: name, decidedAt: event.recordedAt };
    }
    return {};
  }
}

const alreadyDecided = (overrun: OverrunState): RefusalError =>
  new RefusalError(
    refuse(
      409,
      'ledger.overrun-settled',
      'Already decided',
      `This overrun has already been ${overrun.state}.`,
      {
        extra: { overrunId: overrun.overrunId, state: overrun.state },
      },
    ),
  );
