import { zSendRequest } from '@monteore/contracts';
import { derivedId, normalizeEmail, RefusalError, refuse } from '@monteore/kernel';
import {
  Allow,
  type Caller,
  CallerOf,
  eventually,
  forbidden,
  isContact,
  type ServiceCore,
  TEAM,
} from '@monteore/service';
import { Body, Controller, Inject, Post, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import type { z } from 'zod';
import { detectSeveral, detectUrgency } from '../reading-mail/index.js';
import { keepContent } from '../request/content.js';
import { packageNotOpen, receiveRequest } from '../request/decide.js';
import { closingDaysOf, nextRequestNumber } from '../request/numbers.js';
import { RequestDesk } from '../request/request-desk.js';
import { CORE } from '../tokens.js';

type Sent = z.output<typeof zSendRequest>;

/** R8: REST and the board's form are doors equal to a mail. */
@Controller('v1/requests')
export class SendRequestController {
  constructor(
    @Inject(CORE) private readonly core: ServiceCore,
    @Inject(RequestDesk) private readonly desk: RequestDesk,
  ) {}

  @Post()
  @Allow('intake:write', ...TEAM, 'approver', 'requester')
  async send(
    @Body({ schema: zSendRequest }) body: Sent,
    @CallerOf() caller: Caller,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const { principal, commandId } = caller;
    const named = await this.desk.packageOf(principal, body.packageId);
    const sender = isContact(principal)
      ? await this.itself(caller, body)
      : await this.contactOf(named.clientId, body);
    const roles = await this.core.access.rolesOn(body.packageId, sender.contactId);
    if (!roles.includes('approver') && !roles.includes('requester')) {
      throw isContact(principal) ? forbidden('You may not send requests on this package.') : mayNotAsk();
    }
    const requestId = derivedId('request', commandId);
    const urgency = detectUrgency(body.subject, body.text);
    const urgent = body.urgent ?? urgency.urgent;
    const several = detectSeveral(body.subject, body.text);
    const contentRef = await keepContent(this.core.blobs, {
      from: { email: sender.email, ...(sender.name === undefined ? {} : { name: sender.name }) },
      subject: body.subject,
      text: body.text,
      urgent,
      urgencyEvidence: urgent ? [...urgency.evidence, ...(body.urgent === true ? ['urgent: true'] : [])] : [],
      possiblySeveral: several.possiblySeveral,
      severalEvidence: several.evidence,
      attachments: [],
      references: [],
    });
    const number = await nextRequestNumber(this.core.database);
    const closingDays = await closingDaysOf(this.core.database, body.packageId);
    const { state } = await this.desk.command(
      requestId,
      caller,
      body,
      reply,
      (current, now) => {
        if (current.status !== 'unknown') return { events: [] };
        if (named.status !== 'open') return packageNotOpen();
        const received = receiveRequest({
          requestId,
          number,
          packageId: body.packageId,
          clientId: named.clientId,
          contactId: sender.contactId,
          channel: isContact(principal) ? 'form' : 'rest',
          urgent,
          possiblySeveral: several.possiblySeveral,
          receivedAt: now,
          contentRef,
          closingDays,
        });
        return { events: [received] };
      },
      isContact(principal) ? undefined : sender.contactId,
    );
    if (state.status === 'unknown') throw new Error(`request ${requestId} was not kept`);
    const { takeInChargeBy, possiblySeveral, receivedAt } = state.snapshot;
    return {
      requestId,
      takeInChargeBy,
      receivedAt,
      number: state.snapshot.number,
      urgent: state.snapshot.urgent,
      possiblySeveral,
    };
  }

  /** A contact's token asks for itself. */
  private async itself({ principal }: Caller, body: Sent) {
    const person = (await this.core.people.find([principal.subject])).get(principal.subject);
    const email = person?.email ?? '';
    if (body.fromEmail !== undefined && normalizeEmail(body.fromEmail) !== email) {
      throw forbidden('You send requests as yourself: leave fromEmail out, or give your own address.');
    }
    return { contactId: principal.subject, email, name: person?.name };
  }

  /** The contact of the package's client with this address; waits a moment for one that was just added. */
  private async contactOf(clientId: string, { fromEmail }: Sent) {
    if (fromEmail === undefined) throw badSender(400, 'service.invalid-input', 'name the contact who asks');
    const contactId = this.core.people.contactId(clientId, fromEmail);
    const found = await eventually(() => this.core.access.clientOf(contactId));
    if (found === null) {
      throw badSender(422, 'intake.unknown-sender', 'no active contact of the client has this address');
    }
    const person = (await this.core.people.find([contactId])).get(contactId);
    return { contactId, email: normalizeEmail(fromEmail), name: person?.name };
  }
}

const badSender = (status: 400 | 422, code: string, detail: string): RefusalError =>
  new RefusalError(
    refuse(status, code, 'The sender is not valid', `/fromEmail: ${detail}`, {
      errors: [{ pointer: '/fromEmail', detail }],
    }),
  );

const mayNotAsk = (): RefusalError =>
  badSender(422, 'intake.sender-may-not-ask', 'only approvers and requesters of the package may ask');
