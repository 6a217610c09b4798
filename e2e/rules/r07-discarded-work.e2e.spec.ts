import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import {
  type Answer,
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

const discard = (activityId: string, more: Parsed = {}): Promise<Answer> =>
  team.post(`/estimation/v1/activities/${activityId}/replica`, { reason: 'testi cambiati', ...more });

/** An agreed urgent activity of 60 minutes, approved, with 40 worked. */
async function worked(): Promise<{ steps: PackageSteps; activityId: string }> {
  const steps = await openPackage(instance, team, {
    agreed: [{ title: 'Locandina', minutes: 60, urgent: true }],
  });
  const activityId = await steps.agreed('Locandina');
  await steps.approve(activityId);
  await steps.worked(activityId, 40);
  return { steps, activityId };
}

describe('R7 discarded work', () => {
  test('the first becomes done, its hold returns, and what it cost stays charged', async () => {
    const { steps, activityId } = await worked();
    await steps.books({ postedMinutes: 480, heldMinutes: 60 });
    const { status, body } = await discard(activityId);
    expect(status).toBe(201);
    await steps.holds(0);
    await steps.books({ postedMinutes: 480, heldMinutes: 0, availableMinutes: 480 });
    expect(await steps.activity(activityId)).toMatchObject({
      state: 'done',
      workStatus: 'done',
      chargedMinutes: 120,
    });
    expect(await steps.activity(body.activityId)).toMatchObject({
      replicaOf: activityId,
      origin: 'agreed',
      displayTitle: 'Locandina',
      urgent: false,
      state: 'to-estimate',
      actualMinutes: 0,
    });
  });

  test('the replica asks for a new decision, always, and starts from nothing', async () => {
    const { steps, activityId } = await worked();
    const replicaId = (await discard(activityId)).body.activityId;
    expect((await steps.estimate(replicaId, 5)).body).toMatchObject({
      version: 1,
      weightedMinutes: 5,
      path: 'decision',
    });
    await steps.holds(0);
    await steps.books({ heldMinutes: 0, pendingMinutes: 5 });
    await steps.approve(replicaId);
    expect(await steps.worked(replicaId, 5)).toMatchObject({ chargedMinutes: 5 });
    await steps.books({ postedMinutes: 475, heldMinutes: 0 });
  });

  test('it is urgent when the client says so again', async () => {
    const { steps, activityId } = await worked();
    const replicaId = (await discard(activityId, { urgent: true })).body.activityId;
    expect((await steps.estimate(replicaId, 10)).body).toMatchObject({
      weightedMinutes: 30,
      path: 'decision',
    });
    await steps.holds(0);
    await steps.books({ pendingMinutes: 30 });
  });

  test('that of an extra stays an extra, passes the gate, and never starts by itself', async () => {
    const steps = await openPackage(instance, team, { minutes: 40 });
    const { activityId } = await steps.estimatedExtra('Foto', 20);
    await steps.activityIn(activityId, 'active');
    await steps.worked(activityId, 20);
    const replicaId = (await discard(activityId)).body.activityId;
    expect((await steps.estimate(replicaId, 21)).body).toMatchObject({ path: 'waiting-for-hours' });
    expect(await steps.activity(replicaId)).toMatchObject({ displayTitle: 'Foto (extra)', origin: 'extra' });
    expect((await steps.estimate(replicaId, 20)).body).toMatchObject({ version: 2, path: 'decision' });
    await steps.books({ postedMinutes: 20, heldMinutes: 0, pendingMinutes: 20 });
    expect(await steps.approve(replicaId, 2)).toMatchObject({ outcome: 'reserved' });
    await steps.books({ heldMinutes: 20, availableMinutes: 0 });
  });

  test('only work with entries is replicated, and only once', async () => {
    const steps = await openPackage(instance, team, { agreed: [{ title: 'Vuota', minutes: 60 }] });
    const activityId = await steps.agreed('Vuota');
    await steps.approve(activityId);
    const nothing = { status: 422, body: { code: 'estimation.nothing-to-replicate' } };
    expect(await discard(activityId)).toMatchObject(nothing);
    const { workEntryId } = await steps.worked(activityId, 10);
    await team.must(steps.reverse(workEntryId));
    await steps.books({ postedMinutes: 600, heldMinutes: 60 });
    const isReversed = async () => (await steps.activity(activityId)).actualMinutes === 0;
    await eventually(isReversed, 'the reversal in estimation');
    expect(await discard(activityId)).toMatchObject(nothing);
    await steps.worked(activityId, 10);
    await steps.books();
    const { status, body } = await discard(activityId);
    expect(status).toBe(201);
    expect(await discard(activityId)).toMatchObject({
      status: 409,
      body: { code: 'estimation.already-replicated', replicaId: body.activityId },
    });
    await steps.holds(0);
    await steps.books({ postedMinutes: 590 });
  });

  test('straight after the first entry too: the work just recorded counts', async () => {
    const steps = await openPackage(instance, team, { agreed: [{ title: 'Subito', minutes: 60 }] });
    const activityId = await steps.agreed('Subito');
    await steps.approve(activityId);
    await steps.worked(activityId, 10);
    expect((await discard(activityId)).status).toBe(201);
    await steps.holds(0);
    await steps.books({ postedMinutes: 590 });
  });
});
