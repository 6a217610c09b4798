import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { addDays, endOfDay, localDateOf } from '@monteore/calendar';
import {
  dayOf,
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

/** The lots as [minutes left, minutes held, state], in the order of their coming. */
const lotsOf = async (steps: PackageSteps): Promise<[number, number, string][]> =>
  (await steps.show()).lots.map((lot: Parsed) => [lot.remainingMinutes, lot.heldMinutes, lot.state]);

const entriesOf = async (steps: PackageSteps, type: string): Promise<Parsed[]> =>
  (await steps.entries()).filter((entry) => entry.type === type);

/** To the last moment of a day in Rome that leaves so many milliseconds of it. */
const moveBefore = (day: string, milliseconds: number): void =>
  instance.clock.moveTo(new Date(Date.parse(endOfDay(day)) - milliseconds).toISOString());

const expired = (steps: PackageSteps) =>
  eventually(async () => (await entriesOf(steps, 'LotExpired'))[0], 'the expiry');

describe('R13 from which lots hours are drawn', () => {
  test('from the one that expires first, then from the oldest; those without expiry last', async () => {
    const steps = await openPackage(instance, team, { minutes: 50, policy: { toleranceMinutes: 600 } });
    await steps.topUp(50, { expiresOn: dayOf(instance, 40) });
    await steps.topUp(50, { expiresOn: dayOf(instance, 10) });
    await steps.topUp(50, { expiresOn: dayOf(instance, 40) });
    await steps.topUp(50);
    const activityId = await steps.approvedExtra('Lotti', 60);
    expect(await lotsOf(steps)).toEqual([
      [50, 0, 'open'],
      [50, 10, 'open'],
      [50, 50, 'open'],
      [50, 0, 'open'],
      [50, 0, 'open'],
    ]);
    await steps.worked(activityId, 55);
    expect((await lotsOf(steps)).map(([left]) => left)).toEqual([50, 45, 0, 50, 50]);
    // 5 of the hold, 40 beside it in the first of those that expire later, 50 in the second, 15 in the oldest.
    await steps.worked(activityId, 110);
    expect((await lotsOf(steps)).map(([left]) => left)).toEqual([35, 0, 0, 0, 50]);
    await steps.books({ postedMinutes: 85, heldMinutes: 0 });
  });

  test('a hold’s charges draw from its own lots, also when one that expires sooner came after it', async () => {
    const steps = await openPackage(instance, team, { minutes: 100 });
    const activityId = await steps.approvedExtra('Lotti', 60);
    await steps.topUp(100, { expiresOn: dayOf(instance, 5) });
    await steps.worked(activityId, 60);
    expect(await lotsOf(steps)).toEqual([
      [40, 0, 'open'],
      [100, 0, 'open'],
    ]);
    await steps.books({ postedMinutes: 140 });
  });
});

describe('R13 the end of a lot’s last day', () => {
  test('it loses what is neither charged nor held, by itself', async () => {
    const expiresOn = dayOf(instance, 2);
    const steps = await openPackage(instance, team, { minutes: 200, expiresOn });
    const activityId = await steps.approvedExtra('Scadenza', 60);
    await steps.worked(activityId, 20);
    moveBefore(expiresOn, 60_000);
    await steps.books({ postedMinutes: 180, heldMinutes: 40, availableMinutes: 140 });
    instance.clock.advance({ minutes: 2 });
    const entry = await expired(steps);
    expect(entry).toMatchObject({ occurredOn: expiresOn, postedDeltaMinutes: -140, heldDeltaMinutes: 0 });
    await steps.books({ postedMinutes: 40, heldMinutes: 40, availableMinutes: 0 });
    // What is held stays until its activity ends, and what that frees expires with it.
    expect(await steps.worked(activityId, 10)).toMatchObject({ chargedMinutes: 10 });
    await steps.workStatus(activityId, 'done');
    await steps.holds(0);
    await steps.books({ postedMinutes: 0, heldMinutes: 0, availableMinutes: 0 });
    expect(await lotsOf(steps)).toEqual([[0, 0, 'expired']]);
  });

  test('a command that comes after it writes the expiry first, whenever a timer runs', async () => {
    const expiresOn = dayOf(instance, 1);
    const steps = await openPackage(instance, team, { minutes: 100, expiresOn });
    const { activityId } = await steps.estimatedExtra('In attesa', 150);
    moveBefore(expiresOn, 0);
    await steps.topUp(50);
    const types = (await steps.entries()).map(({ type }) => type);
    expect(types.slice(types.indexOf('LotExpired'))).toEqual(['LotExpired', 'LotAdded']);
    await steps.books({ grantedMinutes: 150, postedMinutes: 50, availableMinutes: 50 });
    expect((await steps.activity(activityId)).state).toBe('waiting-for-hours');
  });

  test('work that crosses midnight: until then from the lot, from then on not, whatever day it was done on', async () => {
    const expiresOn = dayOf(instance, 1);
    const steps = await openPackage(instance, team, {
      minutes: 500,
      expiresOn,
      policy: { toleranceMinutes: 600 },
    });
    const { activityId } = await steps.estimatedExtra('Notte', 1);
    await steps.activityIn(activityId, 'active');
    await steps.worked(activityId, 1);
    moveBefore(expiresOn, 400);
    const midnight = Date.parse(endOfDay(expiresOn));
    const answers: Parsed[] = [];
    while (instance.clock.now().getTime() < midnight + 300) {
      answers.push(await steps.worked(activityId, 1, { performedOn: expiresOn }));
    }
    const entries = await steps.entries();
    const place = entries.findIndex(({ type }) => type === 'LotExpired');
    expect(entries.filter(({ type }) => type === 'LotExpired')).toHaveLength(1);
    const charges = (list: Parsed[]) =>
      list
        .filter(({ type, facts }) => type === 'WorkCharged' && facts.actualMinutes === 1)
        .map(({ facts }) => facts);
    const before = charges(entries.slice(0, place));
    const after = charges(entries.slice(place));
    expect(before.length).toBeGreaterThan(1);
    expect(after.length).toBeGreaterThan(1);
    expect(before.length + after.length).toBe(answers.length + 1);
    expect(new Set(before.map(({ chargedMinutes }) => chargedMinutes))).toEqual(new Set([1]));
    expect(new Set(after.map(({ chargedMinutes }) => chargedMinutes))).toEqual(new Set([0]));
    for (const { type, recordedAt } of entries) {
      if (type !== 'WorkCharged') continue;
      const index = entries.findIndex((entry) => entry.recordedAt === recordedAt && entry.type === type);
      expect(Date.parse(recordedAt) < midnight).toBe(index < place);
    }
    await steps.books({ postedMinutes: 0, availableMinutes: 0 });
  });

  test('a lot whose last day is today still counts', async () => {
    const steps = await openPackage(instance, team, { minutes: 100, expiresOn: dayOf(instance) });
    await steps.approvedExtra('Oggi', 60);
    await steps.books({ postedMinutes: 100, heldMinutes: 60 });
  });

  test('R15 a reversal after it, of what is over, comes back as a lot without expiry', async () => {
    const expiresOn = dayOf(instance, 1);
    const steps = await openPackage(instance, team, { minutes: 100, expiresOn });
    const activityId = await steps.approvedExtra('Errore', 60);
    const { workEntryId } = await steps.worked(activityId, 60);
    await steps.workStatus(activityId, 'done');
    await steps.activityIn(activityId, 'done');
    moveBefore(expiresOn, 0);
    await expired(steps);
    await steps.books({ postedMinutes: 0 });
    await team.must(steps.reverse(workEntryId));
    await steps.books({ postedMinutes: 60, availableMinutes: 60 });
    const { lots } = await steps.show();
    expect(lots.at(-1)).toMatchObject({ origin: 'reversal', remainingMinutes: 60, state: 'open' });
    expect(lots.at(-1)).not.toHaveProperty('expiresOn');
  });
});

describe('R13 an expiry is announced', () => {
  test('30 and 7 days before, to approvers and referent, each once', async () => {
    const expiresOn = dayOf(instance, 33);
    const steps = await openPackage(instance, team, { minutes: 100, expiresOn });
    await steps.approvedExtra('Avviso', 40);
    const { referent } = await steps.show();
    const announced = (count: number) =>
      eventually(
        async () => (await steps.mailsSoFar('Ore in scadenza')).length === count,
        `${count} announcements`,
      );
    const noonBefore = (days: number): void =>
      instance.clock.moveTo(`${addDays(expiresOn, -days)}T11:00:00Z`);
    noonBefore(31);
    await steps.books({ heldMinutes: 40 });
    await announced(0);
    noonBefore(30);
    const mail = await steps.mail('Ore in scadenza');
    expect(mail.text).toMatch(/perse oggi: 1 h\b/);
    expect(mail.text).toMatch(/prenotate[^\n]*: 40 min/);
    await instance.outbox.mail(
      'the referent’s',
      ({ to, subject }) => to === referent && subject.includes('Ore in scadenza'),
    );
    await announced(1);
    noonBefore(8);
    await steps.books();
    await announced(1);
    noonBefore(7);
    await announced(2);
    const days = (await steps.mailsSoFar('Ore in scadenza')).map(({ parsed }) =>
      localDateOf(parsed.date!.toISOString()),
    );
    expect(days.sort()).toEqual([addDays(expiresOn, -30), addDays(expiresOn, -7)]);
    await steps.books({ postedMinutes: 100 });
  });
});
