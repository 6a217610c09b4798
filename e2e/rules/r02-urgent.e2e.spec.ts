import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import {
  APPROVER,
  dayOf,
  eventually,
  type Instance,
  openPackage,
  type PackageSteps,
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

/** A request of the approver; answers its id once estimation can know of it. */
async function request(steps: PackageSteps, more: object): Promise<string> {
  const { requestId } = await team.must(
    team.post('/intake/v1/requests', {
      packageId: steps.packageId,
      fromEmail: steps.approver.email,
      subject: 'Il modulo non funziona',
      text: 'Il modulo dei contatti non invia più nulla.',
      ...more,
    }),
  );
  return requestId;
}

const asking = { contacts: [{ ...APPROVER, roles: ['approver', 'requester'] }] };

describe('R2 urgent costs three times', () => {
  test('a hold is the weighted minutes; a charge is the actual minutes times the multiplier, and both are shown', async () => {
    const steps = await openPackage(instance, team, {
      agreed: [{ title: 'Fermo', minutes: 40, urgent: true }],
    });
    const activityId = await steps.agreed('Fermo');
    expect(await steps.activity(activityId)).toMatchObject({
      urgent: true,
      estimate: { version: 1, minutes: 40, multiplier: 3, weightedMinutes: 120 },
    });
    await steps.books({ heldMinutes: 0, pendingMinutes: 120 });
    await steps.approve(activityId);
    await steps.books({ heldMinutes: 120, availableMinutes: 480, pendingMinutes: 0 });
    expect(await steps.worked(activityId, 25)).toMatchObject({
      actualMinutes: 25,
      chargedMinutes: 75,
      overrunMinutes: 0,
    });
    await steps.books({ postedMinutes: 525, heldMinutes: 45, availableMinutes: 480 });
    const shown = { actualMinutes: 25, chargedMinutes: 75, heldMinutes: 45 };
    expect((await steps.board()).activities).toMatchObject([{ activityId, ...shown }]);
    expect(await steps.activity(activityId)).toMatchObject(shown);
  });

  test('the multiplier of a package of its own', async () => {
    const steps = await openPackage(instance, team, {
      policy: { urgentMultiplier: 2 },
      agreed: [{ title: 'Fermo', minutes: 40, urgent: true }],
    });
    await steps.approve(await steps.agreed('Fermo'));
    await steps.books({ heldMinutes: 80 });
  });
});

describe('R2 urgency is the client’s word', () => {
  test.each([
    ['the field', { urgent: true }],
    ['the text', { text: 'È urgente: il modulo dei contatti non invia più nulla.' }],
  ])('declared by %s it lets a minor extra start by itself, at three times', async (_, said) => {
    const steps = await openPackage(instance, team, asking);
    const requestId = await request(steps, said);
    const { activityId, path } = await steps.estimatedExtra('Modulo', 30, { requestId, urgent: true });
    expect(path).toBe('automatic');
    await steps.books({ heldMinutes: 90 });
    expect(await steps.worked(activityId, 30)).toMatchObject({ chargedMinutes: 90 });
    await steps.books({ postedMinutes: 510, heldMinutes: 0 });
    expect((await steps.mail('ricevuta')).text).toContain('triplo');
  });

  test.each([
    ['no request stands behind it', async () => ({})],
    [
      'the request did not say so',
      async (steps: PackageSteps) => ({ requestId: await request(steps, { urgent: false }) }),
    ],
    [
      'the request said that it is not urgent',
      async (steps: PackageSteps) => ({
        requestId: await request(steps, { text: 'Non è urgente: il modulo non invia più nulla.' }),
      }),
    ],
  ])('an urgent estimate asks for a decision when %s', async (_, of) => {
    const steps = await openPackage(instance, team, asking);
    const given = await of(steps);
    const { activityId, path } = await steps.estimatedExtra('Modulo', 10, { ...given, urgent: true });
    expect(path).toBe('decision');
    await steps.books({ heldMinutes: 0, pendingMinutes: 30 });
    expect(await steps.activity(activityId)).toMatchObject({ approval: 'waiting' });
  });
});

describe('R2 lowering and raising', () => {
  async function approvedUrgent(): Promise<{ steps: PackageSteps; activityId: string }> {
    const steps = await openPackage(instance, team, {
      agreed: [{ title: 'Vetrina', minutes: 60, urgent: true }],
    });
    const activityId = await steps.agreed('Vetrina');
    await steps.approve(activityId);
    return { steps, activityId };
  }

  test('the team lowers urgent to normal without a decision: the hold shrinks and the client is told', async () => {
    const { steps, activityId } = await approvedUrgent();
    await steps.worked(activityId, 20);
    await steps.books({ postedMinutes: 540, heldMinutes: 120 });
    const answer = await steps.estimate(activityId, 60, { urgent: false });
    expect(answer).toMatchObject({
      status: 201,
      body: { version: 2, weightedMinutes: 60, path: 'automatic' },
    });
    await eventually(async () => (await steps.activity(activityId)).versionInForce === 2, 'version 2');
    await steps.books({ postedMinutes: 540, heldMinutes: 40, pendingMinutes: 0 });
    const mail = await steps.mail('non più urgente');
    expect(mail.subject).toContain('Vetrina');
    // What was charged is never priced again; what comes is charged once.
    expect(await steps.worked(activityId, 40)).toMatchObject({ chargedMinutes: 40, overrunMinutes: 0 });
    await steps.books({ postedMinutes: 500, heldMinutes: 0 });
    expect(await steps.activity(activityId)).toMatchObject({
      actualMinutes: 60,
      chargedMinutes: 100,
      urgent: false,
      approval: 'approved',
    });
  });

  test('lowering it with other minutes is a new version with a decision', async () => {
    const { steps, activityId } = await approvedUrgent();
    expect((await steps.estimate(activityId, 70, { urgent: false })).body).toMatchObject({
      path: 'decision',
    });
    await steps.books({ heldMinutes: 180, pendingMinutes: 70 });
  });

  test('raising it is a new version with a decision; until then the old multiplier is in force', async () => {
    const steps = await openPackage(instance, team, { agreed: [{ title: 'Vetrina', minutes: 60 }] });
    const activityId = await steps.agreed('Vetrina');
    await steps.approve(activityId);
    const raised = await steps.estimate(activityId, 60, { urgent: true });
    expect(raised.body).toMatchObject({ version: 2, weightedMinutes: 180, path: 'decision' });
    expect(await steps.worked(activityId, 10)).toMatchObject({ chargedMinutes: 10 });
    await steps.books({ heldMinutes: 50, pendingMinutes: 180 });
    await steps.approve(activityId, 2);
    await steps.books({ heldMinutes: 150, pendingMinutes: 0 });
    expect(await steps.worked(activityId, 10)).toMatchObject({ chargedMinutes: 30 });
    await steps.books({ postedMinutes: 560, heldMinutes: 120 });
  });

  test('a rigid date moved on the way is no mere lowering', async () => {
    const steps = await openPackage(instance, team, {
      agreed: [
        { title: 'Fiera', minutes: 60, urgent: true, due: { date: dayOf(instance, 9), firmness: 'rigid' } },
      ],
    });
    const activityId = await steps.agreed('Fiera');
    await steps.approve(activityId);
    const due = { date: dayOf(instance, 12), firmness: 'rigid' };
    expect((await steps.estimate(activityId, 60, { urgent: false, due })).body).toMatchObject({
      path: 'decision',
    });
    await steps.books({ heldMinutes: 180, pendingMinutes: 60 });
  });
});
