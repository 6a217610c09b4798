import type { ActivityRow, BoardRows, OverrunRow, PackageRow } from './rows.js';

/** How a person is shown, by id. */
export type LabelOf = (personId: string | undefined) => string | undefined;

/** Who did it, as events say it. */
interface NamedActor {
  readonly subject: string;
  readonly role: string;
  readonly onBehalfOf?: string;
}

export type BoardView = ReturnType<typeof boardView>;
export type ActivityView = ReturnType<typeof activityView>;

/** The board as REST shows it (api.md, R10). Nothing is added up here: each number is one that its owner has published. */
export function boardView({ package: found, activities, overruns }: BoardRows, labelOf: LabelOf) {
  const titles = new Map(activities.map(({ snapshot }) => [snapshot.activityId, snapshot.displayTitle]));
  const waiting = activities.filter(({ snapshot }) => snapshot.state === 'waiting-for-hours');
  return {
    ...packageView(found, labelOf),
    endsOn: found.ends_on ?? undefined,
    closesAt: found.closes_at ?? undefined,
    policy: found.policy,
    lots: found.lots,
    activities: activities.filter((row) => row.on_board).map((row) => activityView(row, labelOf)),
    /** R3, R5: gated extras, which are not among the activities, and approvals that found too few hours, which are. */
    waitingForHours: waiting.map((row) => ({
      ...activityView(row, labelOf),
      onBoard: row.on_board,
      missingMinutes: row.waiting?.missingMinutes,
      waitingSince: row.waiting?.since,
    })),
    /** Extras that have not come to the gate yet. */
    inPreparation: activities.filter(isInPreparation).map((row) => activityView(row, labelOf)),
    overruns: overruns.map((row) => overrunView(row, titles, labelOf)),
    ...(found.closing === null ? {} : { closing: found.closing }),
  };
}

const isInPreparation = ({ on_board, snapshot }: ActivityRow): boolean =>
  !on_board &&
  snapshot.state !== 'waiting-for-hours' &&
  snapshot.state !== 'cancelled' &&
  snapshot.state !== 'done';

/** What a list of boards shows of each. */
export function packageView(found: PackageRow, labelOf: LabelOf) {
  return {
    packageId: found.package_id,
    clientId: found.client_id,
    name: found.name,
    referent: labelOf(found.referent_id),
    status: found.status,
    openedOn: found.opened_on,
    closedOn: found.closed_on ?? undefined,
    balances: {
      grantedMinutes: found.granted_minutes,
      chargedMinutes: found.charged_minutes,
      postedMinutes: found.posted_minutes,
      heldMinutes: found.held_minutes,
      availableMinutes: found.available_minutes,
      pendingMinutes: found.pending_minutes ?? 0,
    },
    position: found.position,
  };
}

/** The shape "activity" of api.md: estimation's facts, the ledger's minutes. */
export function activityView(row: ActivityRow, labelOf: LabelOf) {
  const { snapshot } = row;
  const { clientId: _, assigneeId, decidedBy, decisionAsked: __, estimate, ...facts } = snapshot;
  return {
    ...facts,
    ...(estimate === undefined
      ? {}
      : {
          estimate: {
            version: estimate.version,
            minutes: estimate.minutes,
            multiplier: estimate.multiplier,
            weightedMinutes: estimate.weightedMinutes,
          },
        }),
    assignee: labelOf(assigneeId),
    heldMinutes: row.held_minutes ?? 0,
    actualMinutes: row.actual_minutes ?? 0,
    chargedMinutes: row.charged_minutes ?? 0,
    overrunMinutes: row.overrun_minutes ?? 0,
    ...(decidedBy === undefined ? {} : { decidedBy: actorView(decidedBy, labelOf) }),
  };
}

/** R5: both names where somebody acted for a contact. */
export const actorView = ({ subject, role, onBehalfOf }: NamedActor, labelOf: LabelOf) => ({
  name: labelOf(subject),
  role,
  ...(onBehalfOf === undefined ? {} : { onBehalfOf: labelOf(onBehalfOf) }),
});

/** While it is open its minutes are what is still undecided, afterwards what was recorded, as in the ledger. */
function overrunView(row: OverrunRow, titles: ReadonlyMap<string, string>, labelOf: LabelOf) {
  const isOpen = row.state === 'open' || row.state === 'refused';
  return {
    overrunId: row.overrun_id,
    activityId: row.activity_id,
    displayTitle: titles.get(row.activity_id),
    workEntryId: row.work_entry_id,
    occurredOn: row.occurred_on,
    minutes: isOpen ? row.remaining_minutes : row.recorded_minutes,
    state: row.state,
    reason: row.reason ?? undefined,
    ...(row.decided_by === null ? {} : { decidedBy: actorView(row.decided_by, labelOf) }),
  };
}
