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

async function active(policy: object, minutes: number): Promise<{ steps: PackageSteps; activityId: string }> {
  const steps = await openPackage(instance, team, { policy, agreed: [{ title: 'Passi', minutes }] });
  const activityId = await steps.agreed('Passi');
  await steps.approve(activityId);
  return { steps, activityId };
}

describe('R16 rounding', () => {
  test.each([
    ['none by default', {}, 60, [5, 5, 10], [5, 5, 10]],
    ['up to a step of the activity’s total', { roundUpToMinutes: 15 }, 60, [5, 5, 10], [15, 0, 15]],
    ['with a minimum', { minimumMinutes: 30 }, 60, [5, 20, 10], [30, 0, 5]],
    ['with a minimum and a step', { roundUpToMinutes: 15, minimumMinutes: 20 }, 60, [5, 25, 1], [30, 0, 15]],
    ['exactly a step', { roundUpToMinutes: 15 }, 60, [15, 15, 1], [15, 15, 15]],
  ])('%s', async (_, policy, estimate, entries, charges) => {
    const { steps, activityId } = await active(policy, estimate);
    const charged: number[] = [];
    for (const minutes of entries) {
      const answer = await steps.worked(activityId, minutes);
      expect(answer).toMatchObject({ actualMinutes: minutes, overrunMinutes: 0 });
      charged.push(answer.chargedMinutes);
    }
    expect(charged).toEqual(charges);
    const sum = (list: readonly number[]) => list.reduce((total, one) => total + one, 0);
    await steps.books({ postedMinutes: 600 - sum(charges), heldMinutes: 60 - sum(charges) });
    expect(await steps.activity(activityId)).toMatchObject({
      actualMinutes: sum(entries),
      chargedMinutes: sum(charges),
    });
  });

  test('before the multiplier', async () => {
    const steps = await openPackage(instance, team, {
      policy: { roundUpToMinutes: 15 },
      agreed: [{ title: 'Passi', minutes: 20, urgent: true }],
    });
    const activityId = await steps.agreed('Passi');
    expect((await steps.activity(activityId)).estimate).toMatchObject({ minutes: 20, weightedMinutes: 90 });
    await steps.approve(activityId);
    await steps.books({ heldMinutes: 90 });
    expect(await steps.worked(activityId, 5)).toMatchObject({ actualMinutes: 5, chargedMinutes: 45 });
    expect(await steps.worked(activityId, 15)).toMatchObject({ chargedMinutes: 45, overrunMinutes: 0 });
    await steps.books({ postedMinutes: 510, heldMinutes: 0 });
  });

  test.each([
    [1, 60],
    [46, 60],
    [60, 60],
    [61, 75],
  ])('by itself it never makes an overrun: an estimate of %d minutes holds %d', async (minutes, held) => {
    const { steps, activityId } = await active({ roundUpToMinutes: 15, minimumMinutes: 60 }, minutes);
    await steps.books({ heldMinutes: held });
    expect(await steps.worked(activityId, minutes)).toMatchObject({
      chargedMinutes: held,
      overrunMinutes: 0,
    });
    await steps.books({ heldMinutes: 0, postedMinutes: 600 - held });
  });

  test('a minor extra is minor by its exact minutes, and holds the rounded ones', async () => {
    const steps = await openPackage(instance, team, { policy: { roundUpToMinutes: 60 } });
    const { activityId, path } = await steps.estimatedExtra('Foto', 30);
    expect(path).toBe('automatic');
    await steps.books({ heldMinutes: 60 });
    expect(await steps.worked(activityId, 30)).toMatchObject({ chargedMinutes: 60, overrunMinutes: 0 });
    await steps.books({ postedMinutes: 540 });
  });

  test('a reversal gives back what its entry was charged', async () => {
    const { steps, activityId } = await active({ roundUpToMinutes: 15 }, 60);
    const first = await steps.worked(activityId, 5);
    await steps.worked(activityId, 5);
    await steps.worked(activityId, 10);
    await team.must(steps.reverse(first.workEntryId));
    await steps.books({ postedMinutes: 585, heldMinutes: 45 });
    expect(await steps.activity(activityId)).toMatchObject({ actualMinutes: 15, chargedMinutes: 15 });
    expect(await steps.worked(activityId, 1)).toMatchObject({ chargedMinutes: 15 });
    await steps.books({ postedMinutes: 570, heldMinutes: 30 });
  });

  test('changed later it acts on what comes', async () => {
    const { steps, activityId } = await active({}, 60);
    expect(await steps.worked(activityId, 20)).toMatchObject({ chargedMinutes: 20 });
    await steps.changePolicy({ roundUpToMinutes: 30 });
    await steps.books({ postedMinutes: 580, heldMinutes: 40 });
    expect(await steps.worked(activityId, 5)).toMatchObject({ chargedMinutes: 10, overrunMinutes: 0 });
    await steps.books({ postedMinutes: 570, heldMinutes: 30 });
  });
});
