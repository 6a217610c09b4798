import { zId } from '@monteore/contracts';
import { type Actor, sha256Hex } from '@monteore/kernel';
import {
  Allow,
  type AuthenticatedRequest,
  type Caller,
  CallerOf,
  CONTACTS,
  decodeCursor,
  eventually,
  isContact,
  notFound,
  pageOf,
  type ServiceCore,
  TEAM,
  zListQuery,
} from '@monteore/service';
import { Controller, Get, Inject, Param, Query, Req, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { activityView, actorView, type LabelOf, packageView } from '../board/view.js';
import { CORE } from '../tokens.js';
import { BoardDesk } from './board-desk.js';
import { type ActivityStory, Boards, type ListPlace, placeOf } from './boards.js';

const zBoardsQuery = zListQuery.extend({
  clientId: zId.optional(),
  status: z.enum(['open', 'closing', 'closed']).optional(),
});

const zPlace = z.tuple([z.boolean(), z.string(), z.string()]) satisfies z.ZodType<ListPlace>;

/** R10: the boards, for the team all of them, for a contact those that are shared with it. */
@Controller('v1/boards')
export class BoardsController {
  constructor(
    @Inject(CORE) private readonly core: ServiceCore,
    @Inject(Boards) private readonly boards: Boards,
    @Inject(BoardDesk) private readonly desk: BoardDesk,
  ) {}

  @Get()
  @Allow('reporting:read', ...TEAM, 'auditor', ...CONTACTS)
  async list(
    @Query({ schema: zBoardsQuery }) query: z.output<typeof zBoardsQuery>,
    @CallerOf() { principal }: Caller,
  ) {
    const after = decodeCursor(zPlace, query.cursor);
    const contactId = isContact(principal) ? principal.subject : null;
    const rows = await this.boards.list({ ...query, contactId, after });
    const labelOf = await this.core.people.labels(rows.map((row) => row.referent_id));
    const clients = await this.core.people.find(rows.map((row) => row.client_id));
    return pageOf(
      rows,
      query.limit,
      (row) => ({
        ...packageView(row, labelOf),
        clientName: clients.get(row.client_id)?.name,
        decisionsWaiting: row.decisions_waiting,
        waitingForHours: row.waiting_for_hours,
        openOverruns: row.open_overruns,
      }),
      placeOf,
    );
  }

  @Get(':packageId')
  @Allow('reporting:read', ...TEAM, 'auditor', ...CONTACTS)
  async show(
    @Param('packageId', { schema: zId }) packageId: string,
    @CallerOf() { principal }: Caller,
    @Req() request: AuthenticatedRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    await this.desk.see(principal, packageId);
    return answerUnlessKnown(request, reply, await this.desk.view(packageId));
  }

  /** One activity's whole story: estimates and decisions as estimation told them, and every movement of its hours. */
  @Get(':packageId/activities/:activityId')
  @Allow('reporting:read', ...TEAM, 'auditor', ...CONTACTS)
  async story(
    @Param('packageId', { schema: zId }) packageId: string,
    @Param('activityId', { schema: zId }) activityId: string,
    @CallerOf() { principal }: Caller,
  ) {
    await this.desk.see(principal, packageId);
    const story = await eventually(() => this.boards.story(packageId, activityId));
    if (story === null) throw notFound('reporting', 'activity');
    return storyView(story, await this.core.people.labels(namedIn(story)));
  }
}

/** The tag is made of the answer itself, so that a name that changed changes it too. */
function answerUnlessKnown(request: AuthenticatedRequest, reply: FastifyReply, body: object) {
  const text = JSON.stringify(body);
  const etag = `"${sha256Hex(text).slice(0, 32)}"`;
  reply.header('etag', etag).header('cache-control', 'private, no-cache');
  const known = String(request.headers['if-none-match'] ?? '').split(/\s*,\s*/);
  if (known.includes(etag) || known.includes(`W/${etag}`)) {
    reply.status(304);
    return undefined;
  }
  return body;
}

/** Members of a story's facts that hold people. */
const ACTOR_MEMBERS = ['decidedBy', 'withdrawnBy'] as const;
const PERSON_MEMBERS = ['assigneeId', 'previousAssigneeId'] as const;

function namedIn({ activity, decisions, movements }: ActivityStory): string[] {
  const actors = [
    activity.snapshot.decidedBy,
    ...movements.map(({ actor }) => actor),
    ...decisions.flatMap(({ facts }) => ACTOR_MEMBERS.map((member) => facts[member] as Actor | undefined)),
  ].filter((actor) => actor !== undefined);
  const people = [
    activity.snapshot.assigneeId,
    ...movements.map((row) => row.performed_by_id ?? undefined),
    ...decisions.flatMap(({ facts }) => PERSON_MEMBERS.map((member) => facts[member] as string | undefined)),
    ...actors.flatMap((actor) => [actor.subject, actor.onBehalfOf]),
  ];
  return people.filter((personId) => personId !== undefined);
}

function storyView({ activity, decisions, movements }: ActivityStory, labelOf: LabelOf) {
  return {
    ...activityView(activity, labelOf),
    story: decisions.map(({ type, at, facts }) => ({ type, at, ...named(facts, labelOf) })),
    movements: movements.map((row) => ({
      sequence: row.sequence,
      type: row.type,
      occurredOn: row.occurred_on,
      recordedAt: row.recorded_at,
      actor: actorView(row.actor, labelOf),
      performedBy: labelOf(row.performed_by_id ?? undefined),
      actualMinutes: row.actual_minutes ?? undefined,
      multiplier: row.multiplier ?? undefined,
      chargedDeltaMinutes: row.charged_delta_minutes,
      postedDeltaMinutes: row.posted_delta_minutes,
      heldDeltaMinutes: row.held_delta_minutes,
      availableMinutes: row.available_minutes,
      note: row.note ?? undefined,
      hash: row.hash,
    })),
  };
}

/** The facts with names in the place of ids. */
function named(facts: Readonly<Record<string, unknown>>, labelOf: LabelOf): Record<string, unknown> {
  const { assigneeId, previousAssigneeId, estimate, ...rest } = facts;
  const shown: Record<string, unknown> = { ...rest };
  for (const member of ACTOR_MEMBERS) {
    if (facts[member] !== undefined) shown[member] = actorView(facts[member] as Actor, labelOf);
  }
  if (estimate !== undefined) {
    const { assigneeId: personId, ...version } = estimate as Record<string, unknown>;
    shown.estimate = { ...version, assignee: labelOf(personId as string) };
  }
  if (assigneeId !== undefined) shown.assignee = labelOf(assigneeId as string);
  if (previousAssigneeId !== undefined) shown.previousAssignee = labelOf(previousAssigneeId as string);
  return shown;
}
