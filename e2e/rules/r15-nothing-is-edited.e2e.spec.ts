import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import {
  dayOf,
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

async function active(minutes = 60, more: Parsed = {}): Promise<{ steps: PackageSteps; activityId: string }> {
  const steps = await openPackage(instance, team, { agreed: [{ title: 'Rettifica', minutes }], ...more });
  const activityId = await steps.agreed('Rettifica');
  await steps.approve(activityId);
  return { steps, activityId };
}

describe('R15 a reversal', () => {
  test('gives the charge back to the hold while the activity is active, once, and explains itself', async () => {
    const { steps, activityId } = await active();
    const { workEntryId } = await steps.worked(activityId, 40, { performedOn: dayOf(instance, -2) });
    await steps.books({ postedMinutes: 560, heldMinutes: 20 });
    const before = await steps.entries();
    expect(await steps.reverse(workEntryId)).toMatchObject({ status: 201 });
    await steps.books({ postedMinutes: 600, heldMinutes: 60, availableMinutes: 540 });
    const entries = await steps.entries();
    expect(entries.slice(0, before.length)).toEqual(before);
    expect(entries.slice(before.length)).toMatchObject([
      {
        type: 'ChargeReversed',
        activityId,
        occurredOn: dayOf(instance, -2),
        postedDeltaMinutes: 40,
        heldDeltaMinutes: 40,
        actor: { role: 'administrator' },
        facts: { reason: 'registrata due volte', workEntryId },
      },
    ]);
    expect(await steps.reverse(workEntryId)).toMatchObject({
      status: 409,
      body: { code: 'ledger.already-reversed' },
    });
    expect(await steps.activity(activityId)).toMatchObject({ actualMinutes: 0, chargedMinutes: 0 });
    await steps.books({ postedMinutes: 600 });
  });

  test('of the same entry from ten sides at once is one', async () => {
    const { steps, activityId } = await active();
    const { workEntryId } = await steps.worked(activityId, 40);
    const answers = await Promise.all(Array.from({ length: 10 }, () => steps.reverse(workEntryId)));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, ...Array(9).fill(409)]);
    await steps.books({ postedMinutes: 600, heldMinutes: 60 });
  });

  test('gives it to available when the activity is over', async () => {
    const { steps, activityId } = await active();
    const { workEntryId } = await steps.worked(activityId, 40);
    await steps.workStatus(activityId, 'done');
    await steps.holds(0);
    await team.must(steps.reverse(workEntryId));
    await steps.books({ postedMinutes: 600, heldMinutes: 0, availableMinutes: 600 });
    // The estimate has those 40 left again, beside the 20 it never used.
    expect(await steps.worked(activityId, 70)).toMatchObject({ chargedMinutes: 60, overrunMinutes: 10 });
    await steps.books({ postedMinutes: 540 });
  });

  test('then charges open overruns of the activity from it, oldest first', async () => {
    const { steps, activityId } = await active();
    const { workEntryId } = await steps.worked(activityId, 30);
    const older = await steps.worked(activityId, 50);
    const newer = await steps.worked(activityId, 15);
    expect([older.overrunMinutes, newer.overrunMinutes]).toEqual([20, 15]);
    await team.must(steps.reverse(workEntryId));
    await steps.books({ postedMinutes: 540, heldMinutes: 0 });
    expect((await steps.show()).overruns).toMatchObject([
      { overrunId: older.overrunId, minutes: 20, state: 'charged' },
      { overrunId: newer.overrunId, minutes: 5, state: 'open' },
    ]);
    expect(await steps.activity(activityId)).toMatchObject({
      actualMinutes: 65,
      chargedMinutes: 60,
      overrunMinutes: 5,
    });
  });

  test.each([
    ['open', false],
    ['charged', true],
  ])('the entry’s own overrun, %s, falls with it', async (_, isCharged) => {
    const { steps, activityId } = await active();
    const { workEntryId, overrunId } = await steps.worked(activityId, 75);
    if (isCharged) await team.must(steps.decideOverrun(overrunId, 'charge'));
    await steps.books({ postedMinutes: isCharged ? 525 : 540 });
    await team.must(steps.reverse(workEntryId));
    await steps.books({ postedMinutes: 600, heldMinutes: 60 });
    expect((await steps.show()).overruns).toEqual([]);
    expect(await steps.activity(activityId)).toMatchObject({
      chargedMinutes: 0,
      overrunMinutes: 0,
      actualMinutes: 0,
    });
    expect((await steps.decideOverrun(overrunId, 'charge')).status).toBe(409);
    await steps.books({ postedMinutes: 600 });
  });

  test('of an unknown entry, or of another package’s, is not found', async () => {
    const { steps } = await active();
    const other = await active();
    const { workEntryId } = await other.steps.worked(other.activityId, 10);
    for (const wrong of [workEntryId, '11111111-1111-4111-8111-111111111111']) {
      expect(await steps.reverse(wrong)).toMatchObject({ status: 404 });
    }
    await other.steps.books({ postedMinutes: 590 });
  });
});

describe('R15 adjustments', () => {
  test('name a lot, or follow the draw order when negative, or make a lot without expiry when positive', async () => {
    const steps = await openPackage(instance, team, { minutes: 100 });
    const { lotId } = await steps.topUp(50, { expiresOn: dayOf(instance, 10) });
    const left = async () => (await steps.show()).lots.map((lot: Parsed) => lot.remainingMinutes);
    expect(await steps.adjust(-60)).toMatchObject({ status: 201 });
    expect(await left()).toEqual([90, 0]);
    expect(await steps.adjust(20, { lotId })).toMatchObject({ status: 201 });
    expect(await left()).toEqual([90, 20]);
    expect(await steps.adjust(-5, { lotId })).toMatchObject({ status: 201 });
    expect(await steps.adjust(30)).toMatchObject({ status: 201 });
    expect(await left()).toEqual([90, 15, 30]);
    const { lots } = await steps.show();
    expect(lots[2]).toMatchObject({ origin: 'adjustment', minutes: 30 });
    expect(lots[2]).not.toHaveProperty('expiresOn');
    await steps.books({ grantedMinutes: 150, postedMinutes: 135 });
  });

  test('are refused when available would pass its limit; what is held is not theirs', async () => {
    const { steps } = await active(60, { minutes: 100 });
    expect(await steps.adjust(-41)).toMatchObject({
      status: 422,
      body: { code: 'ledger.hours-insufficient', missingMinutes: 1 },
    });
    expect(await steps.adjust(-40)).toMatchObject({ status: 201 });
    await steps.books({ postedMinutes: 60, heldMinutes: 60, availableMinutes: 0 });
  });

  test.each([
    ['nothing', { minutes: 0 }, '/minutes'],
    ['too much', { minutes: 600_001 }, '/minutes'],
    ['too little', { minutes: -600_001 }, '/minutes'],
    ['half a minute', { minutes: 0.5 }, '/minutes'],
    ['no reason', { minutes: 5, reason: ' ' }, '/reason'],
    ['a lot that is none', { minutes: 5, lotId: 'x' }, '/lotId'],
  ])('of %s are refused with a pointer', async (_, { minutes, ...more }: Parsed, pointer) => {
    const steps = await openPackage(instance, team);
    expect(await steps.adjust(minutes, more)).toMatchObject({
      status: 400,
      body: { errors: [expect.objectContaining({ pointer })] },
    });
    await steps.books({ postedMinutes: 600 });
  });

  test('of a lot of another package are refused', async () => {
    const steps = await openPackage(instance, team);
    const other = await openPackage(instance, team);
    const [{ lotId }] = (await other.show()).lots;
    expect(await steps.adjust(5, { lotId })).toMatchObject({ status: 422 });
    await steps.books({ postedMinutes: 600 });
    await other.books({ postedMinutes: 600 });
  });
});

describe('R15 a balance as of then', () => {
  test('as of the instant it was recorded at: each entry’s own balances, and zeros before the opening', async () => {
    const { steps, activityId } = await active();
    instance.clock.advance({ minutes: 10 });
    const { workEntryId } = await steps.worked(activityId, 40);
    instance.clock.advance({ minutes: 10 });
    await team.must(steps.reverse(workEntryId));
    instance.clock.advance({ minutes: 10 });
    await steps.topUp(30);
    const entries = await steps.entries();
    const last = new Map(entries.map((entry) => [entry.recordedAt, entry]));
    expect(last.size).toBeGreaterThan(3);
    for (const [recordedAt, { postedMinutes, heldMinutes, availableMinutes }] of last) {
      const found = await steps.show(`?recordedAsOf=${encodeURIComponent(recordedAt)}`);
      expect(found).toMatchObject({ postedMinutes, heldMinutes, availableMinutes });
      const inRome = recordedAt.replace('Z', '+00:00');
      expect(await steps.show(`?recordedAsOf=${encodeURIComponent(inRome)}`)).toEqual(found);
    }
    const before = new Date(Date.parse(entries[0].recordedAt) - 1).toISOString();
    expect(await steps.show(`?recordedAsOf=${before}`)).toMatchObject({
      grantedMinutes: 0,
      postedMinutes: 0,
      heldMinutes: 0,
      availableMinutes: 0,
    });
    await steps.books({ postedMinutes: 630, heldMinutes: 60 });
  });

  test('as of the day it happened on: late entries and reversals count on the day of the work', async () => {
    const { steps, activityId } = await active();
    instance.clock.advance({ days: 5 });
    const day = (ago: number) => dayOf(instance, -ago);
    const posted = async (ago: number, more = '') =>
      (await steps.show(`?occurredAsOf=${day(ago)}${more}`)).postedMinutes;
    await steps.worked(activityId, 20, { performedOn: day(3) });
    const { workEntryId } = await steps.worked(activityId, 10, { performedOn: day(1) });
    const recorded = (await steps.entries()).at(-1).recordedAt;
    expect([await posted(6), await posted(5), await posted(4)]).toEqual([0, 600, 600]);
    expect([await posted(3), await posted(2), await posted(1), await posted(0)]).toEqual([
      580, 580, 570, 570,
    ]);
    instance.clock.advance({ minutes: 1 });
    await team.must(steps.reverse(workEntryId));
    expect([await posted(3), await posted(1), await posted(0)]).toEqual([580, 580, 580]);
    // As it was known then.
    expect(await posted(0, `&recordedAsOf=${encodeURIComponent(recorded)}`)).toBe(570);
    await steps.books({ postedMinutes: 580, heldMinutes: 40 });
  });

  test.each([
    ['occurredAsOf=2026-02-30', '/occurredAsOf'],
    ['occurredAsOf=ieri', '/occurredAsOf'],
    ['recordedAsOf=2026-11-24', '/recordedAsOf'],
  ])('%s is refused', async (query, pointer) => {
    const steps = await openPackage(instance, team);
    const { status, body } = await team.get(`${steps.path}?${query}`);
    expect(status).toBe(400);
    expect(body.errors).toEqual(expect.arrayContaining([expect.objectContaining({ pointer })]));
  });
});

describe('R15 every number is explained by the entries that make it', () => {
  test('those of the package, and those of each activity', async () => {
    const { steps, activityId } = await active();
    const extra = await steps.approvedExtra('Altro', 90, { urgent: true });
    await steps.worked(activityId, 70);
    await steps.worked(extra, 20);
    const { workEntryId } = await steps.worked(extra, 10);
    await team.must(steps.reverse(workEntryId));
    const [{ overrunId }] = (await steps.show()).overruns;
    await team.must(steps.decideOverrun(overrunId, 'charge'));
    await steps.books({ postedMinutes: 470, heldMinutes: 210 });
    const entries = await steps.entries();
    for (const [id, chargedMinutes] of [
      [activityId, 70],
      [extra, 60],
    ] as const) {
      const own = entries.filter((entry) => entry.activityId === id);
      const explained = own.reduce((sum, { chargedDeltaMinutes }) => sum + chargedDeltaMinutes, 0);
      expect(explained).toBe(chargedMinutes);
      expect(await steps.activity(id)).toMatchObject({ chargedMinutes });
    }
  });

  test('the pages of the entries are the entries; a page too long or a cursor unknown is refused', async () => {
    const { steps, activityId } = await active();
    for (let n = 0; n < 5; n += 1) await steps.worked(activityId, 1);
    const all = await steps.entries();
    const paged: Parsed[] = [];
    let cursor = '';
    do {
      const page = await team.must(team.get(`${steps.path}/entries?limit=3${cursor}`));
      expect(page.items.length).toBeLessThanOrEqual(3);
      paged.push(...page.items);
      cursor = page.nextCursor === null ? '' : `&cursor=${encodeURIComponent(page.nextCursor)}`;
    } while (cursor !== '');
    expect(paged).toEqual(all);
    for (const wrong of ['limit=0', 'limit=201', 'limit=x', 'cursor=altrove']) {
      expect(await team.get(`${steps.path}/entries?${wrong}`)).toMatchObject({ status: 400 });
    }
    await steps.books({ postedMinutes: 595 });
  });

  test('nothing is edited: an entry has no route that changes it', async () => {
    const { steps, activityId } = await active();
    const { workEntryId } = await steps.worked(activityId, 10);
    const path = `${steps.path}/work-entries/${workEntryId}`;
    expect([404, 405]).toContain((await team.patch(path, { minutes: 1 })).status);
    await steps.books({ postedMinutes: 590 });
  });
});
