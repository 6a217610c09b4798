import type { ActivityMinutes, IntegrationEvent } from '@monteore/contracts';
import type { Balances } from '@monteore/kernel';
import type { Message, SqlTransaction } from '@monteore/messaging';

/** The ledger's resulting values, copied and never added up: minutes of activities, balances of packages. */
export const ledgerCopyTables = `
  CREATE TABLE activity_minutes (
    activity_id text PRIMARY KEY,
    held_minutes integer NOT NULL,
    actual_minutes integer NOT NULL,
    charged_minutes integer NOT NULL,
    overrun_minutes integer NOT NULL
  );
  CREATE TABLE package_balances (package_id text PRIMARY KEY, balances jsonb NOT NULL);
  CREATE TABLE known_requests (
    request_id text PRIMARY KEY,
    package_id text,
    urgent boolean NOT NULL
  );
  CREATE TABLE urgent_activities (activity_id text PRIMARY KEY);`;

export interface MinutesOfActivity {
  readonly heldMinutes: number;
  readonly actualMinutes: number;
  readonly chargedMinutes: number;
  readonly overrunMinutes: number;
}

export const NO_MINUTES: MinutesOfActivity = {
  heldMinutes: 0,
  actualMinutes: 0,
  chargedMinutes: 0,
  overrunMinutes: 0,
};

export class LedgerCopy {
  constructor(private readonly database: SqlTransaction) {}

  async minutesOf(activityIds: readonly string[]): Promise<Map<string, MinutesOfActivity>> {
    const rows = await this.database.query<{
      activity_id: string;
      held_minutes: number;
      actual_minutes: number;
      charged_minutes: number;
      overrun_minutes: number;
    }>('SELECT * FROM activity_minutes WHERE activity_id = ANY ($1)', [activityIds]);
    return new Map(
      rows.map((row) => [
        row.activity_id,
        {
          heldMinutes: row.held_minutes,
          actualMinutes: row.actual_minutes,
          chargedMinutes: row.charged_minutes,
          overrunMinutes: row.overrun_minutes,
        },
      ]),
    );
  }

  async balancesOf(packageId: string): Promise<Balances | null> {
    const rows = await this.database.query<{ balances: Balances }>(
      'SELECT balances FROM package_balances WHERE package_id = $1',
      [packageId],
    );
    return rows[0]?.balances ?? null;
  }

  /** Whether the request is known on this package, and whether its writer said that it is urgent (R2). */
  async request(packageId: string, requestId: string): Promise<{ readonly urgent: boolean } | null> {
    const rows = await this.database.query<{ urgent: boolean }>(
      'SELECT urgent FROM known_requests WHERE request_id = $1 AND package_id = $2',
      [requestId, packageId],
    );
    return rows[0] ?? null;
  }

  /** Whether the client said that an activity is urgent: in its request, in a reply to it, or in one to its mails. */
  async isDeclaredUrgent(activityId: string, requestId: string | undefined): Promise<boolean> {
    const rows = await this.database.query(
      `SELECT 1 FROM urgent_activities WHERE activity_id = $1
       UNION ALL SELECT 1 FROM known_requests WHERE request_id = $2 AND urgent`,
      [activityId, requestId ?? null],
    );
    return rows.length > 0;
  }
}

/** A reply about an activity behind which no request stands may say that it is urgent (R8). */
export async function copyActivityReply(message: Message, tx: SqlTransaction): Promise<void> {
  const { activityId, urgent } = message.data as unknown as IntegrationEvent<
    'intake',
    'ActivityReplyReceived'
  >;
  if (!urgent) return;
  await tx.query('INSERT INTO urgent_activities (activity_id) VALUES ($1) ON CONFLICT DO NOTHING', [
    activityId,
  ]);
}

/** Every event of the ledger carries the balances after it, and of an activity its minutes: the last of each is kept. */
export async function copyLedger(messages: readonly Message[], tx: SqlTransaction): Promise<void> {
  const balancesOf = new Map<string, Balances>();
  const activities = new Map<string, ActivityMinutes>();
  for (const message of messages) {
    const {
      packageId,
      balances,
      activity,
      items = [],
    } = message.data as unknown as {
      packageId?: string;
      balances?: Balances;
      activity?: ActivityMinutes;
      items?: readonly { activity?: ActivityMinutes }[];
    };
    if (packageId !== undefined && balances !== undefined) balancesOf.set(packageId, balances);
    for (const told of [activity, ...items.map((item) => item.activity)])
      if (told !== undefined) activities.set(told.activityId, told);
  }
  if (balancesOf.size > 0) await copyBalances(balancesOf, tx);
  if (activities.size > 0) await copyMinutes([...activities.values()], tx);
}

async function copyBalances(balancesOf: ReadonlyMap<string, Balances>, tx: SqlTransaction): Promise<void> {
  await tx.query(
    `INSERT INTO package_balances (package_id, balances) SELECT * FROM unnest($1::text[], $2::jsonb[])
     ON CONFLICT (package_id) DO UPDATE SET balances = EXCLUDED.balances`,
    [[...balancesOf.keys()], [...balancesOf.values()].map((balances) => JSON.stringify(balances))],
  );
}

async function copyMinutes(activities: readonly ActivityMinutes[], tx: SqlTransaction): Promise<void> {
  await tx.query(
    `INSERT INTO activity_minutes (activity_id, held_minutes, actual_minutes, charged_minutes, overrun_minutes)
     SELECT * FROM unnest($1::text[], $2::integer[], $3::integer[], $4::integer[], $5::integer[])
     ON CONFLICT (activity_id) DO UPDATE SET
       held_minutes = EXCLUDED.held_minutes, actual_minutes = EXCLUDED.actual_minutes,
       charged_minutes = EXCLUDED.charged_minutes, overrun_minutes = EXCLUDED.overrun_minutes`,
    [
      activities.map(({ activityId }) => activityId),
      activities.map(({ heldMinutes }) => heldMinutes),
      activities.map(({ actualMinutes }) => actualMinutes),
      activities.map(({ chargedMinutes }) => chargedMinutes),
      activities.map(({ overrunMinutes }) => overrunMinutes),
    ],
  );
}

/** A request's word on urgency; a reply that says so counts for the next version (R8). Its receipt may be told late. */
export async function copyRequest(message: Message, tx: SqlTransaction): Promise<void> {
  const data = message.data as unknown as IntegrationEvent<'intake', 'RequestReceived'> & {
    urgent?: boolean;
  };
  const { requestId, packageId, urgent } = data.request;
  await tx.query(
    `INSERT INTO known_requests AS known (request_id, package_id, urgent) VALUES ($1, $2, $3)
     ON CONFLICT (request_id) DO UPDATE SET package_id = coalesce($2, known.package_id), urgent = known.urgent OR $3`,
    [requestId, packageId ?? null, urgent || data.urgent === true],
  );
}
