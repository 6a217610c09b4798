import {
  type ActivitySnapshot,
  estimationEvents,
  eventsTopicOf,
  zActivitySnapshot,
} from '@monteore/contracts';
import { derivedId, inputHashOf, SYSTEM_ACTOR } from '@monteore/kernel';
import type { Message, MessageHandler, MessageHandlers } from '@monteore/messaging';
import type { ServiceTransaction } from '@monteore/service';
import { linkActivity } from '../request/decide.js';
import { streamOfRequest } from '../request/events.js';
import { asDecided, type IntakeStreams } from '../request/streams.js';

/** Which activities were made of which request, and whether they are over: a reply to those is flagged (R8). */
export const followedActivitiesTable = `
  CREATE TABLE followed_activities (
    activity_id text PRIMARY KEY,
    package_id text NOT NULL,
    request_id text,
    is_over boolean NOT NULL
  );`;

/** What intake does on estimation's events: each activity followed, and its request linked (R9). */
export function followingHandlers(streams: IntakeStreams): MessageHandlers<ServiceTransaction> {
  const ofActivity = Object.keys(estimationEvents).filter(
    (type) => 'activity' in estimationEvents[type as keyof typeof estimationEvents].shape,
  );
  const following = Object.fromEntries(
    ofActivity.map((type): [string, MessageHandler<ServiceTransaction>] => [type, { project: follow }]),
  );
  return {
    [eventsTopicOf('estimation')]: {
      ...following,
      ActivityProposed: { react: (message) => link(message, streams), project: follow },
    },
  };
}

const activityIn = (message: Message): ActivitySnapshot => zActivitySnapshot.parse(message.data.activity);

async function follow(message: Message, tx: ServiceTransaction): Promise<void> {
  const { activityId, packageId, requestId, state } = activityIn(message);
  await tx.query(
    `INSERT INTO followed_activities (activity_id, package_id, request_id, is_over) VALUES ($1, $2, $3, $4)
     ON CONFLICT (activity_id) DO UPDATE SET is_over = $4`,
    [activityId, packageId, requestId ?? null, state === 'done' || state === 'cancelled'],
  );
}

async function link(message: Message, { requests }: IntakeStreams): Promise<void> {
  const activity = activityIn(message);
  if (activity.requestId === undefined) return;
  await requests.execute({
    streamId: streamOfRequest(activity.requestId),
    commandId: derivedId('reaction', message.id),
    inputHash: inputHashOf(activity.activityId),
    actor: SYSTEM_ACTOR,
    correlationId: message.correlationId,
    causationId: message.id,
    decide: (state, now) => ({ events: asDecided(linkActivity(state, activity), now) }),
  });
}
