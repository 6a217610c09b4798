import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import {
  APPROVER,
  eventually,
  type Instance,
  linksIn,
  openPackage,
  type PackageSteps,
  type Parsed,
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

const REQUESTER = { name: 'Rita Richiede', roles: ['requester'] };

async function withOne(
  minutes = 60,
  more: Parsed = {},
): Promise<{ steps: PackageSteps; activityId: string }> {
  const steps = await openPackage(instance, team, { agreed: [{ title: 'Vetrina', minutes }], ...more });
  return { steps, activityId: await steps.agreed('Vetrina') };
}

const reservations = async (steps: PackageSteps): Promise<number> =>
  (await steps.entries()).filter(({ type }) => type === 'HoursReserved').length;

describe('R5 who decides', () => {
  test('an approver with a token of its own', async () => {
    const { steps, activityId } = await withOne();
    const client = await instance.rest('approver', { contact: steps.approver.contactId });
    const answer = await client.post(`/estimation/v1/activities/${activityId}/decisions`, {
      version: 1,
      decision: 'approve',
    });
    expect(answer).toMatchObject({ status: 200, body: { approval: 'approved', outcome: 'reserved' } });
    await steps.books({ heldMinutes: 60, pendingMinutes: 0 });
  });

  test('the team on a contact’s behalf: both names are kept', async () => {
    const { steps, activityId } = await withOne();
    await steps.approve(activityId);
    await steps.books({ heldMinutes: 60 });
    const { decidedBy } = await steps.activity(activityId);
    expect(decidedBy).toMatchObject({ role: 'administrator', onBehalfOf: steps.approver.contactId });
    expect(decidedBy.subject).toEqual(expect.any(String));
    // Names come on a topic of their own, which may be behind.
    const shown = await eventually(async () => {
      const [activity] = (await steps.board()).activities;
      return activity.decidedBy?.onBehalfOf === APPROVER.name ? activity.decidedBy : null;
    }, 'the name on the board');
    expect(shown.role).toBe('administrator');
  });

  test('a machine with the scope, on a contact’s behalf', async () => {
    const { steps, activityId } = await withOne();
    const machine = await instance.rest('machine', { subject: 'crm', scopes: ['estimation:decide'] });
    const path = `/estimation/v1/activities/${activityId}/decisions`;
    const body = { version: 1, decision: 'approve' };
    expect(await machine.post(path, body)).toMatchObject({
      status: 422,
      body: { code: 'estimation.approver-required' },
    });
    const { contactId } = steps.approver;
    expect(await machine.post(path, { ...body, contactId })).toMatchObject({ status: 200 });
    await steps.books({ heldMinutes: 60 });
    const reader = await instance.rest('machine', { subject: 'bi', scopes: ['estimation:read'] });
    expect(await reader.post(path, { ...body, contactId })).toMatchObject({ status: 403 });
  });

  test.each([
    ['nobody', () => undefined],
    ['a requester', (steps: PackageSteps) => steps.client.contacts[1]!.contactId],
    ['nobody of this client', () => '11111111-1111-4111-8111-111111111111'],
  ])('the team names an approver, not %s', async (_, contactOf) => {
    const { steps, activityId } = await withOne(60, { contacts: [APPROVER, REQUESTER] });
    expect(await steps.decide(activityId, 1, 'approve', { contactId: contactOf(steps) })).toMatchObject({
      status: 422,
      body: { code: 'estimation.approver-required' },
    });
    await steps.books({ heldMinutes: 0, pendingMinutes: 60 });
  });

  test('a requester may see and not decide; a contact of another client does not know of it', async () => {
    const { steps, activityId } = await withOne(60, { contacts: [APPROVER, REQUESTER] });
    const path = `/estimation/v1/activities/${activityId}`;
    const body = { version: 1, decision: 'approve' };
    const requester = await instance.rest('requester', { contact: steps.client.contacts[1]!.contactId });
    expect(await requester.get(path)).toMatchObject({ status: 200 });
    expect(await requester.post(`${path}/decisions`, body)).toMatchObject({ status: 403 });
    const other = await openPackage(instance, team);
    const stranger = await instance.rest('approver', { contact: other.approver.contactId });
    const foreign = await stranger.post(`${path}/decisions`, body);
    const unknown = await stranger.post(
      '/estimation/v1/activities/11111111-1111-4111-8111-111111111111/decisions',
      body,
    );
    expect(foreign.status).toBe(404);
    expect({ ...foreign.body, traceId: '' }).toEqual({ ...unknown.body, traceId: '' });
    await steps.books({ heldMinutes: 0, pendingMinutes: 60 });
  });
});

describe('R5 by the link in the mail', () => {
  test('opening it shows and decides nothing, however often; pressing the button decides', async () => {
    const { steps, activityId } = await withOne();
    const link = await steps.linkFor('Vetrina');
    const nobody = await instance.rest();
    for (const accept of ['text/html', 'application/json', '*/*', 'text/html']) {
      expect(await nobody.get(link, { headers: { accept } })).toMatchObject({ status: 200 });
    }
    const page = await nobody.get(link, { headers: { accept: 'text/html' } });
    expect(page.body).toContain('Vetrina');
    expect(page.body).toMatch(/<form[^>]*method="post"/i);
    expect(page.headers.get('cache-control')).toContain('no-store');
    await steps.books({ heldMinutes: 0, pendingMinutes: 60 });

    expect(await nobody.post(link, { decision: 'approve' })).toMatchObject({ status: 200 });
    await steps.books({ heldMinutes: 60, pendingMinutes: 0 });
    expect((await steps.activity(activityId)).decidedBy).toMatchObject({
      subject: steps.approver.contactId,
      role: 'approver',
    });
    expect((await steps.mail('Attività approvata: Vetrina')).text).toContain(APPROVER.name);
  });

  test('it works as a form of a page, without a program', async () => {
    const { steps } = await withOne();
    const link = await steps.linkFor('Vetrina');
    const nobody = await instance.rest();
    const page = await nobody.post(link, 'decision=reject&reason=non+serve+pi%C3%B9', {
      headers: { accept: 'text/html', 'content-type': 'application/x-www-form-urlencoded' },
    });
    expect(page.status).toBe(200);
    expect((await steps.mail('Stima non approvata: Vetrina')).text).toContain('non serve più');
    await steps.books({ heldMinutes: 0, pendingMinutes: 0 });
  });

  test('it decides once: the same again is the same, the opposite is refused and says how it stands', async () => {
    const { steps } = await withOne();
    const link = await steps.linkFor('Vetrina');
    const nobody = await instance.rest();
    await nobody.must(nobody.post(link, { decision: 'approve' }));
    expect(await nobody.post(link, { decision: 'approve' })).toMatchObject({ status: 200 });
    expect(await nobody.post(link, { decision: 'reject' })).toMatchObject({
      status: 409,
      body: { code: 'estimation.already-decided', decision: { outcome: 'approved' } },
    });
    expect(await reservations(steps)).toBe(1);
    await steps.books({ heldMinutes: 60 });
  });

  test('a newer version makes it old: it says so and decides nothing', async () => {
    const { steps, activityId } = await withOne();
    const link = await steps.linkFor('Vetrina');
    await team.must(steps.estimate(activityId, 90));
    const nobody = await instance.rest();
    expect(await nobody.post(link, { decision: 'approve' })).toMatchObject({
      status: 409,
      body: { code: 'estimation.version-outdated', newest: { version: 2, weightedMinutes: 90 } },
    });
    await steps.books({ heldMinutes: 0, pendingMinutes: 90 });
  });

  test('each approver has its own; whoever loses the role loses the links not used', async () => {
    const contacts = [APPROVER, { name: 'Bruno Approva', roles: ['approver'] }];
    const { steps } = await withOne(60, { contacts });
    const [anna, bruno] = steps.client.contacts;
    const linkOf = async (contact: typeof anna) =>
      linksIn(await steps.mailTo(contact!, 'Vetrina'), 'decision-links')[0]!;
    const [annas, brunos] = [await linkOf(anna), await linkOf(bruno)];
    expect(annas).not.toBe(brunos);
    const nobody = await instance.rest();
    expect(await nobody.get(brunos)).toMatchObject({ status: 200 });
    const path = `/ledger/v1/clients/${steps.client.clientId}/contacts/${bruno!.contactId}`;
    await team.must(team.patch(path, { roles: ['viewer'] }));
    await eventually(async () => (await nobody.get(brunos)).status === 404, 'the link without its role');
    expect(await nobody.post(brunos, { decision: 'approve' })).toMatchObject({
      status: 404,
      body: { code: 'estimation.link-unknown' },
    });
    await steps.books({ heldMinutes: 0, pendingMinutes: 60 });
    expect(await nobody.post(annas, { decision: 'approve' })).toMatchObject({ status: 200 });
    await steps.books({ heldMinutes: 60 });
  });

  test('a forged or cut token opens nothing', async () => {
    const { steps } = await withOne();
    const link = await steps.linkFor('Vetrina');
    const nobody = await instance.rest();
    for (const wrong of [
      link.slice(0, -3),
      `${link.slice(0, -3)}abc`,
      '/estimation/v1/decision-links/x.y.z',
    ]) {
      expect(await nobody.get(wrong)).toMatchObject({ status: 404 });
      expect(await nobody.post(wrong, { decision: 'approve' })).toMatchObject({ status: 404 });
    }
    await steps.books({ heldMinutes: 0 });
  });
});

describe('R5 versions and repeats', () => {
  test('a version that is no longer the newest is refused with the newest in the answer', async () => {
    const { steps, activityId } = await withOne();
    await team.must(steps.estimate(activityId, 75));
    expect(await steps.decide(activityId, 1, 'approve')).toMatchObject({
      status: 409,
      body: {
        code: 'estimation.version-outdated',
        newest: { activityId, version: 2, minutes: 75, weightedMinutes: 75 },
      },
    });
    await steps.books({ heldMinutes: 0, pendingMinutes: 75 });
  });

  test.each([0, 3, 1.5])('version %d, which does not exist, decides nothing', async (version) => {
    const { steps, activityId } = await withOne();
    const { status } = await steps.decide(activityId, version, 'approve');
    expect(status).toBe(version === 3 ? 409 : 400);
    await steps.books({ heldMinutes: 0, pendingMinutes: 60 });
  });

  test('the same decision twice is one, also at the same moment', async () => {
    const { steps, activityId } = await withOne();
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => steps.decide(activityId, 1, 'approve')),
    );
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(await steps.approve(activityId)).toMatchObject({ outcome: 'reserved' });
    expect(await reservations(steps)).toBe(1);
    await steps.books({ heldMinutes: 60 });
  });

  test.each([
    ['approve', 'reject', 'approved', 60],
    ['reject', 'approve', 'rejected', 0],
  ] as const)(
    'after %s, %s is refused and says who decided what and when',
    async (first, then, outcome, held) => {
      const { steps, activityId } = await withOne();
      await team.must(steps.decide(activityId, 1, first));
      const answer = await steps.decide(activityId, 1, then);
      expect(answer).toMatchObject({
        status: 409,
        body: {
          code: 'estimation.already-decided',
          decision: {
            version: 1,
            outcome,
            decidedBy: { onBehalfOf: steps.approver.contactId },
            decidedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
          },
        },
      });
      await steps.books({ heldMinutes: held, pendingMinutes: 0 });
    },
  );

  test('of two opposite ones at the same moment one wins', async () => {
    const { steps, activityId } = await withOne();
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, n) => steps.decide(activityId, 1, n % 2 === 0 ? 'approve' : 'reject')),
    );
    const won = answers.filter(({ status }) => status === 200);
    expect(won).toHaveLength(5);
    expect(answers.filter(({ status }) => status === 409)).toHaveLength(5);
    expect(new Set(won.map(({ body }) => body.approval)).size).toBe(1);
    await steps.books({ pendingMinutes: 0 });
  });

  test('rejecting sets nothing aside and keeps the reason', async () => {
    const { steps, activityId } = await withOne();
    const reason = 'Lo facciamo dopo le ferie';
    expect(await steps.decide(activityId, 1, 'reject', { reason })).toMatchObject({
      status: 200,
      body: { approval: 'not-approved', outcome: 'none' },
    });
    expect(await steps.activity(activityId)).toMatchObject({
      state: 'rejected',
      approval: 'not-approved',
      versions: [{ version: 1, decision: { outcome: 'rejected', reason } }],
    });
    expect((await steps.mail('Stima non approvata: Vetrina')).text).toContain(reason);
    await steps.books({ heldMinutes: 0, pendingMinutes: 0, availableMinutes: 600 });
  });
});

describe('R5 approvals that find too few hours', () => {
  test('approvals that race for the last hour cannot both win', async () => {
    const titles = Array.from({ length: 8 }, (_, n) => `Gara ${n}`);
    const steps = await openPackage(instance, team, {
      minutes: 60,
      agreed: titles.map((title) => ({ title, minutes: 60 })),
    });
    const ids = (await steps.activities()).map(({ activityId }) => activityId);
    const answers = await Promise.all(ids.map((activityId) => steps.approve(activityId)));
    const outcomes = answers.map(({ outcome }) => outcome).sort();
    expect(outcomes).toEqual(['reserved', ...Array(7).fill('waiting-for-hours')]);
    await steps.books({ heldMinutes: 60, availableMinutes: 0, pendingMinutes: 0 });
    await steps.topUp(7 * 60);
    await Promise.all(ids.map((activityId) => steps.activityIn(activityId, 'active')));
    await steps.books({ heldMinutes: 480, availableMinutes: 0 });
  });

  test('are kept, and reserved by themselves oldest first, passing over what does not fit', async () => {
    const agreed = [
      { title: 'Grande', minutes: 300 },
      { title: 'Media', minutes: 50 },
      { title: 'Piccola', minutes: 20 },
    ];
    const steps = await openPackage(instance, team, { minutes: 10, agreed });
    const ids: string[] = [];
    for (const { title } of agreed) {
      const activityId = await steps.agreed(title);
      ids.push(activityId);
      expect(await steps.approve(activityId)).toMatchObject({
        approval: 'approved',
        outcome: 'waiting-for-hours',
      });
    }
    expect(await steps.activity(ids[0]!)).toMatchObject({ approval: 'approved', state: 'waiting-for-hours' });
    await steps.mail('in attesa di ore: Grande');
    await steps.books({ heldMinutes: 0, availableMinutes: 10 });
    const board = await steps.board();
    expect(board.activities).toHaveLength(3);
    await steps.topUp(45);
    await steps.activityIn(ids[1]!, 'active');
    await steps.mail('Attività approvata: Media');
    await steps.books({ heldMinutes: 50, availableMinutes: 5 });
    await steps.topUp(310);
    await steps.activityIn(ids[0]!, 'active');
    await steps.books({ heldMinutes: 350, availableMinutes: 15 });
    expect((await steps.activity(ids[2]!)).state).toBe('waiting-for-hours');
  });

  test('may be withdrawn until then; the version is then decided', async () => {
    const { steps, activityId } = await withOne(60, { minutes: 30 });
    const path = `/estimation/v1/activities/${activityId}/withdrawal`;
    const { contactId } = steps.approver;
    expect(await team.post(path, { contactId })).toMatchObject({ status: 409 });
    expect(await steps.approve(activityId)).toMatchObject({ outcome: 'waiting-for-hours' });
    expect(await team.post(path)).toMatchObject({
      status: 422,
      body: { code: 'estimation.approver-required' },
    });
    expect(await team.post(path, { contactId })).toMatchObject({
      status: 200,
      body: { approval: 'not-approved' },
    });
    expect(await team.post(path, { contactId })).toMatchObject({ status: 200 });
    await eventually(async () => (await steps.show()).waitingForHours.length === 0, 'the need is gone');
    await steps.topUp(600);
    await steps.books({ heldMinutes: 0, availableMinutes: 630, pendingMinutes: 0 });
    expect(await steps.decide(activityId, 1, 'approve')).toMatchObject({
      status: 409,
      body: { code: 'estimation.already-decided' },
    });
    expect((await steps.estimate(activityId, 60)).body).toMatchObject({ version: 2, path: 'decision' });
    expect(await steps.approve(activityId, 2)).toMatchObject({ outcome: 'reserved' });
    expect(await team.post(path, { contactId })).toMatchObject({
      status: 409,
      body: { code: 'estimation.nothing-to-withdraw' },
    });
    await steps.books({ heldMinutes: 60 });
  });

  test.each(Array.from({ length: 6 }, (_, round) => round))(
    'a withdrawal that crosses the hours either starts nothing or comes too late (%d)',
    async () => {
      const { steps, activityId } = await withOne(60, { minutes: 30 });
      await steps.approve(activityId);
      const { contactId } = steps.approver;
      const [, withdrawn] = await Promise.all([
        steps.topUp(100),
        team.post(`/estimation/v1/activities/${activityId}/withdrawal`, { contactId }),
      ]);
      const heldMinutes = withdrawn.status === 200 ? 0 : 60;
      await eventually(async () => {
        const found = await steps.show();
        return found.heldMinutes === heldMinutes && found.waitingForHours.length === 0;
      }, `${heldMinutes} minutes held`);
      await steps.books({ heldMinutes, availableMinutes: 130 - heldMinutes, pendingMinutes: 0 });
      expect(await steps.activity(activityId)).toMatchObject(
        withdrawn.status === 200
          ? { state: 'rejected', approval: 'not-approved' }
          : { state: 'active', approval: 'approved' },
      );
    },
  );
});
