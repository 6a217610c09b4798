import type { StoredEvent } from '@monteore/event-store';
import type { SqlTransaction } from '@monteore/messaging';
import { boardEventOf } from '../board-stream/board-streams.js';

/** Which package an activity belongs to, in the order of entry; a fold of the service's own events. */
export const activityIndexTables = `
  CREATE TABLE activity_index (
    place bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    activity_id text NOT NULL UNIQUE,
    package_id text NOT NULL,
    number integer NOT NULL
  );
  CREATE INDEX activity_index_of_package ON activity_index (package_id, number);`;

export async function indexActivity(event: StoredEvent, tx: SqlTransaction): Promise<void> {
  if (event.type !== 'ActivityProposed') return;
  const { stamp } = boardEventOf(event);
  await tx.query(
    'INSERT INTO activity_index (activity_id, package_id, number) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING',
    [event.data.activityId, stamp.packageId, event.data.number],
  );
}

export async function activityPackage(database: SqlTransaction, activityId: string): Promise<string | null> {
  const rows = await database.query<{ package_id: string }>(
    'SELECT package_id FROM activity_index WHERE activity_id = $1',
    [activityId],
  );
  return rows[0]?.package_id ?? null;
}
