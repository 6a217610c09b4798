import { join } from 'node:path';
import { estimationEvents, ledgerEvents } from '@monteore/contracts';
import { derivedId } from '@monteore/kernel';
import { describeConsumedForms } from '@monteore/service/testing';
import { intakeService } from './intake.service.js';

const id = (name: string) => derivedId('test', name);
const [CLIENT, PACKAGE] = [id('client'), id('package')];
const FIRST = ['ContactChanged', 'PackageOpened'];

describeConsumedForms({
  name: 'intake',
  definition: ({ directory, linkKey }) =>
    intakeService({ outbound: { outboxDirectory: join(directory, 'outbox') }, linkSigningKeyFile: linkKey }),
  key: CLIENT,
  values: { clientId: CLIENT, packageId: PACKAGE, activityId: id('activity') },
  // Mails are on their way as soon as they are written.
  volatile: ['state', 'attempts', 'failure', 'subject'].map((column) => `outbound_mails.${column}`),
  ofOptionalMembers: [
    // Without `contacts` a package is shared with all of its client's.
    'package_contacts ',
    // Made of no request, with no estimate, person in charge or date, an activity leaves nothing to link or to tell.
    ...[
      'RequestTakenInCharge',
      'RequestLinked',
      'major-extra',
      'extra-activated',
      'date-moved',
      'assignee-changed',
    ],
  ],
  facts: ['RequestReceived', 'RequestTakenInCharge', 'RequestLinked'],
  story: async (consumer) => {
    const email = 'anna@cliente.example';
    const contactId = consumer.started.service.core.people.contactId(CLIENT, email);
    for (const type of FIRST) await consumer.tell('ledger', type, CLIENT, { contactId });
    const { requestId } = await consumer.post('/v1/requests', {
      packageId: PACKAGE,
      fromEmail: email,
      subject: 'Banner',
      text: 'Un banner per la fiera.',
    });
    for (const type of Object.keys(estimationEvents))
      await consumer.tell('estimation', type, CLIENT, { requestId });
    for (const type of Object.keys(ledgerEvents).filter((each) => !FIRST.includes(each)))
      await consumer.tell('ledger', type, CLIENT);
    await consumer.tell('reporting', 'ClosingStatementMade', CLIENT);
  },
});
