import type { ActivitySnapshot, EventTypeOf, IntegrationEvent } from '@monteore/contracts';
import type { Message } from '@monteore/messaging';
import type { MailCause, ToldEstimate } from '../models.js';

type Estimation<T extends EventTypeOf<'estimation'>> = IntegrationEvent<'estimation', T>;
type Maker = (message: Message) => MailCause | null;

const maker =
  <T extends EventTypeOf<'estimation'>>(
    make: (data: Estimation<T>, message: Message) => MailCause | null,
  ): Maker =>
  (message) =>
    make(message.data as unknown as Estimation<T>, message);

const about = (message: Message, { activityId, packageId, clientId, requestId }: ActivitySnapshot) => ({
  causeEventId: message.id,
  audience: 'approvers-and-sender' as const,
  activityId,
  packageId,
  clientId,
  ...(requestId === undefined ? {} : { requestId }),
});

type Decider = NonNullable<ActivitySnapshot['decidedBy']>;

/** R5: on a contact's behalf both names are kept and told. */
const decision = (by: Decider | undefined, at: string | undefined) => ({
  ...(by === undefined || by.role === 'system' ? {} : { decidedById: by.onBehalfOf ?? by.subject }),
  ...(by?.onBehalfOf === undefined || by.role === 'machine' ? {} : { recordedById: by.subject }),
  ...(at === undefined ? {} : { decidedAt: at }),
});

/** What the newest estimate would take, when it is the version that the event speaks of. */
const weighted = ({ estimate }: ActivitySnapshot, version: number) =>
  estimate?.version === version ? { weightedMinutes: estimate.weightedMinutes } : {};

const asked = (activity: ActivitySnapshot, estimate: ToldEstimate, previous: ToldEstimate | undefined) => ({
  activityId: activity.activityId,
  title: activity.displayTitle,
  estimate,
  ...(previous === undefined ? {} : { previous }),
});

const decisionAsked = maker<'DecisionAsked'>(({ activity, warning, previous }, message) => {
  if (activity.estimate === undefined) return null;
  const facts = asked(activity, activity.estimate, previous);
  if (warning === undefined) return { ...about(message, activity), kind: 'estimate-to-decide', facts };
  const { availableMinutes, leftMinutes } = warning;
  const wouldNotFit = warning.wouldNotFit.map(({ displayTitle, weightedMinutes }) => ({
    title: displayTitle,
    weightedMinutes,
  }));
  return {
    ...about(message, activity),
    kind: 'major-extra',
    facts: { ...facts, availableMinutes, leftMinutes, wouldNotFit },
  };
});

const activated = maker<'ActivityActivated'>(({ activity, version, cause, balances }, message) => {
  const { displayTitle: title, estimate } = activity;
  const { availableMinutes } = balances;
  if (cause === 'approved') {
    return {
      ...about(message, activity),
      kind: 'decision-recorded',
      facts: {
        title,
        outcome: 'approved',
        version,
        ...weighted(activity, version),
        ...decision(activity.decidedBy, activity.decidedAt),
        availableMinutes,
      },
    };
  }
  if (estimate === undefined) return null;
  return {
    ...about(message, activity),
    kind: cause === 'automatic' ? 'extra-activated' : 'urgency-lowered',
    facts: { title, estimate, availableMinutes },
  };
});

const waitingForHours = maker<'ActivityWaitingForHours'>((data, message) => {
  const { activity, version, cause, missingMinutes } = data;
  const { availableMinutes } = data.balances;
  const title = activity.displayTitle;
  if (cause === 'reservation' && activity.approval === 'approved') {
    return {
      ...about(message, activity),
      kind: 'decision-recorded',
      facts: {
        title,
        outcome: 'waiting-for-hours',
        version,
        ...weighted(activity, version),
        ...decision(activity.decidedBy, activity.decidedAt),
        missingMinutes,
        availableMinutes,
      },
    };
  }
  const { weightedMinutes } = activity.estimate ?? { weightedMinutes: availableMinutes + missingMinutes };
  return {
    ...about(message, activity),
    kind: 'hours-missing',
    facts: { title, weightedMinutes, missingMinutes, availableMinutes },
  };
});

const rejected = maker<'EstimateRejected'>(({ activity, version, decidedBy, reason }, message) => ({
  ...about(message, activity),
  kind: 'decision-recorded',
  facts: {
    title: activity.displayTitle,
    outcome: 'rejected',
    version,
    ...weighted(activity, version),
    ...decision(decidedBy, message.time),
    ...(activity.versionInForce === undefined ? {} : { versionInForce: activity.versionInForce }),
    ...(reason === undefined ? {} : { reason }),
  },
}));

const dateMoved = maker<'DueDateChanged'>(({ activity, previousDue, reason }, message) =>
  activity.due === undefined
    ? null
    : {
        ...about(message, activity),
        kind: 'date-moved',
        facts: { title: activity.displayTitle, previousDue, due: activity.due, reason },
      },
);

const reassigned = maker<'ActivityReassigned'>(({ activity, previousAssigneeId }, message) =>
  activity.assigneeId === undefined
    ? null
    : {
        ...about(message, activity),
        kind: 'assignee-changed',
        facts: {
          title: activity.displayTitle,
          assigneeId: activity.assigneeId,
          ...(previousAssigneeId === undefined ? {} : { previousAssigneeId }),
        },
      },
);

/** R11: what the client is told of its activities, by the event of estimation that it follows from. */
export const estimationCauses: Readonly<Partial<Record<EventTypeOf<'estimation'>, Maker>>> = {
  DecisionAsked: decisionAsked,
  ActivityActivated: activated,
  ActivityWaitingForHours: waitingForHours,
  EstimateRejected: rejected,
  DueDateChanged: dateMoved,
  ActivityReassigned: reassigned,
};
