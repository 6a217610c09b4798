import { RefusalError, refuse } from '@monteore/kernel';
import {
  Allow,
  actorOf,
  type Caller,
  CallerOf,
  type ServiceCore,
  TEAM,
  tellPosition,
} from '@monteore/service';
import { Body, Controller, HttpCode, Inject, Post, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { CORE } from '../tokens.js';
import { MailAcceptance } from './accept-mail.js';

export const MAIL_TYPE = 'message/rfc822';
export const MAX_MAIL_BYTES = 25 * 1024 * 1024;

/** R8: a mail that another system received, handed over as it is. */
@Controller('v1/inbound-mail')
export class InboundMailController {
  constructor(
    @Inject(CORE) private readonly core: ServiceCore,
    @Inject(MailAcceptance) private readonly acceptance: MailAcceptance,
  ) {}

  @Post()
  @HttpCode(202)
  @Allow('intake:mail', ...TEAM)
  async take(
    @Body() body: unknown,
    @CallerOf() { principal, commandId, correlationId }: Caller,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    if (!Buffer.isBuffer(body)) throw notAMail();
    if (body.length === 0) throw emptyMail();
    const call = { commandId, correlationId, actor: actorOf(principal) };
    const { mailId, disposition, requestId, events } = await this.acceptance.accept({ raw: body, call });
    tellPosition(reply, this.core.freshnessOf(events));
    return { disposition, ...(requestId === undefined ? {} : { requestId }), mailId };
  }
}

const notAMail = () =>
  new RefusalError(
    refuse(
      415,
      'service.unsupported-media-type',
      'Unsupported media type',
      `Send the raw mail with the content type ${MAIL_TYPE}.`,
    ),
  );

const emptyMail = () =>
  new RefusalError(
    refuse(400, 'service.invalid-input', 'The input is not valid', 'the body is empty: send the raw mail'),
  );
