import type { EventTypeOf, IntegrationEvent } from '@monteore/contracts';
import type { Message } from '@monteore/messaging';
import type { MailCause } from '../models.js';

type Maker = (message: Message) => MailCause;

const maker =
  <T extends EventTypeOf<'ledger'>>(
    make: (data: IntegrationEvent<'ledger', T>, message: Message) => MailCause,
  ): Maker =>
  (message) =>
    make(message.data as unknown as IntegrationEvent<'ledger', T>, message);

const about = (message: Message, { packageId, clientId }: { packageId: string; clientId: string }) => ({
  causeEventId: message.id,
  packageId,
  clientId,
});

/** R11: what is told of a package, by the event of the ledger that it follows from. */
export const ledgerCauses: Readonly<Partial<Record<EventTypeOf<'ledger'>, Maker>>> = {
  PackageOpened: maker<'PackageOpened'>((data, message) => ({
    ...about(message, data),
    kind: 'package-opened',
    audience: 'all-contacts',
    facts: {
      ...(data.endsOn === undefined ? {} : { endsOn: data.endsOn }),
      agreed: data.agreedActivities.map(({ title, estimateMinutes }) => ({ title, estimateMinutes })),
    },
  })),
  OverrunRecorded: maker<'OverrunRecorded'>((data, message) => ({
    ...about(message, data),
    kind: 'overrun-to-decide',
    audience: 'approvers-and-sender',
    activityId: data.activityId,
    facts: {
      overrunId: data.overrunId,
      minutes: data.minutes,
      actualMinutes: data.activity.actualMinutes,
      availableMinutes: data.balances.availableMinutes,
    },
  })),
  ThresholdCrossed: maker<'ThresholdCrossed'>((data, message) => ({
    ...about(message, data),
    kind: 'threshold',
    audience: 'approvers-and-referent',
    facts: {
      thresholdsPercent: data.thresholdsPercent,
      consumedPercent: data.consumedPercent,
      balances: data.balances,
    },
  })),
  ClosureScheduled: maker<'ClosureScheduled'>((data, message) => ({
    ...about(message, data),
    kind: 'closure-scheduled',
    audience: 'referent',
    facts: { closesAt: data.closesAt },
  })),
};

/** R14: the kept file goes to everybody whom the package was shared with. */
export function closingCause(message: Message): MailCause {
  const data = message.data as unknown as IntegrationEvent<'reporting', 'ClosingStatementMade'>;
  return {
    ...about(message, data),
    kind: 'package-closed',
    audience: 'all-contacts',
    facts: { sha256: data.sha256, fileName: data.fileName },
  };
}
