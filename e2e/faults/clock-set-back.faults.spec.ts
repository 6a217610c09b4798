import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import type { Parsed, RestClient } from '../harness/index.ts';
import { type Client, Desk, type Opened, unique } from '../rules/desk.ts';
import { Survivor } from './survivor.ts';

jest.setTimeout(120_000);

let survivor: Survivor;
let desk: Desk;
let team: RestClient;
let client: Client;
let opened: Opened;

beforeAll(async () => {
  survivor = await Survivor.start();
  desk = await Desk.of(survivor);
  team = desk.team;
  client = await desk.client();
  opened = await desk.package(client, {
    minutes: 100,
    agreed: ['Prima', 'Dopo', 'In coda'].map((title) => ({ title, minutes: 40 })),
  });
}, 90_000);

afterAll(() => survivor?.proveAndStop());

describe('R15 the clock is set back by an hour', () => {
  test('nothing is recorded before what was recorded, and everything goes on', async () => {
    const { steps } = opened;
    const first = await steps.agreed('Prima');
    await steps.approve(first);
    await steps.worked(first, 5);
    const before: Parsed[] = await steps.entries();
    const lastRecordedAt: string = before.at(-1).recordedAt;

    survivor.clock.advance({ hours: -1 });
    await steps.worked(first, 5);
    await steps.topUp(10);
    const second = await steps.agreed('Dopo');
    expect(await steps.approve(second)).toMatchObject({ outcome: 'reserved' });
    await survivor.killAndRestart();
    await steps.worked(second, 5);
    const third = await steps.agreed('In coda');
    expect(await steps.approve(third)).toMatchObject({ outcome: 'waiting-for-hours' });
    await steps.topUp(100);
    await steps.activityIn(third, 'active');

    const after: Parsed[] = await steps.entries();
    expect(after.slice(0, before.length)).toEqual(before);
    expect(after.length).toBeGreaterThanOrEqual(before.length + 7);
    for (const { recordedAt } of after.slice(before.length)) expect(recordedAt >= lastRecordedAt).toBe(true);
    await steps.books({ grantedMinutes: 210, postedMinutes: 195, heldMinutes: 105, pendingMinutes: 0 });
  });

  test('mails of what is done then go out', async () => {
    await opened.steps.mail('Attività approvata: Dopo');
    const subject = unique('Richiesta');
    await desk.mail(client.requester.email, opened.mailbox, { subject, text: 'Correggete il refuso.' });
    const { requestId, receivedAt } = await desk.requestBySubject(subject);
    await desk.mailTo(client.requester.email, new RegExp(subject));
    survivor.clock.advance({ hours: -1 });
    await team.must(team.post(`/intake/v1/requests/${requestId}/take-in-charge`, {}));
    const request = await desk.request(requestId);
    expect(request).toMatchObject({ state: 'taken-in-charge', receivedAt });
  });
});
