import { zId } from '@monteore/contracts';
import {
  Allow,
  type Caller,
  CallerOf,
  CONTACTS,
  decodeCursor,
  etagOf,
  pageOf,
  TEAM,
  zListQuery,
} from '@monteore/service';
import { Controller, Get, Inject, Param, Query, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { activitiesOf } from '../board/state.js';
import { BoardDesk } from '../board-stream/board-desk.js';
import { BoardStreams } from '../board-stream/board-streams.js';
import { ActivityViews } from './activity-views.js';

const zQuery = zListQuery.extend({ packageId: zId });

/** Activities as the owner of the facts knows them; the board beside them is reporting's. */
@Controller('v1/activities')
export class ActivitiesController {
  constructor(
    @Inject(BoardDesk) private readonly desk: BoardDesk,
    @Inject(BoardStreams) private readonly streams: BoardStreams,
    @Inject(ActivityViews) private readonly views: ActivityViews,
  ) {}

  @Get()
  @Allow('estimation:read', ...TEAM, 'auditor', ...CONTACTS)
  async list(
    @Query({ schema: zQuery }) { packageId, limit, cursor }: z.output<typeof zQuery>,
    @CallerOf() { principal }: Caller,
  ) {
    await this.desk.seePackage(principal, packageId);
    const after = decodeCursor(z.number().int().min(0), cursor) ?? 0;
    const board = await this.streams.loadOrThrow(packageId);
    const rows = activitiesOf(board).filter(({ number }) => number > after);
    const page = pageOf(
      rows.slice(0, limit + 1),
      limit,
      (row) => row,
      (row) => row.number,
    );
    return { items: await this.views.of(board, page.items), nextCursor: page.nextCursor };
  }

  @Get(':activityId')
  @Allow('estimation:read', ...TEAM, 'auditor', ...CONTACTS)
  async show(
    @Param('activityId', { schema: zId }) activityId: string,
    @CallerOf() { principal }: Caller,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const { package: found } = await this.desk.seeActivity(principal, activityId);
    const board = await this.streams.loadOrThrow(found.packageId);
    const activity = board.activities.get(activityId)!;
    reply.header('etag', etagOf(activity.touchedAt));
    const [view] = await this.views.of(board, [activity]);
    return view;
  }
}
