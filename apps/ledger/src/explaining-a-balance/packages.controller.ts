import { zId, zInstant, zLocalDate } from '@monteore/contracts';
import { findChainFault, type StoredEvent } from '@monteore/event-store';
import {
  AccessCopy,
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
import { PackageDesk } from '../package-stream/package-desk.js';
import { PackageStreams, packageEventOf, streamOfPackage } from '../package-stream/package-streams.js';
import { CORE } from '../tokens.js';
import { balancesAsOf, chargedDeltaOf, packageView, type RecordedEvent } from './views.js';

const zAsOf = z.object({ occurredAsOf: zLocalDate.optional(), recordedAsOf: zInstant.optional() });

/** R1, R15: packages, their balances now and as of then, and the entries that explain every number. */
@Controller('v1/packages')
export class PackagesController {
  constructor(
    @Inject(CORE) private readonly core: ServiceCore,
    @Inject(PackageDesk) private readonly desk: PackageDesk,
    @Inject(PackageStreams) private readonly streams: PackageStreams,
  ) {}

  @Get()
  @Allow('ledger:read', ...TEAM, 'auditor', ...CONTACTS)
  async list(
    @Query({ schema: zListQuery.extend({ clientId: zId.optional() }) }) query: z.output<typeof zListQuery> & {
      clientId?: string;
    },
    @CallerOf() { principal }: Caller,
  ) {
    const after = decodeCursor(z.number().int(), query.cursor) ?? 0;
    const rows = await this.core.database.query<{ place: string; package_id: string }>(
      `SELECT place, package_id FROM package_list l
       WHERE place > $1 AND ($2::text IS NULL OR ${AccessCopy.visibleTo('l.package_id', '$2')})
         AND ($4::text IS NULL OR client_id = $4) ORDER BY place LIMIT $3`,
      [after, isContact(principal) ? principal.subject : null, query.limit + 1, query.clientId ?? null],
    );
    const page = pageOf(
      rows,
      query.limit,
      (row) => row.package_id,
      (row) => Number(row.place),
    );
    const items = await Promise.all(
      page.items.map(async (packageId) => packageView((await this.streams.loadOrThrow(packageId)).package)),
    );
    return { items, nextCursor: page.nextCursor };
  }

  @Get(':packageId')
  @Allow('ledger:read', ...TEAM, 'auditor', ...CONTACTS)
  async show(
    @Param('packageId', { schema: zId }) packageId: string,
    @Query({ schema: zAsOf }) asOf: z.output<typeof zAsOf>,
    @CallerOf() { principal }: Caller,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const { package: found, version } = await this.desk.see(principal, packageId);
    const referent = (await this.core.people.labels([found.referentId]))(found.referentId);
    const view = { ...packageView(found), referent };
    if (asOf.occurredAsOf === undefined && asOf.recordedAsOf === undefined) {
      reply.header('etag', etagOf(version));
      return view;
    }
    return { ...view, ...balancesAsOf(await this.allEvents(packageId), asOf) };
  }

  @Get(':packageId/entries')
  @Allow('ledger:read', ...TEAM, 'auditor', ...CONTACTS)
  async entries(
    @Param('packageId', { schema: zId }) packageId: string,
    @Query({ schema: zListQuery }) query: z.output<typeof zListQuery>,
    @CallerOf() { principal }: Caller,
  ) {
    await this.desk.see(principal, packageId);
    const after = decodeCursor(z.number().int().min(0), query.cursor) ?? 0;
    const events = await this.core.store.read(streamOfPackage(packageId), {
      fromVersion: after + 1,
      limit: query.limit + 1,
    });
    return pageOf(events, query.limit, entryView, (event) => event.version);
  }

  /** The chain followed from the first entry, and the balances re-counted from the entries beside those kept. */
  @Get(':packageId/verification')
  @Allow('ledger:read', ...TEAM, 'auditor', ...CONTACTS)
  async verify(@Param('packageId', { schema: zId }) packageId: string, @CallerOf() { principal }: Caller) {
    const { package: found } = await this.desk.see(principal, packageId);
    const events = await this.core.store.read(streamOfPackage(packageId));
    const fault = findChainFault(events);
    const { lots: _, ...recounted } = balancesAsOf(events.map(recorded), {});
    const { grantedMinutes, chargedMinutes, postedMinutes, heldMinutes, availableMinutes } =
      packageView(found);
    const kept = { grantedMinutes, chargedMinutes, postedMinutes, heldMinutes, availableMinutes };
    return {
      packageId,
      entries: events.length,
      headHash: events.at(-1)?.hash,
      chain: fault === null ? 'intact' : 'broken',
      ...(fault === null ? {} : { fault }),
      balances: kept,
      recounted,
      agrees: fault === null && JSON.stringify(kept) === JSON.stringify(recounted),
    };
  }

  private async allEvents(packageId: string): Promise<RecordedEvent[]> {
    return (await this.core.store.read(streamOfPackage(packageId))).map(recorded);
  }
}

const recorded = (event: StoredEvent): RecordedEvent => ({
  ...packageEventOf(event),
  occurredOn: event.occurredOn,
  recordedAt: event.recordedAt,
});

function entryView(event: StoredEvent) {
  const { type, data, stamp } = packageEventOf(event);
  const activityId = 'activityId' in data ? data.activityId : undefined;
  return {
    sequence: event.version,
    type,
    occurredOn: event.occurredOn,
    recordedAt: event.recordedAt,
    actor: event.metadata.actor,
    postedDeltaMinutes: stamp.postedDeltaMinutes,
    heldDeltaMinutes: stamp.heldDeltaMinutes,
    chargedDeltaMinutes: chargedDeltaOf({ type, data } as Parameters<typeof chargedDeltaOf>[0]),
    postedMinutes: stamp.balances.postedMinutes,
    heldMinutes: stamp.balances.heldMinutes,
    availableMinutes: stamp.balances.availableMinutes,
    ...(activityId === undefined ? {} : { activityId }),
    facts: data,
    previousHash: event.previousHash,
    hash: event.hash,
  };
}
