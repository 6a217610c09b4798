import { zDiscardMail, zId, zReleaseMail } from '@monteore/contracts';
import { derivedId, isRefusal, RefusalError } from '@monteore/kernel';
import {
  Allow,
  type Caller,
  CallerOf,
  decodeCursor,
  envelopeOf,
  eventually,
  notFound,
  pageOf,
  type ServiceCore,
  TEAM,
  tellPosition,
  zListQuery,
} from '@monteore/service';
import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { askedFor } from '../receiving-mail/decide-inbound-mail.js';
import { senderOf } from '../receiving-mail/gather-facts.js';
import { subjectTags } from '../receiving-mail/package-tags.js';
import { loadContent } from '../request/content.js';
import { receiveRequest } from '../request/decide.js';
import { DISPOSITIONS, type MailFactsByType, streamOfMail, streamOfRequest } from '../request/events.js';
import { type MailState, refusedUnlessWaiting } from '../request/mail-state.js';
import { closingDaysOf, nextRequestNumber } from '../request/numbers.js';
import { asDecided, IntakeStreams } from '../request/streams.js';
import { type MailFacts, mailFacts } from '../request-list/request-facts.js';
import { sendRawMail } from '../showing-requests/requests.controller.js';
import { CORE } from '../tokens.js';

const zPlace = z.tuple([z.iso.datetime(), z.string()]);
const zMailFilter = zListQuery.extend({ disposition: z.enum(DISPOSITIONS).optional() });

/** R8: what waits in quarantine, unreadable mails included, and every mail that was taken. Of the team alone. */
@Controller('v1')
export class QuarantineController {
  constructor(
    @Inject(CORE) private readonly core: ServiceCore,
    @Inject(IntakeStreams) private readonly streams: IntakeStreams,
  ) {}

  @Get('quarantine')
  @Allow('intake:quarantine', ...TEAM)
  waiting(@Query({ schema: zListQuery }) query: z.output<typeof zListQuery>) {
    return this.list(query, "state = 'waiting'", []);
  }

  @Get('inbound-mail')
  @Allow('intake:quarantine', ...TEAM, 'auditor')
  taken(@Query({ schema: zMailFilter }) query: z.output<typeof zMailFilter>) {
    return this.list(query, '($4::text IS NULL OR disposition = $4)', [query.disposition ?? null]);
  }

  @Get('inbound-mail/:mailId/raw')
  @Allow('intake:quarantine', ...TEAM)
  async raw(@Param('mailId', { schema: zId }) mailId: string, @Res() reply: FastifyReply) {
    const { accepted } = await this.load(mailId);
    const bytes = await this.core.blobs.get(accepted.rawSha256);
    if (bytes === null) throw notFound('intake', 'mail');
    return sendRawMail(reply, accepted.rawSha256, bytes);
  }

  /** The request keeps the deadline of the mail's receipt; `contactId` says who asked, where that is not known. */
  @Post('quarantine/:mailId/release')
  @HttpCode(200)
  @Allow('intake:quarantine', ...TEAM)
  async release(
    @Param('mailId', { schema: zId }) mailId: string,
    @Body({ schema: zReleaseMail }) body: z.output<typeof zReleaseMail>,
    @CallerOf() caller: Caller,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const { accepted } = await this.load(mailId);
    const asked = await this.whoAsked(accepted, body.contactId);
    const content = await loadContent(this.core.blobs, accepted.contentRef);
    const requestId = derivedId('request-of-mail', mailId);
    const received = receiveRequest({
      ...asked,
      requestId,
      number: await nextRequestNumber(this.core.database),
      channel: 'mail',
      urgent: content.urgent,
      possiblySeveral: content.possiblySeveral,
      receivedAt: accepted.receivedAt,
      contentRef: accepted.contentRef,
      rawSha256: accepted.rawSha256,
      mailId,
      closingDays: await closingDaysOf(this.core.database, asked.packageId),
    });
    const { contactId } = asked;
    const released = {
      type: 'MailReleased',
      data: { mailId, requestId, ...(contactId === undefined ? {} : { contactId }) },
    };
    await this.decide(mailId, caller, body, (state, now) => {
      const refusal = refusedUnlessWaiting(state);
      return (
        refusal ?? {
          events: asDecided([released], now),
          creates: [{ streamId: streamOfRequest(requestId), events: asDecided([received], now) }],
        }
      );
    });
    tellPosition(
      reply,
      this.core.freshnessOf(await this.core.store.read(streamOfRequest(requestId), { limit: 1 })),
    );
    return { requestId };
  }

  @Post('quarantine/:mailId/discard')
  @HttpCode(200)
  @Allow('intake:quarantine', ...TEAM)
  async discard(
    @Param('mailId', { schema: zId }) mailId: string,
    @Body({ schema: zDiscardMail }) body: z.output<typeof zDiscardMail>,
    @CallerOf() caller: Caller,
  ) {
    await this.load(mailId);
    const discarded = { type: 'MailDiscarded', data: { mailId, reason: body.reason } };
    await this.decide(mailId, caller, body, (state, now) => {
      const refusal = refusedUnlessWaiting(state);
      return refusal ?? { events: asDecided([discarded], now) };
    });
    return { mailId, state: 'discarded' };
  }

  private async decide(
    mailId: string,
    caller: Caller,
    input: unknown,
    decide: Parameters<IntakeStreams['mails']['execute']>[0]['decide'],
  ): Promise<void> {
    const result = await this.streams.mails.execute({
      ...envelopeOf(caller, input),
      ifVersion: caller.ifVersion,
      streamId: streamOfMail(mailId),
      decide,
    });
    if (isRefusal(result)) throw new RefusalError(result);
  }

  private async load(mailId: string): Promise<Exclude<MailState, { status: 'unknown' }>> {
    const { state } = await this.streams.mails.load(streamOfMail(mailId));
    if (state.status === 'unknown') throw notFound('intake', 'mail');
    return state;
  }

  /** The contact that a person names, else the one whose address it was; with the one package it can mean. */
  private async whoAsked(accepted: MailFactsByType['MailAccepted'], named: string | undefined) {
    const contactId = named ?? accepted.contactId;
    if (contactId === undefined) return {};
    const sender = await eventually(() => senderOf(this.core.database, contactId));
    if (sender === null) {
      if (named !== undefined) throw notFound('intake', 'contact');
      return {};
    }
    const content = await loadContent(this.core.blobs, accepted.contentRef);
    // A person vouches for the sender, so that a viewer asks here as a requester would.
    const packages = sender.packages.map((shared) =>
      shared.roles.length === 0 ? shared : { ...shared, roles: ['requester' as const] },
    );
    const vouched = { ...sender, packages };
    const { referentId } = accepted;
    return askedFor(
      {
        senders: [vouched],
        tags: subjectTags(content.subject),
        threads: [],
        referentIds: referentId === undefined ? [] : [referentId],
      },
      [vouched],
    );
  }

  private async list(
    query: z.output<typeof zListQuery>,
    condition: string,
    parameters: readonly (string | null)[],
  ) {
    const [beforeAt = null, beforeId = null] = decodeCursor(zPlace, query.cursor) ?? [];
    const rows = await this.core.database.query<{ mail_id: string; received_at: Date }>(
      `SELECT mail_id, received_at FROM mails
       WHERE ($1::timestamptz IS NULL OR (received_at, mail_id) < ($1::timestamptz, $2::text)) AND ${condition}
       ORDER BY received_at DESC, mail_id DESC LIMIT $3`,
      [beforeAt, beforeId, query.limit + 1, ...parameters],
    );
    const page = pageOf(
      rows,
      query.limit,
      (row) => row.mail_id,
      (row) => [row.received_at.toISOString(), row.mail_id],
    );
    const items = await Promise.all(page.items.map((mailId) => this.item(mailId)));
    return { items: items.filter((item) => item !== null), nextCursor: page.nextCursor };
  }

  private async item(mailId: string) {
    const [facts, { accepted, requestId }] = await Promise.all([
      mailFacts(this.core.database, mailId),
      this.load(mailId),
    ]);
    if (facts === null) return null;
    const { text, attachments, urgent, urgencyEvidence } = await loadContent(
      this.core.blobs,
      accepted.contentRef,
    );
    return {
      ...mailView(facts),
      ...(requestId === undefined ? {} : { requestId }),
      text,
      attachments,
      urgent,
      urgencyEvidence,
      rawSha256: accepted.rawSha256,
    };
  }
}

function mailView(facts: MailFacts) {
  const { fromEmail, fromName, references: _, referentId: __, ...shown } = facts;
  return {
    ...shown,
    ...(fromEmail === undefined
      ? {}
      : { from: { email: fromEmail, ...(fromName === undefined ? {} : { name: fromName }) } }),
  };
}
