import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { eventually, type Instance, startInstance } from '../harness/index.ts';
import { Desk } from './desk.ts';

jest.setTimeout(30_000);

let instance: Instance;
let desk: Desk;

beforeAll(async () => {
  instance = await startInstance({ clock: true });
  desk = await Desk.of(instance);
}, 90_000);

afterAll(() => instance?.stop());

const deadline = (receivedAt: string, packageId?: string) => {
  const of = packageId === undefined ? '' : `&packageId=${packageId}`;
  return desk.team.get(
    `/intake/v1/take-in-charge-deadline?receivedAt=${encodeURIComponent(receivedAt)}${of}`,
  );
};

describe('R9 the fifth working day', () => {
  test.each([
    ['an ordinary Monday', '2027-02-01T10:00:00+01:00', '2027-02-08T17:00:00Z', '2027-02-01T09:00:00Z'],
    ['before service begins', '2027-02-01T07:59:00+01:00', '2027-02-08T17:00:00Z', '2027-02-01T08:00:00Z'],
    ['during lunch', '2027-02-01T13:30:00+01:00', '2027-02-08T17:00:00Z', '2027-02-01T13:00:00Z'],
    [
      'after 18:00 it counts as the next day',
      '2027-02-01T18:00:01+01:00',
      '2027-02-09T17:00:00Z',
      '2027-02-02T08:00:00Z',
    ],
    [
      'on Saturday it counts as Monday',
      '2027-02-06T11:00:00+01:00',
      '2027-02-15T17:00:00Z',
      '2027-02-08T08:00:00Z',
    ],
    [
      'over the clocks put forward (28 March 2027) and Easter Monday (29 March)',
      '2027-03-25T10:00:00+01:00',
      '2027-04-02T16:00:00Z',
      '2027-03-25T09:00:00Z',
    ],
    [
      'over the clocks put back (25 October 2026)',
      '2026-10-22T10:00:00+02:00',
      '2026-10-29T17:00:00Z',
      '2026-10-22T08:00:00Z',
    ],
    [
      '4 October 2027 (a Monday) is a holiday again',
      '2027-10-01T10:00:00+02:00',
      '2027-10-11T16:00:00Z',
      '2027-10-01T08:00:00Z',
    ],
    ['4 October 2024 was none', '2024-10-03T10:00:00+02:00', '2024-10-10T16:00:00Z', '2024-10-03T08:00:00Z'],
    [
      '31 December is a working day; 1 and 6 January are not',
      '2026-12-30T10:00:00+01:00',
      '2027-01-08T17:00:00Z',
      '2026-12-30T09:00:00Z',
    ],
    [
      'Christmas and Santo Stefano; received on a holiday',
      '2025-12-25T10:00:00+01:00',
      '2026-01-07T17:00:00Z',
      '2025-12-29T08:00:00Z',
    ],
  ])('%s', async (_, receivedAt, takeInChargeBy, countedFrom) => {
    const { status, body } = await deadline(receivedAt);
    expect(status).toBe(200);
    expect(instantOf(body.takeInChargeBy)).toBe(instantOf(takeInChargeBy));
    expect(instantOf(body.countedFrom)).toBe(instantOf(countedFrom));
    expect(body.workingDays).toHaveLength(5);
    expect(body.workingDays.at(-1)).toBe(takeInChargeBy.slice(0, 10));
  });

  test('the days that a package closes are none; they move only its own deadlines', async () => {
    const client = await desk.client();
    const { packageId } = await desk.package(client, {
      policy: { closingDays: ['2027-02-03', '2027-02-04'] },
    });
    const plain = await deadline('2027-02-01T10:00:00+01:00');
    const own = await eventually(async () => {
      const answer = await deadline('2027-02-01T10:00:00+01:00', packageId);
      return answer.status === 200 ? answer : null;
    });
    expect(instantOf(plain.body.takeInChargeBy)).toBe('2027-02-08T17:00:00.000Z');
    expect(instantOf(own.body.takeInChargeBy)).toBe('2027-02-10T17:00:00.000Z');
    expect(own.body.workingDays).toEqual([
      '2027-02-02',
      '2027-02-05',
      '2027-02-08',
      '2027-02-09',
      '2027-02-10',
    ]);
  });

  test.each([
    'yesterday',
    '2027-02-30T10:00:00Z',
    '2027-02-01',
    '2027-02-01T10:00:00',
    '1969-01-01T00:00:00Z',
  ])('%s is no moment', async (receivedAt) => {
    const { status, body } = await deadline(receivedAt);
    expect([status, body.code]).toEqual([400, 'service.invalid-input']);
    expect(body.errors[0].pointer).toBe('/receivedAt');
  });
});

describe('R9 the clock of a request', () => {
  test('the deadline is stored, the referent is reminded once a day before and once when it is missed', async () => {
    const client = await desk.client();
    const opened = await desk.package(client);
    await moveToServiceHours();
    const taken = await desk.mail(client.requester.email, opened.mailbox, {
      subject: 'Orari di apertura',
      text: 'Buongiorno, potete aggiornare gli orari di apertura nella pagina contatti?',
    });
    expect(taken.code).toBe(250);
    const request = await desk.requestBySubject('Orari di apertura');
    const counted = await deadline(request.receivedAt, opened.packageId);
    expect(instantOf(request.takeInChargeBy)).toBe(instantOf(counted.body.takeInChargeBy));
    const inTime = await desk.team.must(
      desk.team.post('/intake/v1/requests', {
        packageId: opened.packageId,
        fromEmail: client.requester.email,
        subject: 'Un altro testo',
        text: 'Cambiare il testo della pagina chi siamo.',
      }),
    );
    const dated = await deadlineOf(request.requestId);
    expect(dated).toMatchObject({ isLate: false });
    expect(instantOf(dated.takeInChargeBy)).toBe(instantOf(request.takeInChargeBy));

    // 18:00 of the fourth working day: one is left.
    instance.clock.moveTo(`${counted.body.workingDays[3]}T17:30:00Z`);
    const near = await desk.mailTo(opened.mailbox, new RegExp(`R-${request.number}: resta un giorno`));
    expect(near.text).toContain(`R-${request.number}`);
    const { state } = await desk.team.must(
      desk.team.post(`/intake/v1/requests/${inTime.requestId}/take-in-charge`, {}),
    );
    expect(state).toBe('taken-in-charge');

    instance.clock.moveTo(new Date(Date.parse(request.takeInChargeBy) + 60_000).toISOString());
    await desk.mailTo(opened.mailbox, new RegExp(`R-${request.number}: termine superato`));
    await eventually(
      async () => (await deadlineOf(request.requestId))?.missedAt !== undefined,
      'the miss in the list',
    );
    const listed = await desk.team.all('/reporting/v1/deadlines');
    const late = listed.filter(({ isLate }) => isLate);
    expect(listed.slice(0, late.length)).toEqual(late);
    expect(late).toContainEqual(expect.objectContaining({ requestId: request.requestId }));
    const mails = (await instance.outbox.mails()).filter(({ to }) => to === opened.mailbox);
    const about = (number: number, what: string) =>
      mails.filter(({ subject }) => subject.includes(`R-${number}: ${what}`)).length;
    expect(about(request.number, 'resta un giorno')).toBe(1);
    expect(about(request.number, 'termine superato')).toBe(1);
    expect(about(inTime.number, 'termine superato')).toBe(0);
    // Late is late, and can still be taken in charge.
    const afterwards = await desk.team.post(`/intake/v1/requests/${request.requestId}/take-in-charge`, {});
    expect([afterwards.status, afterwards.body.state]).toEqual([200, 'taken-in-charge']);
    await eventually(async () => (await deadlineOf(request.requestId)) === undefined, 'it left the list');
  }, 60_000);

  test('making an activity from a request takes it in charge', async () => {
    const client = await desk.client();
    const opened = await desk.package(client);
    const { requestId } = await desk.team.must(
      desk.team.post('/intake/v1/requests', {
        packageId: opened.packageId,
        fromEmail: client.approver.email,
        subject: 'Nuova voce di menu',
        text: 'Aggiungere la voce Eventi al menu.',
      }),
    );
    const { activityId } = await opened.steps.estimatedExtra('Voce di menu', 20, { requestId });
    const linked = await eventually(async () => {
      const request = await desk.team.must(desk.team.get(`/intake/v1/requests/${requestId}`));
      return request.state === 'linked' ? request : null;
    }, 'the request is linked');
    expect(linked.activityIds).toEqual([activityId]);
    await eventually(async () => (await deadlineOf(requestId)) === undefined, 'it left the list');
    await opened.steps.books({ heldMinutes: 20, pendingMinutes: 0 });
  });
});

const instantOf = (text: string): string => new Date(text).toISOString();

const deadlineOf = async (requestId: string) =>
  (await desk.team.all('/reporting/v1/deadlines')).find(({ requestId: id }) => id === requestId);

/** The next Monday, 11:00 in Rome: mails then count as received at once. */
async function moveToServiceHours(): Promise<void> {
  const now = instance.clock.now();
  const monday = new Date(now.getTime() + (((8 - now.getUTCDay()) % 7) + 7) * 86_400_000);
  instance.clock.moveTo(`${monday.toISOString().slice(0, 10)}T09:30:00Z`);
}
