import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { type Instance, openPackage, type RestClient, startInstance } from '../harness/index.ts';

jest.setTimeout(60_000);

let instance: Instance;
let team: RestClient;

beforeAll(async () => {
  instance = await startInstance({ clock: true });
  team = await instance.rest('administrator');
}, 90_000);

afterAll(() => instance?.stop());

describe('R4 agreed activities', () => {
  test('each waits for its decision; their sum may exceed the package; each approval is checked on its own', async () => {
    const agreed = [
      { title: 'Uno', minutes: 10 },
      { title: 'Due', minutes: 90 },
      { title: 'Tre', minutes: 60 },
    ];
    const steps = await openPackage(instance, team, { minutes: 100, agreed });
    for (const { title } of agreed) {
      const activity = await steps.activity(await steps.agreed(title));
      expect(activity).toMatchObject({
        origin: 'agreed',
        displayTitle: title,
        approval: 'waiting',
        state: 'waiting-for-decision',
      });
      expect(activity).not.toHaveProperty('versionInForce');
      await steps.linkFor(title);
    }
    await steps.books({ availableMinutes: 100, pendingMinutes: 160 });
    expect(await steps.approve(await steps.agreed('Tre'))).toMatchObject({ outcome: 'reserved' });
    expect(await steps.approve(await steps.agreed('Due'))).toMatchObject({
      approval: 'approved',
      outcome: 'waiting-for-hours',
    });
    expect(await steps.approve(await steps.agreed('Uno'))).toMatchObject({ outcome: 'reserved' });
    await steps.books({ heldMinutes: 70, availableMinutes: 30, pendingMinutes: 0 });
  });

  test('a small one asks too', async () => {
    const steps = await openPackage(instance, team, { agreed: [{ title: 'Piccola', minutes: 1 }] });
    expect(await steps.activity(await steps.agreed('Piccola'))).toMatchObject({ approval: 'waiting' });
    await steps.books({ heldMinutes: 0, pendingMinutes: 1 });
  });
});
