import { formatInstant } from '@monteore/calendar';
import { zLinkDecision } from '@monteore/contracts';
import { derivedId, inputHashOf, type Language, RefusalError } from '@monteore/kernel';
import {
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
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type ActivityState, type Board, displayTitleOf, newestOf, versionOf } from '../board/state.js';
import { BoardDesk } from '../board-stream/board-desk.js';
import { BoardStreams } from '../board-stream/board-streams.js';
import { decideEstimate } from '../deciding-estimates/decide.js';
import { isSettled, outcomeOf } from '../deciding-estimates/decision-answers.js';
import { LedgerCopy } from '../following-the-ledger/ledger-copy.js';
import { CORE } from '../tokens.js';
import { type DecisionView, decisionPage, decisionPageTitle } from './decision-page.js';

type Link = VerifiedLink<'decision'>;

/**
 * R5: the single-use link in a mail. Opening it shows, pressing a button decides; it is good as long as its contact
 * is an approver of the package. It works without JavaScript; a program gets JSON.
 */
@Controller('v1/decision-links')
export class DecisionLinksController {
  constructor(
    @Inject(CORE) private readonly core: ServiceCore,
    @Inject(BoardDesk) private readonly desk: BoardDesk,
    @Inject(BoardStreams) private readonly streams: BoardStreams,
    @Inject(LedgerCopy) private readonly ledger: LedgerCopy,
  ) {}

  @Get(':token')
  @Public()
  async show(
    @Param('token') token: string,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    await answerToLink(request, reply, this.core.logger, async () =>
      this.tell(await this.open(token), request, reply),
    );
  }

  @Post(':token')
  @Public()
  async decide(
    @Param('token') token: string,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    await answerToLink(request, reply, this.core.logger, async () => {
      const link = await this.open(token);
      const { decision, reason } = parseInput(zLinkDecision, request.body);
      const { packageId, activityId, version, contactId, linkId } = link;
      const commandId = derivedId('decision-link', linkId, decision);
      await this.desk
        .give(
          packageId,
          {
            commandId,
            inputHash: inputHashOf({ linkId, decision }),
            actor: { subject: contactId, role: 'approver' },
            correlationId: request.id,
          },
          reply,
          (state, context) =>
            decideEstimate(state, context, {
              activityId,
              version,
              decision,
              linkId,
              ...(reason === undefined || reason === '' ? {} : { reason }),
            }),
        )
        .catch((error: unknown) => {
          // Whoever presses too late, or the other way round, sees on the page how it stands.
          if (!(wantsPage(request.headers.accept) && error instanceof RefusalError)) throw error;
        });
      await this.desk.answered(packageId, (board) => isSettled(board.activities.get(activityId)!, version));
      await this.tell(link, request, reply);
    });
  }

  /** The link, if it still opens anything. Forged, unknown and taken away look alike. */
  private async open(token: string): Promise<Link> {
    const link = await this.core.links.verify('decision', token);
    if (link === null || link === 'expired') throw linkOpensNothing('estimation');
    const roles = await this.core.access.rolesOn(link.packageId, link.contactId);
    const board = roles.includes('approver') ? await this.streams.load(link.packageId) : null;
    const activity = board?.activities.get(link.activityId);
    if (activity === undefined || versionOf(activity, link.version) === undefined)
      throw linkOpensNothing('estimation');
    return link;
  }

  private async tell(link: Link, request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const language = await this.languageOf(link);
    const view = await this.viewOf(link);
    if (!wantsPage(request.headers.accept)) {
      reply
        .status(200)
        .header('cache-control', 'no-store')
        .send({ activityId: link.activityId, ...view });
      return;
    }
    const decidedAt = view.standing.kind === 'decided' ? formatInstant(view.standing.at, language) : '';
    const body = decisionPage(view, language, decidedAt);
    sendPage(reply, 200, { language, title: decisionPageTitle(language), body });
  }

  private async viewOf(link: Link): Promise<DecisionView> {
    const board = await this.streams.loadOrThrow(link.packageId);
    const activity = board.activities.get(link.activityId)!;
    const { version, minutes, multiplier, weightedMinutes, due, assigneeId } = versionOf(
      activity,
      link.version,
    )!;
    const found = await this.core.access.packageOf(link.packageId);
    const balances = await this.ledger.balancesOf(link.packageId);
    const held = (await this.ledger.minutesOf([link.activityId])).get(link.activityId)?.heldMinutes ?? 0;
    const label = (await this.core.people.labels([assigneeId]))(assigneeId);
    return {
      packageName: found?.name ?? '',
      displayTitle: displayTitleOf(activity),
      ...(activity.description === undefined ? {} : { description: activity.description }),
      version,
      minutes,
      multiplier,
      weightedMinutes,
      due,
      ...(label === undefined ? {} : { assignee: label }),
      ...(balances === null
        ? {}
        : {
            availableMinutes: balances.availableMinutes,
            leftMinutes: balances.availableMinutes + held - weightedMinutes,
          }),
      standing: await this.standingOf(board, activity, version),
    };
  }

  private async standingOf(
    board: Board,
    activity: ActivityState,
    version: number,
  ): Promise<DecisionView['standing']> {
    const decision = activity.decisions.get(version);
    if (decision !== undefined) {
      const who = decision.by.onBehalfOf ?? decision.by.subject;
      const person = (await this.core.people.find([who])).get(who);
      return {
        kind: 'decided',
        outcome: decision.outcome,
        by: person?.name ?? person?.email ?? who,
        at: decision.at,
        hours: outcomeOf(activity, version),
        ...(activity.waiting?.version === version ? { missingMinutes: activity.waiting.missingMinutes } : {}),
      };
    }
    const newest = newestOf(activity)!.version;
    if (newest !== version) return { kind: 'outdated', newestVersion: newest };
    return activity.askedVersion === version && board.status !== 'closed'
      ? { kind: 'open' }
      : { kind: 'over' };
  }

  private async languageOf({ contactId }: Link): Promise<Language> {
    return (await this.core.people.find([contactId])).get(contactId)?.language ?? 'it';
  }
}
