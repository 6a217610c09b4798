import { zText } from '@monteore/contracts';
import { RefusalError, refuse } from '@monteore/kernel';
import { type Inbox, isTransient, type ParkedMessage } from '@monteore/messaging';
import { Body, Controller, Get, HttpCode, Inject, Injectable, Param, Post, Query } from '@nestjs/common';
import { z } from 'zod';
import type { ServiceTransaction } from '../database/service-database.js';
import { Allow } from '../http/auth.guard.js';
import { decodeCursor, pageOf, zListQuery } from '../http/listing.js';
import { notFound } from '../http/principal.js';

/** The service's consumer; it comes to be after the routes. */
@Injectable()
export class ServiceInbox {
  current!: Inbox<ServiceTransaction>;
}

const zParkedId = z.string().regex(/^\d{1,18}$/, 'not the id of a parked message');
const zDrop = z.object({ reason: zText(1000) });
const zSource = z.object({ topic: zText(200), source: zText(200) });

/**
 * The operator's way on where a consumer cannot go on by itself: a key that is parked behind a message it could not
 * handle, and messages of a store that nobody has accepted yet (architecture.md, Messaging port).
 */
@Controller('v1')
export class ParkedKeysController {
  constructor(@Inject(ServiceInbox) private readonly inbox: ServiceInbox) {}

  /** In the order in which they wait; what a message says is not shown. */
  @Get('parked-messages')
  @Allow('service:operate', 'administrator')
  async list(@Query({ schema: zListQuery }) { limit, cursor }: z.output<typeof zListQuery>) {
    const after = BigInt(decodeCursor(zParkedId, cursor) ?? 0);
    const waiting = await this.inbox.current.parked.list({ after, limit: limit + 1 });
    return pageOf(waiting, limit, viewOf, ({ id }) => id);
  }

  /** One message, with what it says where that is about no person. */
  @Get('parked-messages/:id')
  @Allow('service:operate', 'administrator')
  async show(@Param('id', { schema: zParkedId }) id: string) {
    const parked = await this.find(id);
    const { source, position, time, correlationId, data } = parked.message;
    return {
      ...viewOf(parked),
      source,
      position: position.toString(),
      time,
      correlationId,
      ...(isAboutPeople(parked.topic) ? {} : { data }),
    };
  }

  /** Handles the message's whole key again, in order. */
  @Post('parked-messages/:id/retry')
  @HttpCode(200)
  @Allow('service:operate', 'administrator')
  async retry(@Param('id', { schema: zParkedId }) id: string) {
    const { topic, key } = await this.find(id);
    return { handled: await this.orStillFailing(() => this.inbox.current.parked.retry(topic, key)) };
  }

  /** Gives a message up for ever; what waited behind it is handled. */
  @Post('parked-messages/:id/drop')
  @HttpCode(200)
  @Allow('service:operate', 'administrator')
  async drop(
    @Param('id', { schema: zParkedId }) id: string,
    @Body({ schema: zDrop }) { reason }: z.output<typeof zDrop>,
  ) {
    await this.find(id);
    await this.orStillFailing(() => this.inbox.current.parked.drop(id, reason));
    return { id, dropped: true };
  }

  /** A restored or copied store has another source: its messages are consumed from now on. */
  @Post('message-sources')
  @HttpCode(200)
  @Allow('service:operate', 'administrator')
  async acceptSource(@Body({ schema: zSource }) { topic, source }: z.output<typeof zSource>) {
    await this.inbox.current.acceptSource(topic, source);
    return { topic, source };
  }

  private async find(id: string): Promise<ParkedMessage> {
    const found = await this.inbox.current.parked.find(id);
    if (found === null) throw notFound('service', 'parked message');
    return found;
  }

  private async orStillFailing<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (isTransient(error) || !(error instanceof Error)) throw error;
      throw new RefusalError(
        refuse(
          409,
          'service.still-failing',
          'It still cannot be handled',
          `The key stays parked: ${error.name}: ${error.message}`,
        ),
      );
    }
  }
}

/** Names and addresses travel on topics of their own. */
const isAboutPeople = (topic: string): boolean => topic.endsWith('.people.v1');

const viewOf = ({ id, topic, key, message, error, parkedAt }: ParkedMessage) => ({
  id,
  topic,
  key,
  messageId: message.id,
  type: message.type,
  ...(error === null ? {} : { error }),
  parkedAt: parkedAt.toISOString(),
});
