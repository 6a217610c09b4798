import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import {
  APPROVER,
  dayOf,
  type Instance,
  openPackage,
  type RestClient,
  startInstance,
} from '../harness/index.ts';

jest.setTimeout(60_000);

let instance: Instance;
let team: RestClient;

beforeAll(async () => {
  instance = await startInstance({ clock: true });
  team = await instance.rest('administrator');
}, 90_000);

afterAll(() => instance?.stop());

const DEFAULTS = {
  urgentMultiplier: 3,
  minorUpToMinutes: 30,
  toleranceMinutes: 0,
  overdraftMinutes: 0,
  thresholdsPercent: [50, 75, 90, 100],
  roundUpToMinutes: 1,
  minimumMinutes: 0,
  closingDays: [],
};

describe('R1 opening a package', () => {
  test('its agreed activities wait for a decision; pending is shown beside the other balances, not subtracted', async () => {
    const steps = await openPackage(instance, team, {
      minutes: 600,
      agreed: [
        { title: 'Homepage', minutes: 120 },
        { title: 'Guasto', minutes: 60, urgent: true },
      ],
    });
    expect(await steps.show()).toMatchObject({
      packageId: steps.packageId,
      clientId: steps.client.clientId,
      status: 'open',
      policy: DEFAULTS,
      overruns: [],
      lots: [{ origin: 'purchase', minutes: 600, remainingMinutes: 600, heldMinutes: 0, state: 'open' }],
    });
    await steps.books({
      grantedMinutes: 600,
      postedMinutes: 600,
      heldMinutes: 0,
      availableMinutes: 600,
      pendingMinutes: 120 + 180,
    });
  });

  test('the client and the team see the same numbers', async () => {
    const steps = await openPackage(instance, team, { agreed: [{ title: 'Homepage', minutes: 120 }] });
    await steps.approve(await steps.agreed('Homepage'));
    await steps.books({ heldMinutes: 120, availableMinutes: 480 });
    const client = await instance.rest('approver', { contact: steps.approver.contactId });
    expect(await client.must(client.get(steps.path))).toEqual(await steps.show());
    const board = `/reporting/v1/boards/${steps.packageId}`;
    expect((await client.must(client.get(board))).balances).toEqual((await steps.board()).balances);
  });

  test('it is shared with the contacts that are named, and with nobody else of the client', async () => {
    const both = [APPROVER, { name: 'Bruno Esterno', roles: ['approver', 'requester'] }];
    const shared = await openPackage(instance, team, { contacts: both });
    const [anna, bruno] = shared.client.contacts;
    const { packageId } = await team.must(
      team.post('/ledger/v1/packages', {
        clientId: shared.client.clientId,
        name: 'Riservato',
        referentEmail: 'referente@agenzia.example',
        grantedMinutes: 60,
        contacts: [{ contactId: anna!.contactId, roles: ['viewer'] }],
        agreedActivities: [],
      }),
    );
    const client = await instance.rest('approver', { contact: bruno!.contactId });
    expect(await client.get(shared.path)).toMatchObject({ status: 200 });
    expect(await client.get(`/ledger/v1/packages/${packageId}`)).toMatchObject({ status: 404 });
    expect((await client.all('/ledger/v1/packages')).map((found) => found.packageId)).toEqual([
      shared.packageId,
    ]);
    const viewer = await instance.rest('viewer', { contact: anna!.contactId });
    expect(await viewer.get(`/ledger/v1/packages/${packageId}`)).toMatchObject({ status: 200 });
  });

  test.each([
    ['no minutes', { grantedMinutes: 0 }, '/grantedMinutes'],
    ['more minutes than a lot may have', { grantedMinutes: 600_001 }, '/grantedMinutes'],
    ['half a minute', { grantedMinutes: 59.5 }, '/grantedMinutes'],
    ['minutes in a string', { grantedMinutes: '60' }, '/grantedMinutes'],
    ['a date that does not exist', { expiresOn: '2027-02-30' }, '/expiresOn'],
    ['a multiplier of nothing', { policy: { urgentMultiplier: 0 } }, '/policy/urgentMultiplier'],
    ['an address that is none', { referentEmail: 'nessuno' }, '/referentEmail'],
    [
      'an activity of no kind',
      {
        agreedActivities: [
          {
            title: 'x',
            kind: 'magic',
            estimateMinutes: 5,
            assignee: 'a',
            due: { date: '2027-01-01', firmness: 'rigid' },
          },
        ],
      },
      '/agreedActivities/0/kind',
    ],
  ])('%s is refused with a pointer, and nothing is stored', async (_, fault, pointer) => {
    const { client } = await openPackage(instance, team);
    const answer = await team.post('/ledger/v1/packages', {
      clientId: client.clientId,
      name: 'Mai aperto',
      referentEmail: 'referente@agenzia.example',
      grantedMinutes: 60,
      agreedActivities: [],
      ...fault,
    });
    expect(answer).toMatchObject({ status: 400, body: { errors: [expect.objectContaining({ pointer })] } });
    expect(answer.headers.get('content-type')).toContain('application/problem+json');
    expect(await team.all(`/ledger/v1/packages?clientId=${client.clientId}`)).toHaveLength(1);
  });
});

describe('R1 posted, held and available', () => {
  test('follow from what was granted, charged, reversed and adjusted', async () => {
    const steps = await openPackage(instance, team, { minutes: 600 });
    const activityId = await steps.approvedExtra('Catalogo', 200);
    await steps.books({ postedMinutes: 600, heldMinutes: 200, availableMinutes: 400 });
    await steps.worked(activityId, 90);
    const { workEntryId } = await steps.worked(activityId, 30);
    await steps.books({ postedMinutes: 480, heldMinutes: 80, availableMinutes: 400 });
    expect(await steps.reverse(workEntryId)).toMatchObject({ status: 201 });
    await steps.books({ postedMinutes: 510, heldMinutes: 110, availableMinutes: 400 });
    expect(await steps.adjust(-50)).toMatchObject({ status: 201 });
    expect(await steps.adjust(20)).toMatchObject({ status: 201 });
    await steps.topUp(100);
    await steps.books({
      grantedMinutes: 700,
      postedMinutes: 510 - 50 + 20 + 100,
      heldMinutes: 110,
      availableMinutes: 470,
    });
  });

  test.each([0, 600_001, 1.5, '60'])('a lot of %j minutes is refused', async (minutes) => {
    const steps = await openPackage(instance, team);
    expect(await team.post(`${steps.path}/lots`, { minutes })).toMatchObject({
      status: 400,
      body: { errors: [expect.objectContaining({ pointer: '/minutes' })] },
    });
    await steps.books({ grantedMinutes: 600 });
  });

  test('a lot that would be expired already is refused', async () => {
    const steps = await openPackage(instance, team);
    const answer = await team.post(`${steps.path}/lots`, { minutes: 60, expiresOn: dayOf(instance, -1) });
    expect(answer).toMatchObject({ status: 422, body: { code: 'ledger.lot-expired' } });
    await steps.books({ grantedMinutes: 600 });
  });
});

describe('R1 policies', () => {
  test('what the opening does not name has its default', async () => {
    const steps = await openPackage(instance, team, {
      policy: { toleranceMinutes: 15, minorUpToMinutes: 45 },
    });
    expect((await steps.show()).policy).toEqual({ ...DEFAULTS, toleranceMinutes: 15, minorUpToMinutes: 45 });
  });

  test('a later change acts from then on: nothing of the past is priced again', async () => {
    const steps = await openPackage(instance, team, {
      agreed: [{ title: 'Prima', minutes: 20, urgent: true }],
    });
    const before = await steps.agreed('Prima');
    await steps.approve(before);
    expect(await steps.worked(before, 10)).toMatchObject({ actualMinutes: 10, chargedMinutes: 30 });
    const then = await steps.books({ postedMinutes: 570, heldMinutes: 30 });

    await steps.changePolicy({ urgentMultiplier: 5, toleranceMinutes: 5 });
    expect(await steps.books()).toEqual(then);
    expect(await steps.worked(before, 10)).toMatchObject({ actualMinutes: 10, chargedMinutes: 30 });
    expect((await steps.activity(before)).estimate).toMatchObject({ multiplier: 3, weightedMinutes: 60 });

    const after = await steps.approvedExtra('Dopo', 20, { urgent: true });
    expect((await steps.activity(after)).estimate).toMatchObject({ multiplier: 5, weightedMinutes: 100 });
    // The tolerance that was 0 when the first entries came is 5 for those that come now.
    expect(await steps.worked(before, 2)).toMatchObject({ chargedMinutes: 5, overrunMinutes: 1 });
    await steps.books({ postedMinutes: 535, heldMinutes: 100 });
    const changes = (await steps.entries()).filter(({ type }) => type === 'PolicyChanged');
    expect(changes).toMatchObject([{ postedDeltaMinutes: 0, heldDeltaMinutes: 0 }]);
  });

  test('a change to what it is already, or to nothing, changes nothing', async () => {
    const steps = await openPackage(instance, team);
    const { length } = await steps.entries();
    await steps.changePolicy({ urgentMultiplier: 3 });
    expect(await team.post(`${steps.path}/policy`, {})).toMatchObject({ status: 400 });
    expect(await team.post(`${steps.path}/policy`, { urgentMultiplier: 2.5 })).toMatchObject({ status: 400 });
    expect(await steps.entries()).toHaveLength(length);
  });
});

describe('R1 overdraft', () => {
  test('every check allows it up to its limit, and the next lot covers it first', async () => {
    const steps = await openPackage(instance, team, { minutes: 60, policy: { overdraftMinutes: 60 } });
    const beyond = await steps.approvedExtra('Oltre', 100);
    await steps.books({ heldMinutes: 100, availableMinutes: -40 });
    expect(await steps.worked(beyond, 80)).toMatchObject({ chargedMinutes: 80, overrunMinutes: 0 });
    await steps.books({ postedMinutes: -20, heldMinutes: 20, availableMinutes: -40 });

    expect(await steps.estimatedExtra('Troppo', 31)).toMatchObject({ path: 'waiting-for-hours' });
    expect(await steps.adjust(-21)).toMatchObject({
      status: 422,
      body: { code: 'ledger.hours-insufficient', missingMinutes: 1 },
    });
    expect(await steps.adjust(-20)).toMatchObject({ status: 201 });
    await steps.books({ availableMinutes: -60 });

    await steps.topUp(100);
    const { lots } = await steps.show();
    expect(lots.at(-1)).toMatchObject({ minutes: 100, remainingMinutes: 60, heldMinutes: 20 });
    await steps.books({ postedMinutes: 60, heldMinutes: 20, availableMinutes: 40, pendingMinutes: 31 });
  });

  test('without one, the last minute is the last', async () => {
    const steps = await openPackage(instance, team, {
      minutes: 60,
      agreed: [{ title: 'Tutto', minutes: 60 }],
    });
    expect(await steps.approve(await steps.agreed('Tutto'))).toMatchObject({ outcome: 'reserved' });
    expect(await steps.adjust(-1)).toMatchObject({ status: 422 });
    await steps.books({ availableMinutes: 0 });
  });
});
