import { zId } from '@monteore/contracts';
import {
  Allow,
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
import { Controller, Get, Inject, Param, Query } from '@nestjs/common';
import { simpleParser } from 'mailparser';
import { z } from 'zod';
import { CORE } from '../tokens.js';
import { requestOfSender, senderOfRequest } from './addressing.js';
import { OUTBOUND_COLUMNS, type OutboundMailRow } from './outbound-mails.js';

const zOutboundQuery = zListQuery.extend({
  packageId: zId.optional(),
  requestId: zId.optional(),
  state: z.enum(['queued', 'sent', 'failed']).optional(),
});

/** R11: every mail out is recorded. The team sees a package's mails, a contact those written to itself (R17). */
@Controller('v1/outbound-mail')
export class OutboundMailController {
  constructor(@Inject(CORE) private readonly core: ServiceCore) {}

  /** Newest first. */
  @Get()
  @Allow('intake:read', ...TEAM, ...CONTACTS)
  async list(
    @Query({ schema: zOutboundQuery }) query: z.output<typeof zOutboundQuery>,
    @CallerOf() { principal }: Caller,
  ) {
    const { packageId } = query;
    if (packageId !== undefined) {
      const rights = await eventually(() => this.core.access.rightsOn(principal, packageId));
      if (rights === null) throw notFound('intake', 'package');
    }
    const before = decodeCursor(z.number().int(), query.cursor);
    const rows = await this.core.database.query<OutboundMailRow>(
      `SELECT ${OUTBOUND_COLUMNS} FROM outbound_mails
       WHERE ($1::text IS NULL OR package_id = $1) AND ($2::text IS NULL OR request_id = $2)
         AND ($3::text IS NULL OR state = $3) AND ($4::text IS NULL OR recipient_id = $4)
         AND ($5::bigint IS NULL OR place < $5) ORDER BY place DESC LIMIT $6`,
      [
        packageId ?? null,
        query.requestId ?? null,
        query.state ?? null,
        isContact(principal) ? principal.subject : null,
        before ?? null,
        query.limit + 1,
      ],
    );
    const addressOf = await this.addressesOf(rows);
    return pageOf(
      rows,
      query.limit,
      (row) => viewOf(row, addressOf(row)),
      (row) => Number(row.place),
    );
  }

  /** One mail with its text as it was sent; no text while it waits to be rendered. */
  @Get(':mailId')
  @Allow('intake:read', ...TEAM, ...CONTACTS)
  async show(@Param('mailId', { schema: zId }) mailId: string, @CallerOf() { principal }: Caller) {
    const rows = await this.core.database.query<OutboundMailRow & { rendered: Buffer | null }>(
      `SELECT ${OUTBOUND_COLUMNS}, rendered FROM outbound_mails WHERE mail_id = $1 AND ($2::text IS NULL OR recipient_id = $2)`,
      [mailId, isContact(principal) ? principal.subject : null],
    );
    const row = rows[0];
    if (row === undefined) throw notFound('intake', 'mail');
    const view = viewOf(row, (await this.addressesOf([row]))(row));
    return row.rendered === null
      ? view
      : { ...view, ...(await contentOf(row.rendered, isContact(principal))) };
  }

  /** Addresses of recipients: people's, or, of a sender who is nobody's contact, the one that lies with the request. */
  private async addressesOf(
    rows: readonly OutboundMailRow[],
  ): Promise<(row: OutboundMailRow) => string | null> {
    const people = await this.core.people.find(rows.map((row) => row.recipient_id));
    const senders = await this.core.database.query<{ request_id: string; from_email: string }>(
      'SELECT request_id, from_email FROM requests WHERE request_id = ANY ($1)',
      [rows.flatMap((row) => requestOfSender(row.recipient_id) ?? [])],
    );
    const bySender = new Map(senders.map((row) => [senderOfRequest(row.request_id), row.from_email]));
    return ({ recipient_id: id }) => people.get(id)?.email ?? bySender.get(id) ?? null;
  }
}

function viewOf(row: OutboundMailRow, to: string | null) {
  return {
    mailId: row.mail_id,
    messageId: `<${row.message_id}>`,
    to,
    recipientId: row.recipient_id,
    kind: row.kind,
    subject: row.subject,
    state: row.state,
    sentAt: row.sent_at?.toISOString() ?? null,
    createdAt: row.created_at.toISOString(),
    attempts: row.attempts,
    ...(row.state === 'queued' ? { nextAttemptAt: row.next_attempt_at.toISOString() } : {}),
    ...(row.failure === null ? {} : { failure: row.failure }),
    ...(row.package_id === null ? {} : { packageId: row.package_id }),
    ...(row.request_id === null ? {} : { requestId: row.request_id }),
    ...(row.activity_id === null ? {} : { activityId: row.activity_id }),
  };
}

/** A single-use link is for its recipient alone: whoever else reads the mail sees that there is one. */
const LINK = /(https?:\/\/\S*?\/v1\/(?:decision|overrun|board)-links\/)[\w.~-]+/g;

async function contentOf(rendered: Buffer, isRecipient: boolean) {
  const mail = await simpleParser(rendered, { skipHtmlToText: true, skipTextToHtml: true });
  const text = mail.text ?? '';
  return {
    text: isRecipient ? text : text.replaceAll(LINK, '$1…'),
    attachments: mail.attachments.map(({ filename, contentType, size }) => ({
      name: filename,
      contentType,
      sizeBytes: size,
    })),
  };
}
