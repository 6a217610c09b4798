import { zId } from '@monteore/contracts';
import { derivedId, isRefusal, type Refusal, RefusalError } from '@monteore/kernel';
import {
  Allow,
  type Caller,
  CallerOf,
  decodeCursor,
  envelopeOf,
  notFound,
  pageOf,
  type ServiceCore,
  type StreamCommand,
  TEAM,
  tellPosition,
  zListQuery,
} from '@monteore/service';
import { Controller, Get, HttpCode, Inject, Param, Post, Query, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { loadContent } from '../request/content.js';
import { receiveRequest } from '../request/decide.js';
import { streamOfRequest, streamOfThread } from '../request/events.js';
import { closingDaysOf, nextRequestNumber } from '../request/numbers.js';
import { asStreamDecision, type RequestDecision } from '../request/request-desk.js';
import type { ReplyState, RequestState, ThreadState } from '../request/state.js';
import { IntakeStreams } from '../request/streams.js';
import { type ReplyFacts, replyFacts } from '../request-list/request-facts.js';
import { replyView } from '../showing-requests/views.js';
import { CORE } from '../tokens.js';

const zFilter = zListQuery.extend({
  seen: z.enum(['true', 'false']).default('false'),
  packageId: zId.optional(),
});
const zPlace = z.tuple([z.iso.datetime(), z.string()]);

/** What a thread of replies is: that of a request, or of an activity that no request stands behind. */
type Thread = Pick<ReplyFacts, 'requestId' | 'activityId' | 'packageId' | 'clientId'>;

/** R8: a reply stays in the inbox until a person has seen it, or has made a request of it. */
@Controller('v1')
export class RepliesController {
  constructor(
    @Inject(CORE) private readonly core: ServiceCore,
    @Inject(IntakeStreams) private readonly streams: IntakeStreams,
  ) {}

  @Get('replies')
  @Allow('intake:read', ...TEAM, 'auditor')
  async list(@Query({ schema: zFilter }) query: z.output<typeof zFilter>) {
    const [afterAt = null, afterId = null] = decodeCursor(zPlace, query.cursor) ?? [];
    const rows = await this.core.database.query<{ reply_id: string; received_at: Date }>(
      `SELECT reply_id, received_at FROM replies
       WHERE (seen_at IS NOT NULL) = $1 AND ($2::timestamptz IS NULL OR (received_at, reply_id) > ($2::timestamptz, $3::text))
         AND ($4::text IS NULL OR package_id = $4)
       ORDER BY received_at, reply_id LIMIT $5`,
      [query.seen === 'true', afterAt, afterId, query.packageId ?? null, query.limit + 1],
    );
    const page = pageOf(
      rows,
      query.limit,
      (row) => row.reply_id,
      (row) => [row.received_at.toISOString(), row.reply_id],
    );
    const items = await Promise.all(page.items.map((replyId) => this.item(replyId)));
    return { items: items.filter((item) => item !== null), nextCursor: page.nextCursor };
  }

  @Post('requests/:requestId/replies/:replyId/seen')
  @HttpCode(200)
  @Allow('intake:write', ...TEAM)
  seenOfRequest(
    @Param('requestId', { schema: zId }) requestId: string,
    @Param('replyId', { schema: zId }) replyId: string,
    @CallerOf() caller: Caller,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    return this.markSeen(replyId, caller, reply, requestId);
  }

  @Post('replies/:replyId/seen')
  @HttpCode(200)
  @Allow('intake:write', ...TEAM)
  seen(
    @Param('replyId', { schema: zId }) replyId: string,
    @CallerOf() caller: Caller,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    return this.markSeen(replyId, caller, reply);
  }

  @Post('requests/:requestId/replies/:replyId/request')
  @Allow('intake:write', ...TEAM)
  requestOfRequest(
    @Param('requestId', { schema: zId }) requestId: string,
    @Param('replyId', { schema: zId }) replyId: string,
    @CallerOf() caller: Caller,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    return this.makeRequest(replyId, caller, reply, requestId);
  }

  @Post('replies/:replyId/request')
  @Allow('intake:write', ...TEAM)
  request(
    @Param('replyId', { schema: zId }) replyId: string,
    @CallerOf() caller: Caller,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    return this.makeRequest(replyId, caller, reply);
  }

  /** Quiet when it was seen before. */
  private async markSeen(replyId: string, caller: Caller, reply: FastifyReply, requestId?: string) {
    const thread = await this.threadOf(replyId, requestId);
    const after = await this.command(thread, replyId, caller, reply, (state) =>
      state.seen ? { events: [] } : { events: [{ type: 'ReplySeen', data: { replyId } }] },
    );
    return replyView(after, this.core.blobs);
  }

  /** R8: a request with the deadline of the reply's receipt, on the package of its thread while that is open. */
  private async makeRequest(replyId: string, caller: Caller, reply: FastifyReply, requestId?: string) {
    const thread = await this.threadOf(replyId, requestId);
    const state = await this.replyIn(thread, replyId);
    const content = await loadContent(this.core.blobs, state.contentRef);
    const onPackage =
      thread.packageId === undefined ? null : await this.core.access.packageOf(thread.packageId);
    const packageId = onPackage?.status === 'open' ? onPackage.packageId : undefined;
    const newId = derivedId('request-of-reply', replyId);
    const received = receiveRequest({
      requestId: newId,
      number: await nextRequestNumber(this.core.database),
      packageId,
      clientId: thread.clientId,
      contactId: state.contactId,
      channel: 'reply',
      urgent: state.urgent,
      possiblySeveral: content.possiblySeveral,
      receivedAt: state.receivedAt,
      contentRef: state.contentRef,
      rawSha256: state.rawSha256,
      mailId: state.mailId,
      ofReply: replyId,
      closingDays: await closingDaysOf(this.core.database, packageId),
    });
    const after = await this.command(thread, replyId, caller, reply, (current) =>
      current.madeRequestId !== undefined
        ? { events: [] }
        : {
            events: [{ type: 'ReplyMadeRequest', data: { replyId, requestId: newId } }],
            created: [received],
          },
    );
    const [first] = await this.core.store.read(streamOfRequest(newId), { limit: 1 });
    if (first !== undefined) tellPosition(reply, this.core.freshnessOf([first]));
    return { requestId: after.madeRequestId };
  }

  private async item(replyId: string) {
    const facts = await replyFacts(this.core.database, replyId);
    if (facts === null) return null;
    const { requestId, activityId, packageId, clientId } = facts;
    const state = await this.replyIn(facts, replyId);
    return { requestId, activityId, packageId, clientId, ...(await replyView(state, this.core.blobs)) };
  }

  /** The thread of a reply. Where the path names its request, that has to be the one. */
  private async threadOf(replyId: string, requestId?: string): Promise<Thread> {
    if (requestId !== undefined) {
      const { state } = await this.streams.requests.load(streamOfRequest(requestId));
      if (state.status === 'unknown' || !state.replies.has(replyId)) throw notFound('intake', 'reply');
      const { packageId, clientId = '' } = state.snapshot;
      return { requestId, packageId, clientId };
    }
    const facts = await replyFacts(this.core.database, replyId);
    if (facts === null) throw notFound('intake', 'reply');
    return facts;
  }

  private async replyIn({ requestId, activityId }: Thread, replyId: string): Promise<ReplyState> {
    const { state } =
      requestId === undefined
        ? await this.streams.threads.load(streamOfThread(activityId!))
        : await this.streams.requests.load(streamOfRequest(requestId));
    return replyOf(state, replyId);
  }

  private async command(
    { requestId, activityId }: Thread,
    replyId: string,
    caller: Caller,
    reply: FastifyReply,
    decide: (state: ReplyState) => RequestDecision,
  ): Promise<ReplyState> {
    const command: Omit<StreamCommand<WithReplies>, 'streamId'> = {
      ...envelopeOf(caller, { replyId }),
      decide: (state, now) => asStreamDecision(decide(replyOf(state, replyId)), now),
    };
    const result =
      requestId === undefined
        ? await this.streams.threads.execute({ ...command, streamId: streamOfThread(activityId!) })
        : await this.streams.requests.execute({ ...command, streamId: streamOfRequest(requestId) });
    if (isRefusal(result)) throw new RefusalError(result satisfies Refusal);
    tellPosition(reply, this.core.freshnessOf(result.events));
    return replyOf(result.state, replyId);
  }
}

type WithReplies = RequestState | ThreadState;

function replyOf(state: WithReplies, replyId: string): ReplyState {
  const reply = 'replies' in state ? state.replies.get(replyId) : undefined;
  if (reply === undefined) throw notFound('intake', 'reply');
  return reply;
}
