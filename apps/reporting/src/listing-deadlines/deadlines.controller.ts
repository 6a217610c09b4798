import type { RequestSnapshot } from '@monteore/contracts';
import { Allow, decodeCursor, pageOf, type ServiceCore, TEAM, zListQuery } from '@monteore/service';
import { Controller, Get, Inject, Query } from '@nestjs/common';
import { z } from 'zod';
import { CORE } from '../tokens.js';

const zDeadlinesQuery = zListQuery.extend({
  /** Which requests; those whose clock runs unless said otherwise. */
  state: z.enum(['received', 'taken-in-charge', 'linked', 'split', 'dismissed']).default('received'),
});

const zPlace = z.tuple([z.string(), z.string()]);

interface DeadlineRow {
  readonly request_id: string;
  readonly take_in_charge_by: string;
  readonly missed_at: string | null;
  readonly snapshot: RequestSnapshot;
  readonly name: string | null;
  readonly client_id: string | null;
}

/** R9: requests by the instant at which they must have been taken in charge; the late ones are the first. */
@Controller('v1/deadlines')
export class DeadlinesController {
  constructor(@Inject(CORE) private readonly core: ServiceCore) {}

  @Get()
  @Allow('reporting:read', ...TEAM)
  async list(@Query({ schema: zDeadlinesQuery }) query: z.output<typeof zDeadlinesQuery>) {
    const [instant, requestId] = decodeCursor(zPlace, query.cursor) ?? ['', ''];
    const rows = await this.core.database.query<DeadlineRow>(
      `SELECT d.request_id, d.take_in_charge_by, d.missed_at, d.snapshot, l.name,
         coalesce(l.client_id, d.snapshot->>'clientId') AS client_id
       FROM deadlines d LEFT JOIN package_ledger l USING (package_id)
       WHERE d.state = $1 AND (d.take_in_charge_by, d.request_id) > ($2, $3)
       ORDER BY d.take_in_charge_by, d.request_id LIMIT $4`,
      [query.state, instant, requestId, query.limit + 1],
    );
    const clients = await this.core.people.find(rows.flatMap((row) => row.client_id ?? []));
    const now = this.core.clock.now();
    return pageOf(
      rows,
      query.limit,
      (row) => ({
        ...requestOf(row.snapshot),
        takeInChargeBy: row.take_in_charge_by,
        isLate: row.snapshot.state === 'received' && row.take_in_charge_by < now,
        missedAt: row.missed_at ?? undefined,
        packageName: row.name ?? undefined,
        clientName: row.client_id === null ? undefined : clients.get(row.client_id)?.name,
      }),
      (row) => [row.take_in_charge_by, row.request_id],
    );
  }
}

const requestOf = ({ contactId: _, takeInChargeBy: __, ...request }: RequestSnapshot) => request;
