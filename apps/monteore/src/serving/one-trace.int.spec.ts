import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { estimationService } from '@monteore/estimation';
import { ledgerService } from '@monteore/ledger';
import { reportingService } from '@monteore/reporting';
import type { ServiceDefinition } from '@monteore/service';
import { linesOf, StartedService, TraceCollector } from '@monteore/service/testing';
import { eventually, type TestDatabase, testDatabase } from '@monteore/testing';

let database: TestDatabase;
let collector: TraceCollector;
const services: StartedService[] = [];

beforeAll(async () => {
  [database, collector] = [await testDatabase(), await TraceCollector.start()];
  const watched = { tracesEndpoint: collector.endpoint };
  const start = async (definition: ServiceDefinition) => {
    const service = await StartedService.start({ definition, databaseUrl: database.url, watched });
    services.push(service);
    return service;
  };
  for (const definition of [ledgerService, estimationService, reportingService]) await start(definition);
}, 120_000);
afterAll(async () => {
  for (const service of services) await service.stop();
  await collector.stop();
  await database.drop();
});

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const CALLER = 'b7ad6b7169203331';

test('one trace goes from the decision in estimation through the ledger to the board', async () => {
  const [ledger, estimation] = services as [StartedService, StartedService];
  const post = (service: StartedService, url: string, body: object, headers = {}) =>
    service.call('POST', url, { token: service.token('administrator'), body, headers });
  const approver = { name: 'Lucia', email: 'lucia@comune.example', roles: ['approver'] };
  const client = await post(ledger, '/v1/clients', { name: 'Comune', language: 'it', contacts: [approver] });
  const { clientId, contacts } = client.body;
  const opened = await post(ledger, '/v1/packages', {
    clientId,
    name: 'Sito',
    referentEmail: 'assistenza@agenzia.example',
    grantedMinutes: 600,
    agreedActivities: [
      {
        title: 'Mappa',
        kind: 'site-assistance',
        estimateMinutes: 60,
        assignee: 'tecnico@agenzia.example',
        due: { date: '2027-03-31', firmness: 'flexible' },
      },
    ],
  });
  const { packageId } = opened.body;
  const { activityId } = await eventually(async () => {
    const token = estimation.token('administrator');
    return (await estimation.get(`/v1/activities?packageId=${packageId}`, token)).body.items?.[0];
  }, 'the activity');
  const traceparent = `00-${TRACE}-${CALLER}-01`;
  const decision = { version: 1, decision: 'approve', contactId: contacts[0].contactId };
  const answer = await post(estimation, `/v1/activities/${activityId}/decisions`, decision, { traceparent });
  expect([answer.status, answer.body.outcome]).toEqual([200, 'reserved']);

  const seen = () => linesOf(collector.of(TRACE), { [CALLER]: 'the caller' });
  const route = 'estimation: POST /v1/activities/:activityId/decisions';
  const wanted = [
    `server ${route} < the caller`,
    `client estimation: append < ${route}`,
    `producer estimation: publish ReservationRequested < ${route}`,
    'consumer ledger: consume ReservationRequested < estimation: publish ReservationRequested',
    'client ledger: append < ledger: consume ReservationRequested',
    'producer ledger: publish HoursReserved < ledger: consume ReservationRequested',
    'consumer reporting: consume HoursReserved < ledger: publish HoursReserved',
    'consumer estimation: consume HoursReserved < ledger: publish HoursReserved',
    'client estimation: append < estimation: consume HoursReserved',
    'producer estimation: publish ActivityActivated < estimation: consume HoursReserved',
    'consumer reporting: consume ActivityActivated < estimation: publish ActivityActivated',
  ];
  const isWhole = () =>
    wanted.every((line) => seen().includes(line)) && !seen().some((line) => line.endsWith('nothing known'));
  // Each service sends its spans in its own time; what is missing in the end is told below.
  await eventually(isWhole, 'the whole trace').catch(() => {});
  expect(seen()).toEqual(expect.arrayContaining(wanted));
  expect(seen().filter((line) => line.endsWith('nothing known'))).toEqual([]);
  expect(collector.text).not.toMatch(/lucia|agenzia|Mappa|Comune/i);
}, 60_000);
