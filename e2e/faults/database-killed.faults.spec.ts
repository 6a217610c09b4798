import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { type Answer, eventually, insistently, openPackage, type RestClient } from '../harness/index.ts';
import { expectEveryMailOnce } from './mails-once.ts';
import { Survivor } from './survivor.ts';

jest.setTimeout(240_000);

/** Fewer than the restarts within ten minutes after which the program gives up. */
const KILLS = 3;
const WORKERS = 6;
/** They work until the last kill is over; this bounds them. */
const ENTRIES_EACH_AT_MOST = 1500;
const MINUTES = 20_000;
const APPROVED_MINUTES = 10_000;

let survivor: Survivor;
let team: RestClient;

beforeAll(async () => {
  survivor = await Survivor.start();
  team = await survivor.rest('administrator');
}, 90_000);

afterAll(() => survivor?.proveAndStop());

describe('R1 the database is killed under load', () => {
  test('meanwhile the answer is 503 with Retry-After; it comes back by itself and counts everything once', async () => {
    const agreed = Array.from({ length: KILLS }, (_, index) => ({
      title: `Concordata ${index}`,
      minutes: 10,
    }));
    const steps = await openPackage(survivor, team, { minutes: MINUTES, agreed });
    const activityId = await steps.approvedExtra('Lavoro', APPROVED_MINUTES);
    const ids = await Promise.all(agreed.map(({ title }) => steps.agreed(title)));
    const refused: Answer[] = [];
    let answered = 0;
    let isOver = false;
    const told = { onUnavailable: (answer: Answer) => refused.push(answer) };
    const killings = (async () => {
      for (let kill = 0; kill < KILLS; kill += 1) {
        const [before, refusedBefore] = [answered, refused.length];
        await eventually(() => answered > before + WORKERS, 'answers before the kill', 60_000);
        await survivor.killPostgres();
        const path = `/estimation/v1/activities/${ids[kill]}/decisions`;
        const body = { version: 1, decision: 'approve', contactId: steps.approver.contactId };
        const decided = await insistently((key) => team.post(path, body, { key }), told);
        expect(decided).toMatchObject({ status: 200, body: { approval: 'approved', outcome: 'reserved' } });
        expect(refused.length).toBeGreaterThan(refusedBefore);
      }
    })().finally(() => {
      isOver = true;
    });
    const entries = await Promise.all([
      ...Array.from({ length: WORKERS }, async () => {
        const own: Answer[] = [];
        for (let entry = 0; entry < ENTRIES_EACH_AT_MOST && !isOver; entry += 1) {
          own.push(await insistently((key) => steps.work(activityId, 1, {}, { key }), told));
          answered += 1;
        }
        return own;
      }),
    ]);
    await killings;
    for (const { headers, body } of refused) {
      expect(headers.get('retry-after')).toMatch(/^[1-9]\d*$/);
      expect(body).toMatchObject({ status: 503, code: expect.any(String) });
    }
    const workEntryIds = entries.flat().map(({ body }) => body.workEntryId);
    expect(new Set(workEntryIds).size).toBe(answered);
    await steps.books({
      postedMinutes: MINUTES - answered,
      heldMinutes: APPROVED_MINUTES - answered + 10 * KILLS,
      pendingMinutes: 0,
    });
    await expectEveryMailOnce(survivor, team, steps.packageId);
    await eventually(
      async () => (await fetch(`${survivor.baseUrl}/health/ready`)).status === 200,
      'ready again',
    );
  });
});
