import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { derivedId } from '@monteore/kernel';
import type { StartedService } from '@monteore/service/testing';
import { type TestDatabase, testDatabase } from '@monteore/testing';
import { IntakeScript } from '../testing/messages.js';
import { idsOf, ledgerStory, peopleStory } from '../testing/package-story.js';
import { startReporting } from '../testing/started-reporting.js';

const NOW = '2026-03-10T12:00:00.000Z';
const { clientId, packageId, approverId, viewerId } = idsOf('scadenze');

let database: TestDatabase;
let reporting: StartedService;
let team: string;
const intake = new IntakeScript(clientId);

const request = (number: number, takeInChargeBy: string, more: object = {}) => ({
  requestId: derivedId('request', String(number)),
  number,
  packageId,
  clientId,
  contactId: approverId,
  state: 'received',
  channel: 'mail',
  urgent: false,
  possiblySeveral: false,
  receivedAt: '2026-03-02T09:00:00.000Z',
  takeInChargeBy,
  activityIds: [],
  ...more,
});

beforeAll(async () => {
  database = await testDatabase();
  reporting = await startReporting(database.url, { now: () => NOW });
  team = reporting.token('team-member', derivedId('person', 'teo'));
  intake
    .says('RequestReceived', request(1, '2026-03-16T17:00:00.000Z'))
    .says('RequestReceived', request(2, '2026-03-09T17:00:00.000Z'))
    .says('RequestReceived', request(3, '2026-03-10T17:00:00.000Z'))
    .says('RequestReceived', request(4, '2026-03-08T17:00:00.000Z'))
    .says('RequestDeadlineMissed', request(2, '2026-03-09T17:00:00.000Z'))
    .says('RequestTakenInCharge', request(4, '2026-03-08T17:00:00.000Z', { state: 'taken-in-charge' }));
  await reporting.publish(...peopleStory('scadenze').told, ...ledgerStory('scadenze').told, ...intake.told);
});
afterAll(async () => {
  await reporting.stop();
  await database.drop();
});

const numbersOf = (body: { items: { number: number }[] }) => body.items.map(({ number }) => number);

describe('R9 the deadlines', () => {
  it('are those whose clock runs, late ones first, with what they belong to', async () => {
    const { body } = await reporting.get('/v1/deadlines', team);
    expect(numbersOf(body)).toEqual([2, 3, 1]);
    expect(body.items[0]).toMatchObject({
      requestId: derivedId('request', '2'),
      isLate: true,
      takeInChargeBy: '2026-03-09T17:00:00.000Z',
      packageName: 'Pacchetto scadenze',
      clientName: 'Museo scadenze',
    });
    expect(body.items[0].missedAt).toBeDefined();
    expect(body.items[1]).toMatchObject({ isLate: false });
    expect(body.items[1].missedAt).toBeUndefined();
  });

  it('can be asked by state', async () => {
    const { body } = await reporting.get('/v1/deadlines?state=taken-in-charge', team);
    expect(numbersOf(body)).toEqual([4]);
    expect(body.items[0].isLate).toBe(false);
    expect((await reporting.get('/v1/deadlines?state=unknown', team)).status).toBe(400);
  });

  it('come page by page', async () => {
    const first = await reporting.get('/v1/deadlines?limit=2', team);
    expect(numbersOf(first.body)).toEqual([2, 3]);
    const second = await reporting.get(`/v1/deadlines?limit=2&cursor=${first.body.nextCursor}`, team);
    expect([numbersOf(second.body), second.body.nextCursor]).toEqual([[1], null]);
  });

  it('are not overwritten by an older word that comes under another key', async () => {
    const ownKey = derivedId('request', '5');
    const late = new IntakeScript(clientId)
      .says(
        'RequestReceived',
        request(5, '2026-03-20T17:00:00.000Z', { clientId: undefined, packageId: undefined }),
        ownKey,
      )
      .says('RequestAssigned', request(5, '2026-03-20T17:00:00.000Z'));
    const [received, assigned] = late.told.map(({ topic, message }, index) => ({
      topic,
      message: { ...message, position: 100n + BigInt(index), id: `r5/${index}` },
    }));
    await reporting.publish(assigned!, received!);
    const { body } = await reporting.get('/v1/deadlines?limit=200', team);
    expect(body.items.find(({ number }: { number: number }) => number === 5)).toMatchObject({
      packageId,
      clientId,
    });
  });

  it('R17 are the team’s: no contact sees them', async () => {
    expect((await reporting.get('/v1/deadlines', reporting.token('approver', approverId))).status).toBe(403);
    expect((await reporting.get('/v1/deadlines', reporting.token('viewer', viewerId))).status).toBe(403);
    expect((await reporting.get('/v1/deadlines')).status).toBe(401);
  });
});
