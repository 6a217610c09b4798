import { derivedId } from '@monteore/kernel';
import { describeConsumedForms, type FedConsumer } from '@monteore/service/testing';
import { ledgerService } from './ledger.service.js';

const id = (name: string) => derivedId('test', name);
const CLIENT = id('client');

describeConsumedForms({
  name: 'ledger',
  definition: ledgerService,
  key: CLIENT,
  values: {
    clientId: CLIENT,
    contactId: id('contact'),
    requestId: id('request'),
    replicaId: id('replica'),
    version: 1,
    minutes: 60,
    weightedMinutes: 60,
    reopens: false,
  },
  ofOptionalMembers: [
    // Without `contacts` a package is shared with all of its client's.
    'package_contacts ',
    // Without `packageId` a request stands on no package.
    `open_items ${id('request')}`,
  ],
  facts: [
    ...['ClientRegistered', 'ContactChanged', 'PackageOpened', 'LotAdded'],
    ...['HoursReserved', 'HoursAvailable', 'HoursReserved', 'HoldReleased'],
    ...['HoldReleased', 'ActivityEnded', 'ActivityEnded'],
  ],
  story: async (consumer) => {
    const packageId = await openPackage(consumer);
    const activityId = id('activity');
    const tell = (type: string, facts: object = {}) =>
      consumer.tell('estimation', type, CLIENT, { packageId, activityId, ...facts });

    for (const type of ['ActivityProposed', 'EstimateSubmitted', 'DecisionAsked', 'EstimateApproved'])
      await tell(type);
    await tell('ReservationRequested', { reservationId: id('reservation') });
    for (const type of ['ActivityActivated', 'WorkStatusChanged', 'EstimateRejected', 'ActivityReplicated'])
      await tell(type);
    const [extra, withdrawn] = [id('extra'), id('withdrawn')];
    await tell('HoursAsked', { activityId: extra });
    await tell('ActivityWaitingForHours', { activityId: extra });
    await tell('ReservationRequested', { activityId: withdrawn, reservationId: id('withdrawn') });
    await tell('ApprovalWithdrawn', { activityId: withdrawn, versionInForce: 0 });
    await tell('ActivityCompleted');
    await tell('ActivityCancelled', { activityId: extra });

    const ofRequests = ['Received', 'TakenInCharge', 'Linked', 'Split', 'Dismissed', 'Assigned'];
    for (const type of ofRequests) await consumer.tell('intake', `Request${type}`, CLIENT, { packageId });
    const ofRights = ['ClientRegistered', 'ContactChanged', 'PackageOpened', 'PolicyChanged'];
    for (const type of [...ofRights, 'PackageClosing', 'PackageClosed'])
      await consumer.tell('ledger', type, CLIENT, { packageId: id('another package') });
  },
});

async function openPackage(consumer: FedConsumer) {
  const { clientId } = await consumer.post('/v1/clients', {
    name: 'Comune di Prova',
    language: 'it',
    contacts: [{ name: 'Anna Bianchi', email: 'anna@comune.example', roles: ['approver'] }],
  });
  const { packageId } = await consumer.post('/v1/packages', {
    clientId,
    name: 'Sito 2026',
    referentEmail: 'luca@agenzia.example',
    grantedMinutes: 600,
    agreedActivities: [],
  });
  return packageId;
}
