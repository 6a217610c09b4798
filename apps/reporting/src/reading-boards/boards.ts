import type { Actor } from '@monteore/kernel';
import type { SqlTransaction } from '@monteore/messaging';
import { AccessCopy, type ServiceDatabase } from '@monteore/service';
import type { ActivityRow, BoardRows, OverrunRow, PackageRow } from '../board/rows.js';

/**
 * Where a board stands: how far the ledger's and estimation's events have been folded, whether the closing statement
 * is kept, and how often all boards were folded anew. It changes with every change of the board.
 */
const POSITION = `coalesce(l.position, 0) || '.' || coalesce(e.position, 0) || '.' || (k.package_id IS NOT NULL)::int
  || '.' || (SELECT generation FROM read_model_rebuilds WHERE read_model = 'boards')`;

const TABLES_OF_A_BOARD = 'package_ledger, package_estimation, activity_facts, activity_minutes, overruns';

const PACKAGES = `
  SELECT l.*, e.pending_minutes, e.activities_closed, ${POSITION} AS position
  FROM package_ledger l
  LEFT JOIN package_estimation e USING (package_id)
  LEFT JOIN kept_statements k USING (package_id)`;

export interface PackageListRow extends PackageRow {
  readonly sort_name: string;
  readonly decisions_waiting: number;
  readonly waiting_for_hours: number;
  readonly open_overruns: number;
}

export interface ListQuestion {
  readonly contactId: string | null;
  readonly after: ListPlace | undefined;
  readonly limit: number;
  readonly clientId?: string | undefined;
  readonly status?: PackageRow['status'] | undefined;
}

/** The place of a package in the list: closed ones last, then by name. */
export type ListPlace = readonly [isClosed: boolean, name: string, packageId: string];

export const placeOf = (row: PackageListRow): ListPlace => [
  row.status === 'closed',
  row.sort_name,
  row.package_id,
];

/** The queries on boards. */
export class Boards {
  constructor(private readonly database: ServiceDatabase) {}

  /** The whole board as of one moment; null before the ledger has told of the package. */
  load(packageId: string): Promise<BoardRows | null> {
    return this.database.transaction(async (tx) => {
      await tx.query('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY');
      // Before the moment is chosen: tables that are exchanged after it would be seen without their last rows.
      await tx.query(`LOCK TABLE ${TABLES_OF_A_BOARD} IN ACCESS SHARE MODE`);
      const found = await packageRow(tx, packageId);
      if (found === null) return null;
      return {
        package: found,
        activities: await activityRows(tx, packageId),
        overruns: await overrunRows(tx, packageId),
      };
    });
  }

  package(packageId: string): Promise<PackageRow | null> {
    return packageRow(this.database, packageId);
  }

  /** Packages from a place on that fit and that the contact may see (all for `null`); one more than `limit`. */
  list({ contactId, after, limit, clientId, status }: ListQuestion): Promise<PackageListRow[]> {
    const [isClosed, name, packageId] = after ?? [false, '', ''];
    return this.database.query<PackageListRow>(
      `SELECT found.*, lower(found.name) AS sort_name,
         (SELECT count(*)::int FROM activity_facts a WHERE a.package_id = found.package_id
            AND (a.snapshot->>'decisionAsked')::boolean) AS decisions_waiting,
         (SELECT count(*)::int FROM activity_facts a WHERE a.package_id = found.package_id
            AND a.snapshot->>'state' = 'waiting-for-hours') AS waiting_for_hours,
         (SELECT count(*)::int FROM overruns o WHERE o.package_id = found.package_id
            AND o.state IN ('open', 'refused')) AS open_overruns
       FROM (${PACKAGES}
         WHERE l.name IS NOT NULL AND ((l.status = 'closed'), lower(l.name), l.package_id) > ($1, $2, $3)
           AND ($4::text IS NULL OR ${AccessCopy.visibleTo('l.package_id', '$4')})
           AND ($6::text IS NULL OR l.client_id = $6) AND ($7::text IS NULL OR l.status = $7)
         ORDER BY (l.status = 'closed'), lower(l.name), l.package_id LIMIT $5) found`,
      [isClosed, name, packageId, contactId, limit + 1, clientId ?? null, status ?? null],
    );
  }

  /** Positions of boards, for those who watch them. */
  async positions(packageIds: readonly string[]): Promise<Map<string, string>> {
    const rows = await this.database.query<{ package_id: string; position: string }>(
      `SELECT l.package_id, ${POSITION} AS position FROM package_ledger l
       LEFT JOIN package_estimation e USING (package_id)
       LEFT JOIN kept_statements k USING (package_id) WHERE l.package_id = ANY ($1)`,
      [[...packageIds]],
    );
    return new Map(rows.map((row) => [row.package_id, row.position]));
  }

  /** One activity of a package with its story, oldest first: what estimation says of it and its movements. */
  async story(packageId: string, activityId: string): Promise<ActivityStory | null> {
    const [activity] = await this.database.query<ActivityRow>(`${ACTIVITIES} AND f.activity_id = $2`, [
      packageId,
      activityId,
    ]);
    if (activity === undefined) return null;
    const decisions = await this.database.query<StoryRow>(
      'SELECT type, at, facts FROM activity_story WHERE activity_id = $1 ORDER BY position',
      [activityId],
    );
    const movements = await this.database.query<MovementRow>(
      'SELECT * FROM movements WHERE package_id = $1 AND $2 = ANY (activity_ids) ORDER BY sequence',
      [packageId, activityId],
    );
    return { activity, decisions, movements };
  }
}

export interface StoryRow {
  readonly type: string;
  readonly at: string;
  readonly facts: Readonly<Record<string, unknown>>;
}

export interface MovementRow {
  readonly sequence: number;
  readonly occurred_on: string;
  readonly recorded_at: string;
  readonly type: string;
  readonly activity_ids: readonly string[];
  readonly performed_by_id: string | null;
  readonly actor: Actor;
  readonly actual_minutes: number | null;
  readonly multiplier: number | null;
  readonly posted_delta_minutes: number;
  readonly held_delta_minutes: number;
  readonly charged_delta_minutes: number;
  readonly posted_minutes: number;
  readonly held_minutes: number;
  readonly available_minutes: number;
  readonly note: string | null;
  readonly hash: string;
}

export interface ActivityStory {
  readonly activity: ActivityRow;
  readonly decisions: readonly StoryRow[];
  readonly movements: readonly MovementRow[];
}

const ACTIVITIES = `
  SELECT f.activity_id, f.snapshot, f.on_board, f.waiting,
    m.held_minutes, m.actual_minutes, m.charged_minutes, m.overrun_minutes
  FROM activity_facts f LEFT JOIN activity_minutes m USING (activity_id)
  WHERE f.package_id = $1`;

async function packageRow(tx: SqlTransaction, packageId: string): Promise<PackageRow | null> {
  const rows = await tx.query<PackageRow>(`${PACKAGES} WHERE l.package_id = $1 AND l.name IS NOT NULL`, [
    packageId,
  ]);
  return rows[0] ?? null;
}

const activityRows = (tx: SqlTransaction, packageId: string) =>
  tx.query<ActivityRow>(`${ACTIVITIES} ORDER BY f.number, f.activity_id`, [packageId]);

const overrunRows = (tx: SqlTransaction, packageId: string) =>
  tx.query<OverrunRow>(
    `SELECT * FROM overruns WHERE package_id = $1 AND state <> 'reversed' ORDER BY sequence`,
    [packageId],
  );
