import type { ActivitySnapshot, Lot } from '@monteore/contracts';
import type { Message, SqlTransaction } from '@monteore/messaging';

/** What mails must know of other events than the one they follow from; resulting values, copied and never added up. */

export interface KnownActivity {
  readonly activityId: string;
  readonly packageId: string;
  readonly requestId?: string;
  /** With `(extra)` (R3). */
  readonly title: string;
  /** The version that waits for the client's decision. */
  readonly askedVersion?: number;
}

export async function rememberActivity(tx: SqlTransaction, activity: ActivitySnapshot): Promise<void> {
  const askedVersion = activity.decisionAsked ? (activity.estimate?.version ?? null) : null;
  await tx.query(
    `INSERT INTO mail_activities (activity_id, package_id, request_id, title, asked_version)
     VALUES ($1, $2, $3, $4, $5) ON CONFLICT (activity_id) DO UPDATE SET
       package_id = $2, request_id = $3, title = $4, asked_version = $5`,
    [
      activity.activityId,
      activity.packageId,
      activity.requestId ?? null,
      activity.displayTitle,
      askedVersion,
    ],
  );
}

interface ActivityRow {
  readonly activity_id: string;
  readonly package_id: string;
  readonly request_id: string | null;
  readonly title: string;
  readonly asked_version: number | null;
}

const fromRow = (row: ActivityRow): KnownActivity => ({
  activityId: row.activity_id,
  packageId: row.package_id,
  ...(row.request_id === null ? {} : { requestId: row.request_id }),
  title: row.title,
  ...(row.asked_version === null ? {} : { askedVersion: row.asked_version }),
});

export async function knownActivity(tx: SqlTransaction, activityId: string): Promise<KnownActivity | null> {
  const rows = await tx.query<ActivityRow>('SELECT * FROM mail_activities WHERE activity_id = $1', [
    activityId,
  ]);
  return rows[0] === undefined ? null : fromRow(rows[0]);
}

/** The activities made from a request that wait for a decision. */
export async function askedActivitiesOf(tx: SqlTransaction, requestId: string): Promise<KnownActivity[]> {
  const rows = await tx.query<ActivityRow>(
    'SELECT * FROM mail_activities WHERE request_id = $1 AND asked_version IS NOT NULL ORDER BY title, activity_id',
    [requestId],
  );
  return rows.map(fromRow);
}

export interface KnownLot {
  readonly packageId: string;
  readonly expiresOn: string | null;
  readonly freeMinutes: number;
  readonly heldMinutes: number;
  readonly isOpen: boolean;
}

/** The lots as the ledger's events tell them: the last word on each is kept. */
export async function rememberLots(messages: readonly Message[], tx: SqlTransaction): Promise<void> {
  const rows = new Map<string, Readonly<Record<string, string | number | boolean | null>>>();
  for (const message of messages) {
    const { packageId, lots = [] } = message.data as unknown as { packageId: string; lots?: readonly Lot[] };
    for (const lot of lots) rows.set(lot.lotId, rowOf(packageId, lot));
  }
  if (rows.size === 0) return;
  await tx.query(
    `INSERT INTO mail_lots (lot_id, package_id, expires_on, free_minutes, held_minutes, is_open, origin, minutes)
     SELECT lot_id, package_id, expires_on, free_minutes, held_minutes, is_open, origin, minutes
     FROM json_populate_recordset(NULL::mail_lots, $1::json)
     ON CONFLICT (lot_id) DO UPDATE SET
       expires_on = EXCLUDED.expires_on, free_minutes = EXCLUDED.free_minutes,
       held_minutes = EXCLUDED.held_minutes, is_open = EXCLUDED.is_open`,
    [JSON.stringify([...rows.values()])],
  );
}

const rowOf = (packageId: string, lot: Lot) => ({
  lot_id: lot.lotId,
  package_id: packageId,
  expires_on: lot.expiresOn ?? null,
  free_minutes: lot.remainingMinutes - lot.heldMinutes,
  held_minutes: lot.heldMinutes,
  is_open: lot.state === 'open',
  origin: lot.origin,
  minutes: lot.minutes,
});

export async function knownLot(tx: SqlTransaction, lotId: string): Promise<KnownLot | null> {
  const rows = await tx.query<{
    package_id: string;
    expires_on: string | null;
    free_minutes: number;
    held_minutes: number;
    is_open: boolean;
  }>(
    `SELECT package_id, to_char(expires_on, 'YYYY-MM-DD') AS expires_on, free_minutes, held_minutes, is_open
     FROM mail_lots WHERE lot_id = $1`,
    [lotId],
  );
  const row = rows[0];
  if (row === undefined) return null;
  return {
    packageId: row.package_id,
    expiresOn: row.expires_on,
    freeMinutes: row.free_minutes,
    heldMinutes: row.held_minutes,
    isOpen: row.is_open,
  };
}

/** The hours that a package was opened with; null until the ledger has told them. */
export async function firstLotOf(
  tx: SqlTransaction,
  packageId: string,
): Promise<{ readonly minutes: number; readonly expiresOn?: string } | null> {
  const rows = await tx.query<{ minutes: number; expires_on: string | null }>(
    `SELECT minutes, to_char(expires_on, 'YYYY-MM-DD') AS expires_on FROM mail_lots
     WHERE package_id = $1 AND origin = 'purchase' LIMIT 1`,
    [packageId],
  );
  const row = rows[0];
  if (row === undefined) return null;
  return { minutes: row.minutes, ...(row.expires_on === null ? {} : { expiresOn: row.expires_on }) };
}
