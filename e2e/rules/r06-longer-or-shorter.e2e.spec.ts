import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import {
  APPROVER,
  dayOf,
  eventually,
  type Instance,
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

/** A package with one agreed activity of 60 minutes that was approved. */
async function active(more: Parsed = {}): Promise<{ steps: PackageSteps; activityId: string }> {
  const steps = await openPackage(instance, team, { agreed: [{ title: 'Catalogo', minutes: 60 }], ...more });
  const activityId = await steps.agreed('Catalogo');
  expect(await steps.approve(activityId)).toMatchObject({ outcome: 'reserved' });
  return { steps, activityId };
}

/** The same with an overrun of so many minutes; answers its id too. */
async function overrun(minutes: number, more: Parsed = {}) {
  const { steps, activityId } = await active(more);
  const { overrunId } = await steps.worked(activityId, 60 + minutes);
  return { steps, activityId, overrunId: overrunId as string };
}

describe('R6 what is charged', () => {
  test.each([
    ['the hold and no more', {}, 80, 60, 20],
    ['the hold and the tolerance', { policy: { toleranceMinutes: 15 } }, 80, 75, 5],
    [
      'of the tolerance only what is available',
      { minutes: 65, policy: { toleranceMinutes: 15 } },
      80,
      65,
      15,
    ],
    ['of the hold only what was worked', { policy: { toleranceMinutes: 15 } }, 45, 45, 0],
    ['all of it, where tolerance reaches', { policy: { toleranceMinutes: 20 } }, 80, 80, 0],
  ])('%s', async (_, more, minutes, chargedMinutes, overrunMinutes) => {
    const { steps, activityId } = await active(more);
    const answer = await steps.work(activityId, minutes);
    expect(answer).toMatchObject({
      status: 201,
      body: { actualMinutes: minutes, chargedMinutes, overrunMinutes },
    });
    expect('overrunId' in answer.body).toBe(overrunMinutes > 0);
    const { overruns } = await steps.show();
    expect(overruns.map(({ minutes, state }: Parsed) => [minutes, state])).toEqual(
      overrunMinutes > 0 ? [[overrunMinutes, 'open']] : [],
    );
    await steps.books();
    expect(await steps.activity(activityId)).toMatchObject({
      actualMinutes: minutes,
      chargedMinutes,
      overrunMinutes,
    });
  });

  test('the tolerance is used once an activity, not once an entry', async () => {
    const { steps, activityId } = await active({ policy: { toleranceMinutes: 15 } });
    expect(await steps.worked(activityId, 70)).toMatchObject({ chargedMinutes: 70 });
    expect(await steps.worked(activityId, 10)).toMatchObject({ chargedMinutes: 5, overrunMinutes: 5 });
    expect(await steps.worked(activityId, 10)).toMatchObject({ chargedMinutes: 0, overrunMinutes: 10 });
    await steps.books({ postedMinutes: 525, heldMinutes: 0 });
  });

  test.each([
    ['up to the threshold', {}, 20, 35, 30],
    ['up to the tolerance where that is more', { policy: { toleranceMinutes: 14 } }, 20, 36, 34],
    ['up to the threshold of its package', { policy: { minorUpToMinutes: 40 } }, 20, 45, 40],
  ])('a minor extra %s', async (_, more, estimate, minutes, chargedMinutes) => {
    const steps = await openPackage(instance, team, more);
    const { activityId } = await steps.estimatedExtra('Foto', estimate);
    await steps.activityIn(activityId, 'active');
    const overrunMinutes = minutes - chargedMinutes;
    expect(await steps.worked(activityId, minutes)).toMatchObject({ chargedMinutes, overrunMinutes });
    await steps.books({ heldMinutes: 0, postedMinutes: 600 - chargedMinutes });
  });

  test('an urgent minor extra up to the threshold times the multiplier', async () => {
    const steps = await openPackage(instance, team, {
      contacts: [{ ...APPROVER, roles: ['approver', 'requester'] }],
    });
    const request = {
      packageId: steps.packageId,
      fromEmail: steps.approver.email,
      subject: 'Foto',
      text: 'Foto.',
    };
    const { requestId } = await team.must(team.post('/intake/v1/requests', { ...request, urgent: true }));
    const { activityId, path } = await steps.estimatedExtra('Foto', 10, { requestId, urgent: true });
    expect(path).toBe('automatic');
    expect(await steps.worked(activityId, 31)).toMatchObject({ chargedMinutes: 90, overrunMinutes: 3 });
    await steps.books({ postedMinutes: 510, heldMinutes: 0 });
  });

  test('work on what was never approved is all overrun, at its price', async () => {
    const steps = await openPackage(instance, team, {
      agreed: [{ title: 'Mai', minutes: 60, urgent: true }],
    });
    const activityId = await steps.agreed('Mai');
    expect(await steps.worked(activityId, 10)).toMatchObject({ chargedMinutes: 0, overrunMinutes: 30 });
    await team.must(steps.decide(activityId, 1, 'reject'));
    expect(await steps.worked(activityId, 5)).toMatchObject({ chargedMinutes: 0, overrunMinutes: 15 });
    await steps.books({ postedMinutes: 600, heldMinutes: 0 });
  });

  test.each([
    ['no minutes', { minutes: 0 }, 400, '/minutes'],
    ['more than an entry may have', { minutes: 600_001 }, 400, '/minutes'],
    ['half a minute', { minutes: 1.5 }, 400, '/minutes'],
    ['a day that does not exist', { performedOn: '2026-02-30' }, 400, '/performedOn'],
    ['nobody', { performedBy: '' }, 400, '/performedBy'],
  ])('%s is refused with a pointer', async (_, fault, status, pointer) => {
    const { steps, activityId } = await active();
    expect(await steps.work(activityId, 5, fault)).toMatchObject({
      status,
      body: { errors: [expect.objectContaining({ pointer })] },
    });
    await steps.books({ postedMinutes: 600 });
  });

  test('work of tomorrow, or on another package’s activity, is refused', async () => {
    const { steps, activityId } = await active();
    expect(await steps.work(activityId, 5, { performedOn: dayOf(instance, 1) })).toMatchObject({
      status: 422,
      body: { code: 'ledger.work-in-future' },
    });
    const other = await active();
    expect(await steps.work(other.activityId, 5)).toMatchObject({ status: 404 });
    await steps.books({ postedMinutes: 600 });
  });
});

describe('R6 an overrun', () => {
  test('an approver has it charged, through REST on its behalf', async () => {
    const { steps, overrunId, activityId } = await overrun(20);
    expect(await steps.decideOverrun(overrunId, 'charge', { contactId: undefined })).toMatchObject({
      status: 422,
      body: { code: 'ledger.approver-required' },
    });
    expect(await steps.decideOverrun(overrunId, 'charge')).toMatchObject({
      status: 200,
      body: { state: 'charged' },
    });
    await steps.books({ postedMinutes: 520, availableMinutes: 520 });
    expect(await steps.decideOverrun(overrunId, 'charge')).toMatchObject({ status: 200 });
    expect(await steps.decideOverrun(overrunId, 'refuse')).toMatchObject({ status: 409 });
    expect(await steps.decideOverrun(overrunId, 'absorb')).toMatchObject({ status: 409 });
    await steps.books({ postedMinutes: 520 });
    expect(await steps.activity(activityId)).toMatchObject({ chargedMinutes: 80, overrunMinutes: 0 });
    expect((await steps.show()).overruns).toMatchObject([
      { overrunId, activityId, minutes: 20, state: 'charged' },
    ]);
    // Names come on a topic of their own, which may be behind.
    const shown = await eventually(async () => {
      const { overruns } = await steps.board();
      return overruns[0]?.decidedBy?.onBehalfOf === APPROVER.name ? overruns : null;
    }, 'the name on the board');
    expect(shown).toMatchObject([{ overrunId, state: 'charged' }]);
  });

  test('by itself, with its own token; absorbing is not its business', async () => {
    const { steps, overrunId } = await overrun(20);
    const client = await instance.rest('approver', { contact: steps.approver.contactId });
    const path = `${steps.path}/overruns/${overrunId}/decision`;
    expect(await client.post(path, { decision: 'absorb', reason: 'no' })).toMatchObject({ status: 403 });
    expect(await client.post(path, { decision: 'charge' })).toMatchObject({ status: 400 });
    expect(await client.post(path, { decision: 'charge', reason: 'va bene' })).toMatchObject({ status: 200 });
    await steps.books({ postedMinutes: 520 });
  });

  test('by the link in the mail: opening shows, pressing decides, once', async () => {
    const { steps, overrunId } = await overrun(20);
    const link = await steps.linkFor('Tempo oltre la stima: Catalogo', { kind: 'overrun-links' });
    const nobody = await instance.rest();
    const shown = await nobody.must(nobody.get(link));
    expect(shown).toMatchObject({
      overrunId,
      minutes: 20,
      availableMinutes: 540,
      leftMinutes: 520,
      state: 'open',
    });
    expect((await nobody.get(link, { headers: { accept: 'text/html' } })).body).toContain('Catalogo');
    await steps.books({ postedMinutes: 540 });
    expect(await nobody.post(link, { decision: 'charge' })).toMatchObject({
      status: 200,
      body: { state: 'charged' },
    });
    await steps.books({ postedMinutes: 520 });
    expect(await nobody.post(link, { decision: 'refuse' })).toMatchObject({ status: 409 });
    await steps.books({ postedMinutes: 520 });
  });

  test('is not charged when the hours are not available', async () => {
    const { steps, overrunId } = await overrun(20, { minutes: 79 });
    const missing = { status: 422, body: { code: 'ledger.hours-insufficient', missingMinutes: 1 } };
    expect(await steps.decideOverrun(overrunId, 'charge')).toMatchObject(missing);
    const link = await steps.linkFor('Tempo oltre la stima', { kind: 'overrun-links' });
    const nobody = await instance.rest();
    expect(await nobody.post(link, { decision: 'charge' })).toMatchObject(missing);
    await steps.books({ postedMinutes: 19, availableMinutes: 19 });
    await steps.topUp(1);
    expect(await nobody.post(link, { decision: 'charge' })).toMatchObject({ status: 200 });
    await steps.books({ postedMinutes: 0 });
  });

  test('the client’s no is kept with its reason and leaves it to the referent, who absorbs it', async () => {
    const { steps, overrunId, activityId } = await overrun(20);
    const reason = 'non lo avevamo chiesto';
    expect(await steps.decideOverrun(overrunId, 'refuse', { reason })).toMatchObject({
      status: 200,
      body: { state: 'refused', minutes: 20 },
    });
    expect((await steps.show()).overruns).toMatchObject([{ overrunId, minutes: 20, state: 'refused' }]);
    await steps.books({ postedMinutes: 540 });
    expect((await steps.board()).overruns).toMatchObject([{ overrunId, state: 'refused', reason }]);
    expect(await steps.close('expire')).toMatchObject({
      status: 409,
      body: { code: 'ledger.overruns-open' },
    });

    const member = await instance.rest('team-member', { subject: 'luca@agenzia.example' });
    const path = `${steps.path}/overruns/${overrunId}/decision`;
    expect(await member.post(path, { decision: 'absorb', reason: 'x' })).toMatchObject({ status: 403 });
    const referent = await instance.rest('referent', { subject: 'giulia@agenzia.example' });
    expect(await referent.post(path, { decision: 'absorb', reason: 'a nostro carico' })).toMatchObject({
      status: 200,
      body: { state: 'absorbed' },
    });
    await steps.books({ postedMinutes: 540 });
    expect(await steps.activity(activityId)).toMatchObject({
      actualMinutes: 80,
      chargedMinutes: 60,
      overrunMinutes: 0,
    });
    expect(await steps.close('expire')).toMatchObject({ status: 200 });
    await steps.books({ postedMinutes: 0 });
  });

  test('decided at the same moment by the client and the referent it is settled once', async () => {
    const { steps, overrunId } = await overrun(20);
    const answers = await Promise.all([
      steps.decideOverrun(overrunId, 'charge'),
      steps.decideOverrun(overrunId, 'absorb'),
      steps.decideOverrun(overrunId, 'charge'),
    ]);
    const [{ state }] = (await steps.show()).overruns;
    expect(['charged', 'absorbed']).toContain(state);
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(state === 'charged' ? 2 : 1);
    await steps.books({ postedMinutes: state === 'charged' ? 520 : 540 });
  });

  test('an unknown one is not found', async () => {
    const { steps } = await active();
    expect(await steps.decideOverrun('11111111-1111-4111-8111-111111111111', 'absorb')).toMatchObject({
      status: 404,
    });
    await steps.books();
  });
});

describe('R6 the end of an activity', () => {
  test.each(['done', 'cancelled'])(
    '%s: what its hold still sets aside returns to available',
    async (status) => {
      const { steps, activityId } = await active();
      await steps.worked(activityId, 40);
      await steps.workStatus(activityId, status);
      await steps.holds(0);
      await steps.books({ postedMinutes: 560, heldMinutes: 0, availableMinutes: 560 });
      expect(await steps.activity(activityId)).toMatchObject({ workStatus: status, state: status });
      await steps.workStatus(activityId, status);
      // Up to what the estimate had left; the rest is an overrun.
      expect(await steps.worked(activityId, 15)).toMatchObject({ chargedMinutes: 15, overrunMinutes: 0 });
      expect(await steps.worked(activityId, 15)).toMatchObject({ chargedMinutes: 5, overrunMinutes: 10 });
      await steps.books({ postedMinutes: 540, heldMinutes: 0 });
    },
  );

  test('work after it is charged from what is available and no further', async () => {
    const { steps, activityId } = await active({ minutes: 60 });
    await steps.worked(activityId, 40);
    await steps.workStatus(activityId, 'done');
    await steps.holds(0);
    expect(await steps.adjust(-15)).toMatchObject({ status: 201 });
    expect(await steps.worked(activityId, 20)).toMatchObject({ chargedMinutes: 5, overrunMinutes: 15 });
    await steps.books({ postedMinutes: 0 });
  });

  test('a finished activity is taken up again by a new version only', async () => {
    const { steps, activityId } = await active();
    await steps.worked(activityId, 50);
    await steps.workStatus(activityId, 'done');
    await steps.holds(0);
    const again = `/estimation/v1/activities/${activityId}/work-status`;
    expect(await team.post(again, { status: 'in-progress' })).toMatchObject({ status: 409 });
    expect((await steps.estimate(activityId, 90)).body).toMatchObject({ version: 2, path: 'decision' });
    await steps.books({ heldMinutes: 0, pendingMinutes: 90 });
    expect(await steps.approve(activityId, 2)).toMatchObject({ outcome: 'reserved' });
    await steps.books({ postedMinutes: 550, heldMinutes: 40, pendingMinutes: 0 });
    expect(await steps.activity(activityId)).toMatchObject({ state: 'active', workStatus: 'to-do' });
    expect(await steps.worked(activityId, 40)).toMatchObject({ chargedMinutes: 40, overrunMinutes: 0 });
    await steps.books({ postedMinutes: 510, heldMinutes: 0 });
  });

  test('on a closed package nothing is recorded any more', async () => {
    const { steps, activityId } = await active();
    expect(await steps.close('expire')).toMatchObject({ status: 200 });
    expect(await steps.work(activityId, 5)).toMatchObject({
      status: 409,
      body: { code: 'ledger.package-closed' },
    });
    await steps.books({ postedMinutes: 0, heldMinutes: 0 });
  });
});
