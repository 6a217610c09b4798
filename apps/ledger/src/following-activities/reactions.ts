import { eventsTopicOf, type IntegrationEvent } from '@monteore/contracts';
import { derivedId, inputHashOf, isRefusal, SYSTEM_ACTOR } from '@monteore/kernel';
import type { Message, MessageHandlers } from '@monteore/messaging';
import type { CommandEnvelope, DueThing, ServiceTransaction } from '@monteore/service';
import { Inject, Injectable } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import { considerUsedUp } from '../closing-a-package/decide.js';
import { DecidePackage } from '../package-stream/decide-package.js';
import type { PackageDecider } from '../package-stream/package-streams.js';
import { askForHours, endActivity, reserveHours, withdrawApproval } from '../reserving-hours/decide.js';
import { followActivity, followRequest, KnownActivities } from './known-activities.js';

type Estimation<T extends Parameters<typeof dataOf>[1]> = IntegrationEvent<'estimation', T>;
const dataOf = <T extends 'ReservationRequested' | 'HoursAsked' | 'ApprovalWithdrawn' | 'ActivityCompleted'>(
  message: Message,
  _: T,
) => message.data as unknown as IntegrationEvent<'estimation', T>;

/** What estimation's events ask of the ledger. Each is a command whose id derives from the message: a repeat is one. */
@Injectable()
export class Reactions {
  constructor(
    @Inject(CommandBus) private readonly commands: CommandBus,
    @Inject(KnownActivities) private readonly activities: KnownActivities,
  ) {}

  handlers(): MessageHandlers<ServiceTransaction> {
    const followed = [
      'ActivityProposed',
      'EstimateSubmitted',
      'DecisionAsked',
      'EstimateApproved',
      'EstimateRejected',
      'ActivityActivated',
      'ActivityWaitingForHours',
      'WorkStatusChanged',
      'ActivityReplicated',
    ];
    const requests = [
      'RequestReceived',
      'RequestTakenInCharge',
      'RequestLinked',
      'RequestSplit',
      'RequestDismissed',
      'RequestAssigned',
    ];
    return {
      [eventsTopicOf('estimation')]: {
        ...Object.fromEntries(followed.map((type) => [type, followActivity])),
        ReservationRequested: {
          react: (message) => this.reserve(message, dataOf(message, 'ReservationRequested')),
        },
        HoursAsked: {
          ...followActivity,
          react: (message) => this.ask(message, dataOf(message, 'HoursAsked')),
        },
        ApprovalWithdrawn: {
          ...followActivity,
          react: (message) => this.withdraw(message, dataOf(message, 'ApprovalWithdrawn')),
        },
        ActivityCompleted: { ...followActivity, react: (message) => this.end(message, 'done') },
        ActivityCancelled: { ...followActivity, react: (message) => this.end(message, 'cancelled') },
      },
      [eventsTopicOf('intake')]: Object.fromEntries(requests.map((type) => [type, followRequest])),
    };
  }

  private reserve(
    message: Message,
    { packageId, reservationId, items, whenLacking }: Estimation<'ReservationRequested'>,
  ) {
    return this.give(message, packageId, (state, context) =>
      reserveHours(state, context, { reservationId, items, whenLacking }),
    );
  }

  private ask(message: Message, { packageId, activity, version, weightedMinutes }: Estimation<'HoursAsked'>) {
    const item = {
      activityId: activity.activityId,
      version,
      minutes: activity.estimate?.minutes ?? 0,
      multiplier: activity.estimate?.multiplier ?? 1,
      weightedMinutes,
      path: 'approved' as const,
      reopens: false,
    };
    return this.give(message, packageId, (state, context) =>
      askForHours(state, context, { askId: message.id, item }),
    );
  }

  private withdraw(message: Message, { packageId, activity, version }: Estimation<'ApprovalWithdrawn'>) {
    const { activityId, versionInForce } = activity;
    return this.give(message, packageId, (state, context) =>
      withdrawApproval(state, context, { activityId, version, versionInForce }),
    );
  }

  private end(message: Message, outcome: 'done' | 'cancelled') {
    const { packageId, activity } = dataOf(message, 'ActivityCompleted');
    return this.give(message, packageId, (state, context) =>
      endActivity(state, context, { activityId: activity.activityId, outcome }),
    );
  }

  /** The timer's question after something changed, here or elsewhere. */
  async consider({ entityId, dueAt, data }: DueThing): Promise<void> {
    const packageId = String(data.packageId);
    const openItems = await this.activities.openItems(packageId);
    await this.execute(
      packageId,
      envelope(derivedId('consider-used-up', entityId, dueAt), packageId),
      (state, context) => considerUsedUp(state, context, openItems),
    );
  }

  private give(message: Message, packageId: string, decider: PackageDecider): Promise<void> {
    const given = envelope(derivedId('reaction', message.id), message.data, message);
    return this.execute(packageId, given, decider);
  }

  private async execute(packageId: string, given: CommandEnvelope, decider: PackageDecider): Promise<void> {
    const result = await this.commands.execute(new DecidePackage(packageId, given, decider));
    if (isRefusal(result)) throw new Error(`${result.code}: ${result.detail}`);
  }
}

const envelope = (commandId: string, input: unknown, cause?: Message): CommandEnvelope => ({
  commandId,
  inputHash: inputHashOf(input),
  actor: SYSTEM_ACTOR,
  correlationId: cause?.correlationId ?? commandId,
  ...(cause === undefined ? {} : { causationId: cause.id }),
  ...(cause?.traceparent === undefined ? {} : { traceparent: cause.traceparent }),
});
