import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { HeldPackage } from './held-package.ts';
import { TwoServices } from './two-services.ts';

let services: TwoServices;
beforeAll(async () => {
  services = await TwoServices.start();
}, 60_000);
afterAll(() => services?.stop());

const open = (grantedMinutes: number, estimateMinutes: readonly number[]) =>
  HeldPackage.open(services, grantedMinutes, estimateMinutes);
const bothAnswer = async () => {
  await services.toLedger();
  await services.toEstimation();
};

describe('R5 a batch that crosses a single approval', () => {
  test('asked for first, the single one has the hours, and no decision of the batch is recorded', async () => {
    const held = await open(100, [60, 60, 60]);
    const [a, b, c] = held.activityIds as [string, string, string];
    const single = await held.approve(a);
    const batch = await held.approveTogether(b, c);
    await bothAnswer();
    expect(await single()).toMatchObject({ status: 200, body: { outcome: 'reserved' } });
    expect(await batch()).toMatchObject({
      status: 422,
      body: { code: 'estimation.hours-insufficient', missingMinutes: 80 },
    });
    for (const activityId of [b, c])
      expect(await held.activity(activityId)).toMatchObject({
        approval: 'waiting',
        state: 'waiting-for-decision',
      });
    expect(await held.balances()).toMatchObject({ heldMinutes: 60, availableMinutes: 40 });
  });

  test('asked for first, the batch has the hours, and the single one waits for more', async () => {
    const held = await open(130, [60, 60, 60]);
    const [a, b, c] = held.activityIds as [string, string, string];
    const batch = await held.approveTogether(b, c);
    const single = await held.approve(a);
    await bothAnswer();
    expect(await batch()).toMatchObject({
      status: 200,
      body: { decisions: [{ outcome: 'reserved' }, { outcome: 'reserved' }] },
    });
    expect(await single()).toMatchObject({
      status: 200,
      body: { approval: 'approved', outcome: 'waiting-for-hours', missingMinutes: 50 },
    });
    expect(await held.balances()).toMatchObject({ heldMinutes: 120, availableMinutes: 10 });
  });

  test('a batch that holds what was approved singly asks for the rest only', async () => {
    const held = await open(100, [60, 60]);
    const [a, b] = held.activityIds as [string, string];
    const single = await held.approve(a);
    const batch = await held.approveTogether(a, b);
    await bothAnswer();
    expect(await single()).toMatchObject({ body: { outcome: 'reserved' } });
    expect(await batch()).toMatchObject({ status: 422, body: { missingMinutes: 20 } });
    expect(await held.activity(b)).toMatchObject({ approval: 'waiting' });
    expect(await held.balances()).toMatchObject({ heldMinutes: 60, availableMinutes: 40 });
  });

  test('while a batch is on its way none of it is approved singly; afterwards the same approval is one', async () => {
    const held = await open(130, [60, 60]);
    const [a, b] = held.activityIds as [string, string];
    const batch = await held.approveTogether(a, b);
    expect(await held.approveAtOnce(a)).toMatchObject({
      status: 409,
      body: { code: 'estimation.decision-pending' },
    });
    await bothAnswer();
    expect((await batch()).status).toBe(200);
    expect(await held.approveAtOnce(a)).toMatchObject({ status: 200, body: { outcome: 'reserved' } });
    expect(await held.balances()).toMatchObject({ heldMinutes: 120, availableMinutes: 10 });
  });
});

describe('R5 a newer version that crosses an older reservation', () => {
  const inTheEnd = async (held: HeldPackage, minutes: number, availableMinutes: number) => {
    expect(await held.activity(held.activityIds[0]!)).toMatchObject({
      approval: 'approved',
      state: 'active',
      versionInForce: 2,
      estimate: { version: 2, minutes },
      heldMinutes: minutes,
    });
    expect(await held.balances()).toMatchObject({ heldMinutes: minutes, availableMinutes });
  };

  test('whose yes is on its way: its hold is replaced, checked on the difference', async () => {
    const held = await open(100, [60]);
    const [a] = held.activityIds as [string];
    const older = await held.approve(a);
    await services.toLedger();
    expect(await held.balances()).toMatchObject({ heldMinutes: 60 });
    await held.estimate(a, 90);
    const newer = await held.approve(a, 2);
    await bothAnswer();
    expect(await older()).toMatchObject({ status: 200, body: { outcome: 'reserved' } });
    expect(await newer()).toMatchObject({ status: 200, body: { outcome: 'reserved' } });
    await inTheEnd(held, 90, 10);
  });

  test('whose no is on its way: it waits no more, whatever hours arrive', async () => {
    const held = await open(100, [120]);
    const [a] = held.activityIds as [string];
    await held.approve(a);
    await services.toLedger();
    await held.estimate(a, 60);
    const newer = await held.approve(a, 2);
    await services.toEstimation();
    expect(await services.toLedger()).not.toContain('ActivityWaitingForHours');
    await services.toEstimation();
    expect(await newer()).toMatchObject({ body: { outcome: 'reserved' } });
    await held.topUp(200);
    await bothAnswer();
    await inTheEnd(held, 60, 240);
  });

  test('that has not been asked for yet: both are answered, and the newer one stays', async () => {
    const held = await open(100, [60]);
    const [a] = held.activityIds as [string];
    await held.approve(a);
    await held.estimate(a, 30);
    const newer = await held.approve(a, 2);
    await bothAnswer();
    expect(await newer()).toMatchObject({ body: { outcome: 'reserved' } });
    await inTheEnd(held, 30, 70);
  });

  test('and is still to be decided when the answer comes: the older one stays in force', async () => {
    const held = await open(100, [60]);
    const [a] = held.activityIds as [string];
    await held.approve(a);
    await held.estimate(a, 90);
    await bothAnswer();
    expect(await held.activity(a)).toMatchObject({
      approval: 'waiting',
      versionInForce: 1,
      estimate: { version: 2 },
      heldMinutes: 60,
    });
    await held.approve(a, 2);
    await bothAnswer();
    await inTheEnd(held, 90, 10);
  });
});

describe('R14 a closing that crosses an approval', () => {
  test('on its way to the ledger: nothing is held, and nothing starts', async () => {
    const held = await open(100, [60]);
    const [a] = held.activityIds as [string];
    const approval = await held.approve(a);
    await held.close();
    await services.toLedger();
    await services.toEstimation();
    expect(await approval()).toMatchObject({ status: 200, body: { outcome: 'none' } });
    expect(await held.activity(a)).toMatchObject({ state: 'cancelled', heldMinutes: 0 });
    expect(await held.balances()).toEqual({ status: 'closed', heldMinutes: 0, availableMinutes: 0 });
  });

  test('whose yes is on its way back: its hold is released with the others', async () => {
    const held = await open(100, [60]);
    const [a] = held.activityIds as [string];
    await held.approve(a);
    await services.toLedger();
    await held.close();
    await services.toEstimation();
    await services.toLedger();
    expect(await held.activity(a)).toMatchObject({ unfinished: true, heldMinutes: 0 });
    expect(await held.balances()).toEqual({ status: 'closed', heldMinutes: 0, availableMinutes: 0 });
  });
});
