import { estimationEvents, intakeEvents, ledgerEvents } from '@monteore/contracts';
import { derivedId } from '@monteore/kernel';
import { describeConsumedForms } from '@monteore/service/testing';
import { reportingService } from './reporting.service.js';

const id = (name: string) => derivedId('test', name);
const CLIENT = id('client');
const values = {
  clientId: CLIENT,
  contactId: id('contact'),
  packageId: id('package'),
  activityId: id('activity'),
  overrunId: id('overrun'),
  fallenOverrunId: id('overrun'),
  requestId: id('request'),
  closesAt: '2026-12-01T17:00:00.000Z',
  // The statement of a closed package is made only where all totals agree: 600 minutes bought, none moved.
  postedMinutes: 600,
  availableMinutes: 600,
  ...Object.fromEntries(
    ['heldMinutes', 'chargedMinutes', 'postedDeltaMinutes', 'heldDeltaMinutes', 'chargedDeltaMinutes'].map(
      (name) => [name, 0],
    ),
  ),
};

describeConsumedForms({
  name: 'reporting',
  definition: reportingService,
  key: CLIENT,
  values,
  // Without `contacts` a package is shared with all of its client's.
  ofOptionalMembers: ['package_contacts '],
  facts: ['ClosingStatementMade'],
  story: async (consumer) => {
    const inOrder = [
      ...Object.keys(ledgerEvents).map((type) => ['ledger', type] as const),
      ...Object.keys(estimationEvents)
        .filter((type) => type !== 'ReservationRequested')
        .map((type) => ['estimation', type] as const),
      ...Object.keys(intakeEvents)
        .filter((type) => type !== 'ActivityReplyReceived')
        .map((type) => ['intake', type] as const),
    ];
    for (const [index, [service, type]] of inOrder.entries())
      await consumer.tell(service, type, CLIENT, {
        sequence: index + 1,
        ...(type === 'PackageOpened' ? { postedDeltaMinutes: 600 } : {}),
      });
  },
});
