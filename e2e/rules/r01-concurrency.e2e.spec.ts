import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import {
  type Answer,
  dayOf,
  eventually,
  type Instance,
  openPackage,
  type RestClient,
  startInstance,
} from '../harness/index.ts';

jest.setTimeout(180_000);

let instance: Instance;
let team: RestClient;

beforeAll(async () => {
  instance = await startInstance({ clock: true });
  team = await instance.rest('administrator');
}, 90_000);

afterAll(() => instance?.stop());

const ROUNDS = Array.from({ length: 5 }, (_, round) => round);

/** As clients should: a server that is too busy is asked again when it says, under the same key. */
async function insistently(send: (key: string) => Promise<Answer>): Promise<Answer> {
  const key = randomUUID();
  for (;;) {
    const answer = await send(key);
    if (answer.status !== 503) return answer;
    expect(answer.headers.get('retry-after')).toMatch(/^\d+$/);
    await pause(Number(answer.headers.get('retry-after')) * 1000);
  }
}

describe('R1 under any concurrency', () => {
  test('a thousand work entries on one package at the same moment are charged to the last minute and no further', async () => {
    const steps = await openPackage(instance, team, { minutes: 995, policy: { toleranceMinutes: 200 } });
    const activityId = await steps.approvedExtra('Mille', 900);
    const answers = await Promise.all(
      Array.from({ length: 1000 }, () => insistently((key) => steps.work(activityId, 1, {}, { key }))),
    );
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201]));
    expect(new Set(answers.map(({ body }) => body.workEntryId)).size).toBe(1000);
    const charged = answers.reduce((sum, { body }) => sum + body.chargedMinutes, 0);
    const over = answers.reduce((sum, { body }) => sum + body.overrunMinutes, 0);
    expect([charged, over]).toEqual([995, 5]);
    await steps.books({ postedMinutes: 0, heldMinutes: 0, availableMinutes: 0 });
    expect(await steps.activity(activityId)).toMatchObject({
      actualMinutes: 1000,
      chargedMinutes: 995,
      overrunMinutes: 5,
    });
  });

  test('the same Idempotency-Key from ten connections is one entry with one answer; another body is refused', async () => {
    const steps = await openPackage(instance, team);
    const activityId = await steps.approvedExtra('Chiave', 60);
    const key = randomUUID();
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => steps.work(activityId, 7, {}, { key })),
    );
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201]));
    expect(new Set(answers.map(({ body }) => JSON.stringify(body))).size).toBe(1);
    await steps.books({ postedMinutes: 593, heldMinutes: 53 });
    expect(await steps.work(activityId, 8, {}, { key })).toMatchObject({ status: 422 });
    expect((await steps.work(activityId, 7, {}, { key })).body).toEqual(answers[0]!.body);
    await steps.books({ postedMinutes: 593 });
  });

  test('the same key opens one package, with the same activities', async () => {
    const { client } = await openPackage(instance, team);
    const opening = {
      clientId: client.clientId,
      name: 'Uno solo',
      referentEmail: 'referente@agenzia.example',
      grantedMinutes: 60,
      agreedActivities: [],
    };
    const key = randomUUID();
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => team.post('/ledger/v1/packages', opening, { key })),
    );
    expect(new Set(answers.map(({ status, body }) => `${status} ${body.packageId}`)).size).toBe(1);
    await eventually(
      async () => (await team.all(`/ledger/v1/packages?clientId=${client.clientId}`)).length === 2,
      'the second package in the list',
    );
  });

  test('approvals, work, top-ups and adjustments at once leave books that agree', async () => {
    const agreed = Array.from({ length: 10 }, (_, n) => ({ title: `Insieme ${n}`, minutes: 30 + n }));
    const steps = await openPackage(instance, team, {
      minutes: 200,
      policy: { toleranceMinutes: 10 },
      agreed,
    });
    const ids = (await steps.activities()).map(({ activityId }) => activityId);
    const answers = await Promise.all([
      ...ids.map((activityId) => steps.decide(activityId, 1, 'approve')),
      ...ids.map((activityId) => insistently((key) => steps.work(activityId, 45, {}, { key }))),
      ...ids.map(() => insistently((key) => team.post(`${steps.path}/lots`, { minutes: 10 }, { key }))),
      ...ids.map(() => steps.adjust(-10)),
    ]);
    expect(answers.map(({ status }) => status).filter((status) => ![200, 201, 422].includes(status))).toEqual(
      [],
    );
    await steps.books({ grantedMinutes: 300, pendingMinutes: 0 });
  });
});

describe('R5, R14 crossings', () => {
  test.each(ROUNDS)('an approval that crosses a top-up is reserved in the end (%d)', async () => {
    const steps = await openPackage(instance, team, {
      minutes: 30,
      agreed: [{ title: 'Incrocio', minutes: 60 }],
    });
    const activityId = await steps.agreed('Incrocio');
    const [decided] = await Promise.all([steps.decide(activityId, 1, 'approve'), steps.topUp(30)]);
    expect(decided).toMatchObject({ status: 200, body: { approval: 'approved' } });
    expect(['reserved', 'waiting-for-hours']).toContain(decided.body.outcome);
    await steps.activityIn(activityId, 'active');
    await steps.books({ heldMinutes: 60, availableMinutes: 0, pendingMinutes: 0 });
  });

  test.each(ROUNDS)('a closing that crosses an approval leaves nothing held (%d)', async () => {
    const steps = await openPackage(instance, team, { agreed: [{ title: 'Incrocio', minutes: 60 }] });
    const activityId = await steps.agreed('Incrocio');
    const [closed, decided] = await Promise.all([
      steps.close('expire'),
      steps.decide(activityId, 1, 'approve'),
    ]);
    expect(closed.status).toBe(200);
    expect([200, 409]).toContain(decided.status);
    await eventually(async () => (await steps.board()).status === 'closed', 'the closed board');
    await eventually(async () => {
      const { state, unfinished } = await steps.activity(activityId);
      return state !== 'waiting-for-hours' && unfinished !== undefined;
    }, 'the activity of the closed board');
    await steps.books({ postedMinutes: 0, heldMinutes: 0, availableMinutes: 0, pendingMinutes: 0 });
    const late = await steps.decide(activityId, 1, 'approve');
    expect(late.body.outcome).not.toBe('reserved');
    expect(await steps.work(activityId, 5, { performedOn: dayOf(instance) })).toMatchObject({ status: 409 });
    await steps.books({ postedMinutes: 0, heldMinutes: 0 });
  });
});
