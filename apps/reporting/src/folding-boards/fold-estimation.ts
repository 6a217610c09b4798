import { type ActivitySnapshot, estimationEvents } from '@monteore/contracts';
import type { Message } from '@monteore/messaging';
import type { RowChange } from './row-change.js';

/** ReservationRequested says nothing that the ledger's answer and the activity's next event do not say. */
export const ESTIMATION_TYPES = Object.keys(estimationEvents).filter(
  (type) => type !== 'ReservationRequested',
);

/**
 * R3: an extra goes on the board when the gate has let it through, which shows in what can only follow: a question to
 * the client, an answer, or hours in force. Once on the board it stays there.
 */
const isThroughTheGate = ({ origin, decisionAsked, approval, versionInForce }: ActivitySnapshot): boolean =>
  origin === 'agreed' || decisionAsked || approval !== 'waiting' || versionInForce !== undefined;

/** Members of an event that are the activity's or the package's state, not what happened. */
const NO_STORY = new Set(['packageId', 'clientId', 'activity', 'pendingMinutes', 'balances']);

/** One event of estimation as rows: the activity after it, what is pending, a line of the activity's story. Pure. */
export function foldEstimationEvent(message: Message): readonly RowChange[] {
  const packageId = String(message.data.packageId);
  if (message.type === 'ActivitiesClosed') {
    const row = { package_id: packageId, activities_closed: true, position: message.position };
    return [{ table: 'package_estimation', row }];
  }
  const activity = message.data.activity as unknown as ActivitySnapshot;
  const { pendingMinutes } = message.data;
  return [
    {
      table: 'package_estimation',
      row: { package_id: packageId, pending_minutes: pendingMinutes, position: message.position },
    },
    {
      table: 'activity_facts',
      row: {
        activity_id: activity.activityId,
        package_id: packageId,
        number: activity.number,
        snapshot: activity,
        on_board: isThroughTheGate(activity) ? true : undefined,
        waiting: waitingOf(message),
      },
    },
    { table: 'activity_story', row: storyRow(message, activity) },
  ];
}

/** What was missing when the ledger said no (R3, R5). */
function waitingOf({ type, data, time }: Message) {
  if (type !== 'ActivityWaitingForHours') return undefined;
  const { version, cause, missingMinutes } = data;
  return { version, cause, missingMinutes, since: time };
}

function storyRow({ type, data, position, time }: Message, activity: ActivitySnapshot): RowChange['row'] {
  const happened = Object.fromEntries(Object.entries(data).filter(([member]) => !NO_STORY.has(member)));
  const facts = {
    ...happened,
    ...(type === 'EstimateSubmitted' ? { estimate: activity.estimate } : {}),
    ...(type === 'WorkStatusChanged' ? { workStatus: activity.workStatus } : {}),
    ...(type === 'DueDateChanged' ? { due: activity.due } : {}),
    ...(type === 'ActivityReassigned' ? { assigneeId: activity.assigneeId } : {}),
  };
  return { activity_id: activity.activityId, position, type, at: time, facts };
}
