import { ledgerEvents } from '@monteore/contracts';
import { derivedId, inputHashOf, isRefusal } from '@monteore/kernel';
import { describeConsumedForms, type FedConsumer } from '@monteore/service/testing';
import { CommandBus } from '@nestjs/cqrs';
import type { BoardDecider } from './board-stream/board-streams.js';
import { DecideBoard } from './board-stream/decide-board.js';
import { decideEstimate } from './deciding-estimates/decide.js';
import { estimationService } from './estimation.service.js';
import { proposeActivity } from './proposing-activities/decide.js';
import { APPROVER, submitting } from './testing/given-board.js';

const id = (name: string) => derivedId('test', name);
const [CLIENT, PACKAGE, AGREED] = [id('client'), id('package'), id('agreed')];

/** Told in this order; the rest of what the ledger tells only moves minutes. */
const OF_THE_STORY = [
  ...['PackageOpened', 'PolicyChanged', 'HoursReserved', 'ReservationRefused', 'HoursAvailable'],
  ...['HoursLacking', 'PackageClosing', 'PackageClosed'],
];

describeConsumedForms({
  name: 'estimation',
  definition: estimationService,
  key: CLIENT,
  values: {
    clientId: CLIENT,
    contactId: id('contact'),
    packageId: PACKAGE,
    activityId: AGREED,
    requestId: id('request'),
    version: 1,
  },
  ofOptionalMembers: [
    // Without `contacts` a package is shared with all of its client's.
    'package_contacts ',
  ],
  facts: [
    ...['BoardOpened', 'ActivityProposed', 'EstimateSubmitted', 'DecisionAsked', 'PolicyNoted'],
    ...['EstimateApproved', 'ReservationRequested', 'ActivityActivated'],
    ...['EstimateSubmitted', 'DecisionAsked', 'EstimateApproved', 'ReservationRequested'],
    'ActivityWaitingForHours',
    ...['ActivityProposed', 'EstimateSubmitted', 'HoursAsked', 'DecisionAsked'],
    ...['ActivityProposed', 'EstimateSubmitted', 'HoursAsked', 'ActivityWaitingForHours'],
    ...['BoardClosing', 'WorkStatusChanged', 'ActivityCancelled', 'ActivityCancelled', 'ActivitiesClosed'],
  ],
  story: async (consumer) => {
    const tell = (type: string, facts: object = {}) => consumer.tell('ledger', type, CLIENT, facts);
    await tell('PackageOpened');
    await tell('PolicyChanged', { urgentMultiplier: 5 });
    await approve(consumer, AGREED, 1);
    await tell('HoursReserved');
    await onBoard(consumer, submitting(AGREED, 600));
    await approve(consumer, AGREED, 2);
    await tell('ReservationRefused', { version: 2, waits: true });
    for (const answer of ['HoursAvailable', 'HoursLacking'])
      await tell(answer, { activityId: await extraAtTheGate(consumer) });
    for (const type of Object.keys(ledgerEvents).filter((each) => !OF_THE_STORY.includes(each)))
      await tell(type);
    const ofRequests = ['Received', 'TakenInCharge', 'Linked', 'Split', 'Dismissed', 'Assigned'];
    for (const type of [
      ...ofRequests.map((what) => `Request${what}`),
      'ReplyReceived',
      'ActivityReplyReceived',
    ])
      await consumer.tell('intake', type, CLIENT);
    await tell('PackageClosing');
    await tell('PackageClosed');
  },
});

const approve = (consumer: FedConsumer, activityId: string, version: number) =>
  onBoard(consumer, (state, context) =>
    decideEstimate(state, { ...context, actor: APPROVER }, { activityId, version, decision: 'approve' }),
  );

/** A major extra, for which the ledger is asked whether there are hours. */
async function extraAtTheGate(consumer: FedConsumer): Promise<string> {
  const { order } = await onBoard(consumer, (state, context) =>
    proposeActivity(state, context, { title: 'Banner', kind: 'improvement', urgent: false }),
  );
  await onBoard(consumer, submitting(order.at(-1)!, 60));
  return order.at(-1)!;
}

/** A command of the team, whose id is the same in every run. */
async function onBoard({ started }: FedConsumer, decider: BoardDecider) {
  const { app, core } = started.service;
  const commandId = derivedId('command', String(await core.store.head()));
  const envelope = {
    commandId,
    inputHash: inputHashOf(commandId),
    actor: APPROVER,
    correlationId: commandId,
  };
  const result = await app.get(CommandBus).execute(new DecideBoard(PACKAGE, envelope, decider));
  if (isRefusal(result)) throw new Error(result.detail);
  if (result.state.status === 'unopened') throw new Error('not opened');
  return result.state;
}
