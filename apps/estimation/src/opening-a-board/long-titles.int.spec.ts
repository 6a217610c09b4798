import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { DEFAULT_POLICY, derivedId } from '@monteore/kernel';
import { StartedService } from '@monteore/service/testing';
import { type TestDatabase, testDatabase } from '@monteore/testing';
import { estimationService } from '../estimation.service.js';

let database: TestDatabase;
let started: StartedService;
beforeAll(async () => {
  database = await testDatabase();
  started = await StartedService.start({ definition: estimationService, databaseUrl: database.url });
}, 60_000);
afterAll(async () => {
  await started.stop();
  await database.drop();
});

test('R4 agreed activities are entered all of them, with the longest titles that a message carries', async () => {
  const packageId = derivedId('package');
  const clientId = derivedId('client');
  const balances = {
    grantedMinutes: 600,
    chargedMinutes: 0,
    postedMinutes: 600,
    heldMinutes: 0,
    availableMinutes: 600,
  };
  const opened = {
    packageId,
    clientId,
    balances,
    lots: [],
    name: 'Titoli lunghi',
    referentId: derivedId('referent'),
    openedOn: '2026-11-24',
    policy: DEFAULT_POLICY,
    agreedActivities: Array.from({ length: 200 }, (_, activity) => ({
      activityId: derivedId('activity', String(activity)),
      title: '時'.repeat(300),
      kind: 'other',
      estimateMinutes: 5,
      assigneeId: derivedId('assignee'),
      due: { date: '2026-12-18', firmness: 'flexible' },
      urgent: false,
    })),
  };
  await started.publish(started.told('ledger', 'PackageOpened', clientId, opened));
  expect(await started.service.inbox.parked.list()).toEqual([]);
  const token = started.token('referent');
  const list = await started.call('GET', `/v1/activities?packageId=${packageId}&limit=200`, { token });
  expect(list.body.items).toHaveLength(200);
  expect(list.body.items[199]).toMatchObject({ number: 200, state: 'waiting-for-decision' });
}, 60_000);
