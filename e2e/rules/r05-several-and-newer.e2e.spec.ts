import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import {
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

async function withThree(minutes: number): Promise<{ steps: PackageSteps; ids: [string, string, string] }> {
  const agreed = [40, 50, 60].map((estimate, n) => ({ title: `Parte ${n}`, minutes: estimate }));
  const steps = await openPackage(instance, team, { minutes, agreed });
  const ids = (await steps.activities()).map(({ activityId }) => activityId);
  return { steps, ids: ids as [string, string, string] };
}

const approving = (activityId: string, version = 1) => ({ activityId, version, decision: 'approve' });

describe('R5 several activities decided in one go', () => {
  test('are one reservation', async () => {
    const { steps, ids } = await withThree(150);
    const answer = await steps.decideTogether(ids.map((activityId) => approving(activityId)));
    expect(answer).toMatchObject({
      status: 200,
      body: {
        decisions: ids.map((activityId) => ({ activityId, approval: 'approved', outcome: 'reserved' })),
      },
    });
    expect((await steps.entries()).filter(({ type }) => type === 'HoursReserved')).toHaveLength(1);
    await steps.books({ heldMinutes: 150, availableMinutes: 0, pendingMinutes: 0 });
  });

  test('if they do not all fit no decision is recorded, and the answer says what is missing', async () => {
    const { steps, ids } = await withThree(149);
    const answer = await steps.decideTogether(ids.map((activityId) => approving(activityId)));
    expect(answer).toMatchObject({
      status: 422,
      body: { code: 'estimation.hours-insufficient', missingMinutes: 1 },
    });
    await steps.books({ heldMinutes: 0, availableMinutes: 149, pendingMinutes: 150 });
    await steps.topUp(100);
    await steps.books({ heldMinutes: 0, pendingMinutes: 150 });
    for (const activityId of ids) {
      expect(await steps.activity(activityId)).toMatchObject({
        approval: 'waiting',
        state: 'waiting-for-decision',
      });
    }
    expect(await steps.approve(ids[0])).toMatchObject({ outcome: 'reserved' });
    await steps.books({ heldMinutes: 40 });
  });

  test('if one is stale no decision is recorded, and the answer says what is newer', async () => {
    const { steps, ids } = await withThree(600);
    await team.must(steps.estimate(ids[1], 70));
    const answer = await steps.decideTogether(ids.map((activityId) => approving(activityId)));
    expect(answer).toMatchObject({
      status: 409,
      body: {
        code: 'estimation.version-outdated',
        conflicts: [{ activityId: ids[1], newest: { version: 2, weightedMinutes: 70 } }],
      },
    });
    await steps.books({ heldMinutes: 0, pendingMinutes: 40 + 70 + 60 });
  });

  test('approvals and rejections together: all or none of them', async () => {
    const { steps, ids } = await withThree(80);
    const mixed = [
      approving(ids[0]),
      { activityId: ids[1], version: 1, decision: 'reject', reason: 'no' },
      approving(ids[2]),
    ];
    expect(await steps.decideTogether(mixed)).toMatchObject({ status: 422, body: { missingMinutes: 20 } });
    await steps.books({ heldMinutes: 0, pendingMinutes: 150 });
    await steps.topUp(20);
    expect(await steps.decideTogether(mixed)).toMatchObject({ status: 200 });
    await steps.books({ heldMinutes: 100, pendingMinutes: 0 });
    expect((await steps.activity(ids[1])).approval).toBe('not-approved');
    expect(await steps.decideTogether(mixed)).toMatchObject({ status: 200 });
    await steps.books({ heldMinutes: 100 });
  });

  test('those that were opposite already are refused together', async () => {
    const { steps, ids } = await withThree(600);
    await team.must(steps.decide(ids[0], 1, 'reject'));
    expect(await steps.decideTogether([approving(ids[0]), approving(ids[1])])).toMatchObject({
      status: 409,
      body: { code: 'estimation.already-decided' },
    });
    await steps.books({ heldMinutes: 0, pendingMinutes: 110 });
  });

  test('of two packages are refused', async () => {
    const [one, other] = [await withThree(600), await withThree(600)];
    const both = [approving(one.ids[0]), approving(other.ids[0])];
    expect(await one.steps.decideTogether(both)).toMatchObject({ status: 422 });
    await one.steps.books({ heldMinutes: 0 });
    await other.steps.books({ heldMinutes: 0 });
  });

  test('two goes that race for the same hours cannot both win', async () => {
    const { steps, ids } = await withThree(100);
    const answers = await Promise.all([
      steps.decideTogether([approving(ids[0]), approving(ids[2])]),
      steps.decideTogether([approving(ids[1])]),
    ]);
    const statuses = answers.map(({ status }) => status).sort();
    expect(statuses).toEqual([200, 422]);
    const { heldMinutes } = await steps.books();
    expect([50, 100]).toContain(heldMinutes);
  });
});

describe('R5 a newer version', () => {
  async function active(minutes = 60, packageMinutes = 600) {
    const steps = await openPackage(instance, team, {
      minutes: packageMinutes,
      agreed: [{ title: 'Portale', minutes }],
    });
    const activityId = await steps.agreed('Portale');
    await steps.approve(activityId);
    return { steps, activityId };
  }

  test('until it is decided, the approved one stays in force with its hold and multiplier', async () => {
    const { steps, activityId } = await active();
    expect((await steps.estimate(activityId, 100)).body).toMatchObject({ version: 2, path: 'decision' });
    expect(await steps.activity(activityId)).toMatchObject({
      state: 'active',
      approval: 'waiting',
      versionInForce: 1,
      estimate: { version: 2, minutes: 100 },
    });
    await steps.books({ heldMinutes: 60, pendingMinutes: 100 });
    expect(await steps.worked(activityId, 20)).toMatchObject({ chargedMinutes: 20 });
    await steps.books({ heldMinutes: 40, pendingMinutes: 100 });
  });

  test('rejecting it leaves the approved one in force', async () => {
    const { steps, activityId } = await active();
    await team.must(steps.estimate(activityId, 100));
    expect(await steps.decide(activityId, 2, 'reject', { reason: 'basta così' })).toMatchObject({
      status: 200,
      body: { approval: 'approved', outcome: 'none' },
    });
    expect(await steps.activity(activityId)).toMatchObject({ state: 'active', versionInForce: 1 });
    expect((await steps.mail('Stima non approvata')).text).toContain('resta valida la versione 1');
    expect(await steps.worked(activityId, 60)).toMatchObject({ chargedMinutes: 60, overrunMinutes: 0 });
    await steps.books({ heldMinutes: 0, pendingMinutes: 0, postedMinutes: 540 });
  });

  test.each([
    ['more', 100, 25, 75],
    ['fewer', 40, 25, 15],
    ['as many as were worked', 25, 25, 0],
    ['fewer than were worked', 20, 25, 0],
  ])('approving one of %s minutes holds what is still to be worked', async (_, minutes, worked, held) => {
    const { steps, activityId } = await active();
    await steps.worked(activityId, worked);
    await team.must(steps.estimate(activityId, minutes));
    expect(await steps.approve(activityId, 2)).toMatchObject({ outcome: 'reserved' });
    await steps.books({ heldMinutes: held, postedMinutes: 600 - worked, pendingMinutes: 0 });
    expect((await steps.activity(activityId)).versionInForce).toBe(2);
  });

  test('is checked against available plus the old hold', async () => {
    const { steps, activityId } = await active(60, 100);
    await team.must(steps.estimate(activityId, 100));
    expect(await steps.approve(activityId, 2)).toMatchObject({ outcome: 'reserved' });
    await steps.books({ heldMinutes: 100, availableMinutes: 0 });
    await team.must(steps.estimate(activityId, 101));
    expect(await steps.approve(activityId, 3)).toMatchObject({ outcome: 'waiting-for-hours' });
    expect(await steps.activity(activityId)).toMatchObject({ state: 'active', versionInForce: 2 });
    await steps.books({ heldMinutes: 100, availableMinutes: 0 });
    await steps.topUp(1);
    await steps.books({ heldMinutes: 101, availableMinutes: 0 });
  });

  test('one that waits for hours may be withdrawn: the approved one before it stays', async () => {
    const { steps, activityId } = await active(60, 100);
    await team.must(steps.estimate(activityId, 150));
    expect(await steps.approve(activityId, 2)).toMatchObject({ outcome: 'waiting-for-hours' });
    const { contactId } = steps.approver;
    const path = `/estimation/v1/activities/${activityId}/withdrawal`;
    const [withdrawn] = await Promise.all([team.post(path, { contactId }), steps.topUp(200)]);
    const heldMinutes = withdrawn.status === 200 ? 60 : 150;
    const versionInForce = withdrawn.status === 200 ? 1 : 2;
    await steps.holds(heldMinutes);
    expect(await steps.activity(activityId)).toMatchObject({ versionInForce, approval: 'approved' });
    await steps.books({ heldMinutes, availableMinutes: 300 - heldMinutes });
  });

  test('charges the open overruns that its minutes cover, and counts them in the check', async () => {
    const { steps, activityId } = await active(60, 100);
    expect(await steps.worked(activityId, 90)).toMatchObject({ chargedMinutes: 60, overrunMinutes: 30 });
    await steps.books({ postedMinutes: 40, heldMinutes: 0 });
    // 30 of the overrun and 11 still to be worked are 41, and 40 are available.
    await team.must(steps.estimate(activityId, 101));
    expect(await steps.approve(activityId, 2)).toMatchObject({ outcome: 'waiting-for-hours' });
    await steps.books({ postedMinutes: 40, heldMinutes: 0 });
    await steps.topUp(1);
    await steps.holds(11);
    await steps.books({ postedMinutes: 11, heldMinutes: 11, availableMinutes: 0 });
    expect((await steps.show()).overruns).toMatchObject([{ activityId, minutes: 30, state: 'charged' }]);
    expect(await steps.activity(activityId)).toMatchObject({
      actualMinutes: 90,
      chargedMinutes: 90,
      overrunMinutes: 0,
    });
  });
});
