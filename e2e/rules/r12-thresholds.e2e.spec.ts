import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import {
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

/** A package of 100 minutes that are all approved. */
async function hundred(more: object = {}): Promise<{ steps: PackageSteps; activityId: string }> {
  const steps = await openPackage(instance, team, {
    minutes: 100,
    agreed: [{ title: 'Tutto', minutes: 100 }],
    ...more,
  });
  const activityId = await steps.agreed('Tutto');
  await steps.approve(activityId);
  return { steps, activityId };
}

/** The marks told so far, one list a mail. */
const told = async (steps: PackageSteps): Promise<number[][]> =>
  (await steps.entries())
    .filter(({ type }) => type === 'ThresholdCrossed')
    .map(({ facts }) => facts.thresholdsPercent);

const mailed = (steps: PackageSteps, count: number) =>
  eventually(async () => {
    const mails = await steps.mailsSoFar('Pacchetto orario al');
    return mails.length === count ? mails : null;
  }, `${count} mails of thresholds`);

describe('R12 thresholds', () => {
  test('each mark is told once, to approvers and referent, when consumption reaches it', async () => {
    const { steps, activityId } = await hundred();
    await steps.worked(activityId, 49);
    expect(await told(steps)).toEqual([]);
    await steps.worked(activityId, 1);
    const mail = await steps.mail('Pacchetto orario al 50 %');
    expect(mail.text).toMatch(/Ore addebitate: 50 min/);
    const { referent } = await steps.show();
    await instance.outbox.mail(
      'the referent’s',
      ({ to, subject }) => to === referent && subject.includes('50 %'),
    );
    await steps.worked(activityId, 24);
    expect(await told(steps)).toEqual([[50]]);
    await steps.worked(activityId, 1);
    await steps.mail('Pacchetto orario al 75 %');
    expect(await told(steps)).toEqual([[50], [75]]);
    await mailed(steps, 2);
    await steps.books({ postedMinutes: 25, heldMinutes: 25 });
  });

  test('several marks at once are told in one mail', async () => {
    const { steps, activityId } = await hundred();
    await steps.worked(activityId, 100);
    expect(await told(steps)).toEqual([[50, 75, 90, 100]]);
    const mail = await steps.mail('Pacchetto orario al 100 %');
    expect(mail.text).toContain('50 %, 75 %, 90 %, 100 %');
    await steps.books({ postedMinutes: 0 });
    await mailed(steps, 1);
  });

  test('a top-up that brings it below starts a new episode; a reversal does not', async () => {
    const { steps, activityId } = await hundred();
    const { workEntryId } = await steps.worked(activityId, 60);
    await team.must(steps.reverse(workEntryId));
    await steps.worked(activityId, 60);
    expect(await told(steps)).toEqual([[50]]);
    await steps.topUp(100);
    await steps.worked(activityId, 40);
    expect(await told(steps)).toEqual([[50], [50]]);
    await mailed(steps, 2);
    await steps.books({ postedMinutes: 100 });
  });

  test('a top-up that leaves it above a mark tells nothing again of that mark', async () => {
    const { steps, activityId } = await hundred();
    await steps.worked(activityId, 80);
    await steps.topUp(20);
    await steps.worked(activityId, 10);
    expect(await told(steps)).toEqual([[50, 75], [75]]);
    await mailed(steps, 2);
    await steps.books({ postedMinutes: 30 });
  });

  test('charged overruns count; the marks are the package’s own', async () => {
    const { steps, activityId } = await hundred({ minutes: 200, policy: { thresholdsPercent: [60] } });
    const { overrunId } = await steps.worked(activityId, 119);
    expect(await told(steps)).toEqual([]);
    await team.must(steps.decideOverrun(overrunId, 'charge'));
    expect(await told(steps)).toEqual([]);
    const { overrunId: next } = await steps.worked(activityId, 1);
    await team.must(steps.decideOverrun(next, 'charge'));
    expect(await told(steps)).toEqual([[60]]);
    await mailed(steps, 1);
    await steps.books({ postedMinutes: 80 });
  });
});
