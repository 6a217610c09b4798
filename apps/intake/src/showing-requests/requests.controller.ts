import { zId, zRequestState } from '@monteore/contracts';
import { RefusalError, refuse } from '@monteore/kernel';
import {
  Allow,
  type Caller,
  CallerOf,
  CONTACTS,
  decodeCursor,
  etagOf,
  isContact,
  pageOf,
  type ServiceCore,
  TEAM,
  zListQuery,
} from '@monteore/service';
import { Controller, Get, Inject, Param, Query, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { streamOfRequest } from '../request/events.js';
import { RequestDesk } from '../request/request-desk.js';
import { IntakeStreams } from '../request/streams.js';
import { visibleRequests } from '../request/visible.js';
import { CORE } from '../tokens.js';
import { requestView } from './views.js';

const zFilter = zListQuery.extend({
  packageId: zId.optional(),
  clientId: zId.optional(),
  state: zRequestState.optional(),
  /** `false`: those that nothing says a package of, for a person to assign. */
  assigned: z.enum(['true', 'false']).optional(),
});
const zPlace = z.tuple([z.iso.datetime(), zId]);

/** R8: the requests, newest first; one with its whole text; its raw mail. */
@Controller('v1/requests')
export class RequestsController {
  constructor(
    @Inject(CORE) private readonly core: ServiceCore,
    @Inject(RequestDesk) private readonly desk: RequestDesk,
    @Inject(IntakeStreams) private readonly streams: IntakeStreams,
  ) {}

  @Get()
  @Allow('intake:read', ...TEAM, 'auditor', ...CONTACTS)
  async list(@Query({ schema: zFilter }) query: z.output<typeof zFilter>, @CallerOf() { principal }: Caller) {
    const [beforeAt = null, beforeId = null] = decodeCursor(zPlace, query.cursor) ?? [];
    const contact = isContact(principal) ? principal.subject : null;
    const rows = await this.core.database.query<{ request_id: string; received_at: Date }>(
      `SELECT request_id, received_at FROM requests
       WHERE ${visibleRequests('$1', '$2')}
         AND ($3::timestamptz IS NULL OR (received_at, request_id) < ($3::timestamptz, $4::text))
         AND ($5::text IS NULL OR package_id = $5) AND ($6::text IS NULL OR client_id = $6)
         AND ($7::text IS NULL OR state = $7)
         AND ($8::text IS NULL OR (package_id IS NOT NULL) = ($8 = 'true'))
       ORDER BY received_at DESC, request_id DESC LIMIT $9`,
      [
        contact,
        principal.clientId ?? '',
        beforeAt,
        beforeId,
        query.packageId ?? null,
        query.clientId ?? null,
        query.state ?? null,
        query.assigned ?? null,
        query.limit + 1,
      ],
    );
    const page = pageOf(
      rows,
      query.limit,
      (row) => row.request_id,
      (row) => [row.received_at.toISOString(), row.request_id],
    );
    const items = await Promise.all(page.items.map((requestId) => this.view(requestId)));
    return { items: items.filter((item) => item !== null), nextCursor: page.nextCursor };
  }

  @Get(':requestId')
  @Allow('intake:read', ...TEAM, 'auditor', ...CONTACTS)
  async show(
    @Param('requestId', { schema: zId }) requestId: string,
    @CallerOf() { principal }: Caller,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const { request, version } = await this.desk.see(principal, requestId);
    reply.header('etag', etagOf(version));
    return requestView(request, this.core.blobs);
  }

  /** The mail as it came, byte for byte; a part of a split request has that of the whole. */
  @Get(':requestId/raw')
  @Allow('intake:read', ...TEAM, 'auditor', ...CONTACTS)
  async raw(
    @Param('requestId', { schema: zId }) requestId: string,
    @CallerOf() { principal }: Caller,
    @Res() reply: FastifyReply,
  ) {
    const { request } = await this.desk.see(principal, requestId);
    const { rawSha256 } = request;
    const bytes = rawSha256 === undefined ? null : await this.core.blobs.get(rawSha256);
    if (rawSha256 === undefined || bytes === null) throw noRawMail();
    return sendRawMail(reply, rawSha256, bytes);
  }

  private async view(requestId: string) {
    const { state } = await this.streams.requests.load(streamOfRequest(requestId));
    return state.status === 'unknown' ? null : requestView(state, this.core.blobs);
  }
}

/** Raw mails hold whatever their senders wrote: they are saved, never shown. */
export function sendRawMail(reply: FastifyReply, sha256: string, bytes: Buffer): FastifyReply {
  return reply
    .header('content-type', 'message/rfc822')
    .header('content-disposition', `attachment; filename="${sha256.slice(0, 16)}.eml"`)
    .header('x-content-type-options', 'nosniff')
    .header('etag', `"${sha256}"`)
    .send(bytes);
}

const noRawMail = () =>
  new RefusalError(
    refuse(
      404,
      'intake.no-raw-mail',
      'No raw mail',
      'This request did not come by mail, or its mail was erased: its text is in the request itself.',
    ),
  );
