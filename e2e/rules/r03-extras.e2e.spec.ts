import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import {
  APPROVER,
  dayOf,
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

describe('R3 minor and major', () => {
  test('up to 30 minutes, inclusive, it starts by itself from the available hours, and the client is told', async () => {
    const steps = await openPackage(instance, team);
    const activityId = await steps.extra('Cambio foto');
    const answer = await steps.estimate(activityId, 30);
    expect(answer).toMatchObject({
      status: 201,
      body: { version: 1, weightedMinutes: 30, path: 'automatic' },
    });
    expect(await steps.activity(activityId)).toMatchObject({
      origin: 'extra',
      title: 'Cambio foto',
      displayTitle: 'Cambio foto (extra)',
      approval: 'automatic',
      state: 'active',
      versionInForce: 1,
    });
    await steps.books({ heldMinutes: 30, availableMinutes: 570, pendingMinutes: 0 });
    expect((await steps.mail('Attività avviata')).subject).toContain('Cambio foto (extra)');
    expect((await steps.board()).activities).toMatchObject([
      { displayTitle: 'Cambio foto (extra)', approval: 'automatic', heldMinutes: 30 },
    ]);
  });

  test('with 31 minutes the client is asked, and nothing is set aside until it confirms', async () => {
    const steps = await openPackage(instance, team);
    const { activityId, path } = await steps.estimatedExtra('Nuova pagina', 31);
    expect(path).toBe('decision');
    await steps.books({ heldMinutes: 0, pendingMinutes: 31 });
    expect(await steps.approve(activityId)).toMatchObject({ approval: 'approved', outcome: 'reserved' });
    await steps.books({ heldMinutes: 31, pendingMinutes: 0 });
  });

  test('the threshold is the package’s own', async () => {
    const steps = await openPackage(instance, team, { policy: { minorUpToMinutes: 45 } });
    expect(await steps.estimatedExtra('Quarantacinque', 45)).toMatchObject({ path: 'automatic' });
    expect(await steps.estimatedExtra('Quarantasei', 46)).toMatchObject({ path: 'decision' });
    await steps.books({ heldMinutes: 45, pendingMinutes: 46 });
  });

  test('all extras of one request are looked at together: the one that carries their sum over 30 asks', async () => {
    const contacts = [{ ...APPROVER, roles: ['approver', 'requester'] }];
    const steps = await openPackage(instance, team, { contacts });
    const request = {
      packageId: steps.packageId,
      fromEmail: steps.approver.email,
      subject: 'Foto',
      text: 'Foto.',
    };
    const { requestId } = await team.must(team.post('/intake/v1/requests', request));
    expect(await steps.estimatedExtra('Prima', 20, { requestId })).toMatchObject({ path: 'automatic' });
    expect(await steps.estimatedExtra('Seconda', 10, { requestId })).toMatchObject({ path: 'automatic' });
    expect(await steps.estimatedExtra('Terza', 1, { requestId })).toMatchObject({ path: 'decision' });
    const other = await team.must(team.post('/intake/v1/requests', { ...request, subject: 'Altro' }));
    expect(await steps.estimatedExtra('Altrove', 30, other)).toMatchObject({ path: 'automatic' });
    await steps.books({ heldMinutes: 60, pendingMinutes: 1 });
  });

  test('one that the client was asked about, or rejected, never starts by itself', async () => {
    const steps = await openPackage(instance, team);
    const { activityId: asked } = await steps.estimatedExtra('Chiesta', 60);
    expect((await steps.estimate(asked, 10)).body).toMatchObject({ version: 2, path: 'decision' });
    const { activityId: rejected } = await steps.estimatedExtra('Rifiutata', 60);
    await team.must(steps.decide(rejected, 1, 'reject', { reason: 'troppo' }));
    expect((await steps.estimate(rejected, 10)).body).toMatchObject({ version: 2, path: 'decision' });
    await steps.books({ heldMinutes: 0, pendingMinutes: 20 });
  });
});

describe('R3 the warning of a major extra', () => {
  test('names what is available, what it takes, what would be left, and which agreed activities would no longer fit', async () => {
    const due = (days: number) => ({ date: dayOf(instance, days), firmness: 'flexible' as const });
    const steps = await openPackage(instance, team, {
      minutes: 400,
      agreed: [
        { title: 'Ultima', minutes: 90, due: due(40) },
        { title: 'Con prenotazione', minutes: 100, due: due(50) },
        { title: 'Prima', minutes: 60, due: due(10) },
        { title: 'Seconda', minutes: 120, due: due(20) },
        { title: 'Non ci stava già', minutes: 300, due: due(60) },
      ],
    });
    await steps.approve(await steps.agreed('Con prenotazione'));
    await steps.books({ availableMinutes: 300 });
    // By due date: 60, 180, 270 of 300 fit today, 570 does not; of 150 that would be left only the first.
    await steps.estimatedExtra('Grande', 150);
    const mail = await steps.mail('Conferma necessaria: Grande (extra)');
    expect(mail.text).toContain('potrebbe successivamente risultare non sufficiente');
    expect(mail.text).toMatch(/Ore disponibili ora: 5 h\b/);
    expect(mail.text).toMatch(/Tempo stimato: 2 h 30 min/);
    expect(mail.text).toMatch(/Ore che resterebbero: 2 h 30 min/);
    const named = [...mail.text.matchAll(/Non rientrerebbe più nelle ore: ([^(\n]+) \(/g)].map(
      ([, title]) => title,
    );
    expect(named).toEqual(['Seconda', 'Ultima']);
    await steps.books({ pendingMinutes: 90 + 60 + 120 + 300 + 150 });
  });

  test('in English for those who read English', async () => {
    const steps = await openPackage(instance, team, { language: 'en', minutes: 100 });
    await steps.estimatedExtra('Landing page', 70);
    const mail = await steps.mail('Landing page (extra)');
    expect(mail.text).toContain('Hours available now: 1 h 40 min');
    expect(mail.text).toMatch(/left[^\n]*: 30 min/);
    await steps.books({ pendingMinutes: 70 });
  });
});

describe('R3 the entry gate', () => {
  test('an extra that does not fit waits apart from the board, and the client is told what is missing and how to top up', async () => {
    const steps = await openPackage(instance, team, { minutes: 60 });
    const { activityId, path } = await steps.estimatedExtra('Grande', 61);
    expect(path).toBe('waiting-for-hours');
    expect(await steps.activity(activityId)).toMatchObject({
      state: 'waiting-for-hours',
      approval: 'waiting',
    });
    await steps.books({ availableMinutes: 60, pendingMinutes: 0 });
    const board = await eventually(async () => {
      const shown = await steps.board();
      return shown.waitingForHours.length > 0 ? shown : null;
    });
    expect(board.activities).toEqual([]);
    expect(board.waitingForHours).toMatchObject([
      { activityId, displayTitle: 'Grande (extra)', missingMinutes: 1 },
    ]);
    const mail = await steps.mail('Ore insufficienti: Grande (extra)');
    expect(mail.text).toMatch(/Ore mancanti: 1 min/);
    expect(mail.text).toMatch(/aggiungere ore|ricaric/i);
  });

  test('it looks at weighted minutes', async () => {
    const steps = await openPackage(instance, team, { minutes: 100 });
    expect(await steps.estimatedExtra('Urgente', 34, { urgent: true })).toMatchObject({
      path: 'waiting-for-hours',
    });
    expect(await steps.estimatedExtra('Urgente ma ci sta', 33, { urgent: true })).toMatchObject({
      path: 'decision',
    });
    await steps.books({ heldMinutes: 0, pendingMinutes: 99 });
  });

  test('what waits cannot be decided yet', async () => {
    const steps = await openPackage(instance, team, { minutes: 60 });
    const { activityId } = await steps.estimatedExtra('Grande', 61);
    expect(await steps.decide(activityId, 1, 'approve')).toMatchObject({
      status: 409,
      body: { code: 'estimation.not-asked' },
    });
    await steps.books({ heldMinutes: 0 });
  });

  interface Held {
    readonly steps: PackageSteps;
    readonly activityId: string;
    readonly workEntryId: string;
  }

  test.each([
    ['a top-up', ({ steps }: Held) => steps.topUp(50)],
    ['a release', ({ steps, activityId }: Held) => steps.workStatus(activityId, 'done')],
    ['a cancelled activity', ({ steps, activityId }: Held) => steps.workStatus(activityId, 'cancelled')],
    [
      'a reversal',
      async ({ steps, workEntryId, activityId }: Held) => {
        await steps.workStatus(activityId, 'done');
        await steps.reverse(workEntryId);
      },
    ],
    ['an adjustment', ({ steps }: Held) => steps.adjust(50)],
    [
      'an overdraft that is allowed from now on',
      ({ steps }: Held) => steps.changePolicy({ overdraftMinutes: 50 }),
    ],
  ])('it is offered again by itself after %s', async (name, raise) => {
    const steps = await openPackage(instance, team, { minutes: 120 });
    const activityId = await steps.approvedExtra('Occupa', 100);
    const { workEntryId } = await steps.worked(activityId, 50);
    const wanted = name === 'a reversal' ? 71 : 60;
    const { activityId: waiting, path } = await steps.estimatedExtra('Attende', wanted);
    expect(path).toBe('waiting-for-hours');
    await raise({ steps, activityId, workEntryId });
    await steps.activityIn(waiting, 'waiting-for-decision');
    await steps.mail('Conferma necessaria: Attende (extra)');
    expect(await steps.approve(waiting)).toMatchObject({ outcome: 'reserved' });
    await steps.books({ pendingMinutes: 0 });
  });

  test('oldest first, all that fit, minor ones reserving in that order', async () => {
    const steps = await openPackage(instance, team, { minutes: 10 });
    const wanted = [
      ['Prima grande', 200],
      ['Seconda minore', 30],
      ['Terza grande', 40],
      ['Quarta minore', 20],
      ['Quinta minore', 25],
    ] as const;
    const ids: string[] = [];
    for (const [title, minutes] of wanted) {
      const { activityId, path } = await steps.estimatedExtra(title, minutes);
      expect(path).toBe('waiting-for-hours');
      ids.push(activityId);
    }
    // 65: the first does not fit; the second takes 30; the third is offered (35 < 40: not); the fourth takes 20.
    await steps.topUp(55);
    await steps.activityIn(ids[1]!, 'active');
    await steps.activityIn(ids[3]!, 'active');
    await steps.books({ heldMinutes: 50, availableMinutes: 15, pendingMinutes: 0 });
    for (const place of [0, 2, 4])
      expect((await steps.activity(ids[place]!)).state).toBe('waiting-for-hours');
    // 45: the third is offered, which sets nothing aside; the fifth takes 25.
    await steps.topUp(30);
    await steps.activityIn(ids[4]!, 'active');
    await steps.activityIn(ids[2]!, 'waiting-for-decision');
    await steps.books({ heldMinutes: 75, availableMinutes: 20, pendingMinutes: 40 });
    expect((await steps.activity(ids[0]!)).state).toBe('waiting-for-hours');
  });
});
