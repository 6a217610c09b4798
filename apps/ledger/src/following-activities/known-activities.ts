import type { IntegrationEvent } from '@monteore/contracts';
import type { MessageHandler, SqlTransaction } from '@monteore/messaging';
import { Gathered, type ServiceTransaction, scheduleDue } from '@monteore/service';

/** What the ledger must know of others: which activities a package has, and what is open on it (R14). */
export const followingTables = `
  CREATE TABLE known_activities (
    activity_id text PRIMARY KEY,
    package_id text NOT NULL,
    multiplier integer NOT NULL,
    title text NOT NULL
  );
  CREATE TABLE open_items (
    item_id text PRIMARY KEY,
    package_id text NOT NULL,
    is_open boolean NOT NULL
  );
  CREATE INDEX open_items_of_package ON open_items (package_id) WHERE is_open;`;

export interface KnownActivity {
  readonly multiplier: number;
  readonly title: string;
}

interface KnownActivityRow extends KnownActivity {
  readonly activity_id: string;
  readonly package_id: string;
}

export class KnownActivities {
  /** Every work entry asks, many at the same moment. */
  private readonly rows: Gathered<string, KnownActivityRow | null>;

  constructor(private readonly database: SqlTransaction) {
    this.rows = new Gathered((activityIds) => this.read(activityIds));
  }

  async find(packageId: string, activityId: string): Promise<KnownActivity | null> {
    const row = await this.rows.ask(activityId);
    return row === null || row.package_id !== packageId ? null : row;
  }

  private async read(activityIds: readonly string[]): Promise<readonly (KnownActivityRow | null)[]> {
    const rows = await this.database.query<KnownActivityRow>(
      'SELECT activity_id, package_id, multiplier, title FROM known_activities WHERE activity_id = ANY ($1)',
      [activityIds],
    );
    const byId = new Map(rows.map((row) => [row.activity_id, row]));
    return activityIds.map((activityId) => byId.get(activityId) ?? null);
  }

  async openItems(packageId: string): Promise<number> {
    const rows = await this.database.query<{ count: number }>(
      'SELECT count(*)::int AS count FROM open_items WHERE package_id = $1 AND is_open',
      [packageId],
    );
    return rows[0]?.count ?? 0;
  }
}

/** An activity or a request stands on one package; a request may be assigned to another one. */
async function setOpen(
  tx: SqlTransaction,
  packageId: string,
  itemId: string,
  isOpen: boolean,
): Promise<void> {
  await tx.query(
    `INSERT INTO open_items (item_id, package_id, is_open) VALUES ($2, $1, $3)
     ON CONFLICT (item_id) DO UPDATE SET package_id = $1, is_open = $3`,
    [packageId, itemId, isOpen],
  );
}

/** R14: a look whether a package is used up, or not any more; each cause schedules one of its own, so that none is lost. */
export async function scheduleLook(
  tx: SqlTransaction,
  packageId: string,
  causeId: string,
  at: string,
): Promise<void> {
  const entityId = `${packageId}/${causeId}`;
  await scheduleDue(tx, { kind: 'consider-used-up', entityId, dueAt: at, data: { packageId } });
}

type OfActivity = IntegrationEvent<'estimation', 'ActivityProposed'>;

/** Every event of an activity carries it whole, so one handler serves them all. Whatever opens or ends is looked at. */
export const followActivity: MessageHandler<ServiceTransaction> = {
  project: async (message, tx) => {
    const { activity } = message.data as unknown as OfActivity;
    if (activity === undefined) return;
    await tx.query(
      `INSERT INTO known_activities (activity_id, package_id, multiplier, title) VALUES ($1, $2, $3, $4)
       ON CONFLICT (activity_id) DO UPDATE SET multiplier = $3, title = $4`,
      [activity.activityId, activity.packageId, activity.estimate?.multiplier ?? 1, activity.displayTitle],
    );
    const waits = ['to-estimate', 'waiting-for-decision', 'waiting-for-hours'].includes(activity.state);
    await setOpen(tx, activity.packageId, activity.activityId, waits || activity.decisionAsked);
    await scheduleLook(tx, activity.packageId, message.id, message.time);
  },
};

export const followRequest: MessageHandler<ServiceTransaction> = {
  project: async (message, tx) => {
    const { request } = message.data as unknown as IntegrationEvent<'intake', 'RequestReceived'>;
    if (request.packageId === undefined) return;
    const isOpen = request.state === 'received' || request.state === 'taken-in-charge';
    const [before] = await tx.query<{ package_id: string }>(
      'SELECT package_id FROM open_items WHERE item_id = $1',
      [request.requestId],
    );
    await setOpen(tx, request.packageId, request.requestId, isOpen);
    for (const packageId of new Set([request.packageId, before?.package_id ?? request.packageId]))
      await scheduleLook(tx, packageId, message.id, message.time);
  },
};
