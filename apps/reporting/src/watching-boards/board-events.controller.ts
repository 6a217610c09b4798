import { zId } from '@monteore/contracts';
import { UnavailableError } from '@monteore/kernel';
import {
  Allow,
  type AuthenticatedRequest,
  type Caller,
  CallerOf,
  CONTACTS,
  type ServiceCore,
  TEAM,
} from '@monteore/service';
import { Controller, Get, Inject, Param, Req, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { BoardDesk } from '../reading-boards/board-desk.js';
import { CORE } from '../tokens.js';
import { BoardWatch } from './board-watch.js';
import { EventStream } from './event-stream.js';

/** So many readers one instance carries; each costs a socket and a timer. */
const MAX_WATCHERS = 2000;

@Controller('v1/boards/:packageId/events')
export class BoardEventsController {
  constructor(
    @Inject(CORE) private readonly core: ServiceCore,
    @Inject(BoardDesk) private readonly desk: BoardDesk,
    @Inject(BoardWatch) private readonly watch: BoardWatch,
  ) {}

  /** Server-sent events: told once at the start (unless `Last-Event-ID` says it is known), then at every change. */
  @Get()
  @Allow('reporting:read', ...TEAM, 'auditor', ...CONTACTS)
  async events(
    @Param('packageId', { schema: zId }) packageId: string,
    @CallerOf() { principal }: Caller,
    @Req() request: AuthenticatedRequest,
    @Res() reply: FastifyReply,
  ) {
    await this.desk.see(principal, packageId);
    if (this.watch.size >= MAX_WATCHERS) {
      throw new UnavailableError(
        'reporting.too-many-watchers',
        'Too many readers watch boards here: come back later.',
        5,
      );
    }
    const lastId = request.headers['last-event-id'];
    reply.hijack();
    const stream = new EventStream(reply.raw, {
      packageId,
      known: typeof lastId === 'string' ? lastId : undefined,
      mayStillSee: async () => (await this.core.access.rightsOn(principal, packageId)) !== null,
    });
    const leave = this.watch.add(stream);
    reply.raw.once('close', leave);
  }
}
