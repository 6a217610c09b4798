import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { derivedId } from '@monteore/kernel';
import type { Answer, StartedService, Told } from '@monteore/service/testing';
import { type TestDatabase, testDatabase } from '@monteore/testing';
import { estimationStory, idsOf, ledgerStory, peopleStory } from '../testing/package-story.js';
import { startReporting } from '../testing/started-reporting.js';

let database: TestDatabase;
let reporting: StartedService;
let team: string;

beforeAll(async () => {
  database = await testDatabase();
  reporting = await startReporting(database.url);
  team = reporting.token('team-member', derivedId('person', 'teo'));
});
afterAll(async () => {
  await reporting.stop();
  await database.drop();
});

const interleaved = (first: readonly Told[], second: readonly Told[]): Told[] =>
  Array.from({ length: Math.max(first.length, second.length) }).flatMap((_, index) =>
    [first[index], second[index]].filter((told) => told !== undefined),
  );

const boardOf = async (name: string) => {
  const answer = await reporting.get(`/v1/boards/${idsOf(name).packageId}`, team);
  expect(answer.status).toBe(200);
  return answer.body;
};

/** Ids differ from story to story; what the board says must not. */
const withoutIds = (board: unknown, name: string): unknown => {
  let text = JSON.stringify(board).replaceAll(name, 'NAME');
  for (const [word, id] of Object.entries(idsOf(name))) text = text.replaceAll(id, word);
  return JSON.parse(text);
};

describe('R10 the board', () => {
  it('shows every column, the four balances, lots, what waits for hours apart, overruns', async () => {
    await reporting.publish(
      ...peopleStory('tutto').told,
      ...ledgerStory('tutto').told,
      ...estimationStory('tutto').told,
    );
    const ids = idsOf('tutto');
    const board = await boardOf('tutto');
    expect(board).toMatchObject({
      packageId: ids.packageId,
      name: 'Pacchetto tutto',
      referent: 'lucia@agenzia.example',
      status: 'open',
      openedOn: '2026-03-02',
      policy: { urgentMultiplier: 3 },
      balances: {
        grantedMinutes: 600,
        chargedMinutes: 120,
        postedMinutes: 480,
        heldMinutes: 30,
        availableMinutes: 450,
        pendingMinutes: 90,
      },
      lots: [{ lotId: 'lot-1', minutes: 600, expiresOn: '2026-12-31', state: 'open' }],
    });
    expect(board.activities.map((activity: { displayTitle: string }) => activity.displayTitle)).toEqual([
      'Nuovo banner',
      'Formazione',
      'Refuso (extra)',
    ]);
    expect(board.activities[0]).toEqual({
      activityId: ids.banner,
      packageId: ids.packageId,
      number: 1,
      title: 'Nuovo banner',
      displayTitle: 'Nuovo banner',
      origin: 'agreed',
      kind: 'site-assistance',
      urgent: false,
      approval: 'approved',
      workStatus: 'in-progress',
      state: 'active',
      estimate: { version: 1, minutes: 120, multiplier: 1, weightedMinutes: 120 },
      versionInForce: 1,
      due: { date: '2026-03-20', firmness: 'rigid' },
      decidedBy: { name: 'lucia@agenzia.example', role: 'referent', onBehalfOf: 'Anna' },
      decidedAt: '2026-03-02T09:00:00.000Z',
      unfinished: false,
      assignee: 'lucia@agenzia.example',
      heldMinutes: 0,
      actualMinutes: 150,
      chargedMinutes: 120,
      overrunMinutes: 30,
    });
    expect(board.overruns).toEqual([
      {
        overrunId: ids.overrun,
        activityId: ids.banner,
        displayTitle: 'Nuovo banner',
        workEntryId: 'w-5',
        occurredOn: '2026-03-03',
        minutes: 30,
        state: 'open',
      },
    ]);
  });

  it('R3 keeps a gated extra apart from the activities until the gate lets it through, and then for ever', async () => {
    const ids = idsOf('cancello');
    const estimation = estimationStory('cancello');
    await reporting.publish(...ledgerStory('cancello').told, ...estimation.told);
    const before = await boardOf('cancello');
    expect(before.activities.map((row: { activityId: string }) => row.activityId)).not.toContain(ids.gated);
    expect(before.waitingForHours).toMatchObject([
      { activityId: ids.gated, displayTitle: 'Nuovo sito (extra)', onBoard: false, missingMinutes: 450 },
    ]);
    const told = estimation.told.length;
    estimation.says('DecisionAsked', ids.gated, { decisionAsked: true, state: 'waiting-for-decision' }).says(
      'ActivityWaitingForHours',
      ids.gated,
      { decisionAsked: false, state: 'waiting-for-hours' },
      {
        version: 2,
        missingMinutes: 10,
      },
    );
    await reporting.publish(...estimation.told.slice(told));
    const after = await boardOf('cancello');
    expect(after.activities.map((row: { activityId: string }) => row.activityId)).toContain(ids.gated);
    expect(after.waitingForHours).toMatchObject([
      { activityId: ids.gated, onBoard: true, missingMinutes: 10 },
    ]);
  });

  it('R3 keeps an extra that nobody has estimated apart, too', async () => {
    const ids = idsOf('preparazione');
    const estimation = estimationStory('preparazione');
    const newcomer = derivedId('activity', 'newcomer');
    estimation.says('ActivityProposed', newcomer, { origin: 'extra', displayTitle: 'Nuova (extra)' });
    await reporting.publish(...ledgerStory('preparazione').told, ...estimation.told);
    const board = await boardOf('preparazione');
    expect(board.inPreparation).toMatchObject([{ activityId: newcomer, state: 'to-estimate' }]);
    expect(board.activities).toHaveLength(3);
    expect(board.waitingForHours).toMatchObject([{ activityId: ids.gated }]);
  });

  it('is the same whichever topic came first, and however often', async () => {
    const both = (name: string) => [ledgerStory(name).told, estimationStory(name).told] as const;
    const orders: Record<string, (name: string) => Told[]> = {
      'ledger-first': (name) => both(name).flat(),
      'estimation-first': (name) => [...both(name)].reverse().flat(),
      interleaved: (name) => interleaved(...both(name)),
      repeated: (name) => [
        ...both(name).flat(),
        ...both(name)[1],
        ...both(name)[0].slice(3),
        ...both(name)[0],
      ],
    };
    const boards = [];
    for (const [name, order] of Object.entries(orders)) {
      await reporting.publish(...peopleStory(name).told.slice(1), ...order(name));
      boards.push(withoutIds(await boardOf(name), name));
    }
    expect(boards[0]).toMatchObject({ balances: { availableMinutes: 450, pendingMinutes: 90 } });
    for (const board of boards) expect(board).toEqual(boards[0]);
  });

  it('tells an unchanged board by its tag', async () => {
    const { packageId } = idsOf('tutto');
    const first = await reporting.get(`/v1/boards/${packageId}`, team);
    const etag = String(first.headers.etag);
    const again = await reporting.get(`/v1/boards/${packageId}`, team, { 'if-none-match': etag });
    expect([again.status, again.text]).toEqual([304, '']);
    await reporting.publish(
      ...peopleStory('tutto')
        .knows({ personId: idsOf('tutto').approverId, kind: 'contact', name: 'Anna Rossi' })
        .told.slice(4),
    );
    const renamed = await reporting.get(`/v1/boards/${packageId}`, team, { 'if-none-match': etag });
    expect(renamed.status).toBe(200);
    expect(renamed.body.activities[0].decidedBy.onBehalfOf).toBe('Anna Rossi');
  });

  it('tells the story of one activity: decisions and movements', async () => {
    const ids = idsOf('tutto');
    const { body } = await reporting.get(`/v1/boards/${ids.packageId}/activities/${ids.banner}`, team);
    expect(body.story.map((line: { type: string }) => line.type)).toEqual([
      'ActivityProposed',
      'EstimateSubmitted',
      'DecisionAsked',
      'EstimateApproved',
      'ActivityActivated',
      'WorkStatusChanged',
    ]);
    expect(body.story[1].estimate).toMatchObject({ minutes: 120, assignee: 'lucia@agenzia.example' });
    expect(body.story[3].decidedBy).toMatchObject({ onBehalfOf: 'Anna Rossi' });
    expect(body.movements.map((row: { type: string }) => row.type)).toEqual([
      'HoursReserved',
      'WorkCharged',
      'WorkCharged',
      'OverrunRecorded',
    ]);
    expect(body.movements[1]).toMatchObject({
      actualMinutes: 60,
      chargedDeltaMinutes: 60,
      performedBy: 'lucia@agenzia.example',
    });
  });
});

describe('R17 who may see a board', () => {
  it('gives a contact its own packages and the same 404 for foreign and unknown ones', async () => {
    await reporting.publish(...ledgerStory('loro').told, ...estimationStory('loro').told);
    const viewer = reporting.token('viewer', idsOf('loro').viewerId);
    expect((await reporting.get(`/v1/boards/${idsOf('loro').packageId}`, viewer)).status).toBe(200);
    const paths = ['', '/export.xlsx', '/events', `/activities/${idsOf('tutto').banner}`];
    const ask = (packageId: string) =>
      Promise.all(paths.map((path) => reporting.get(`/v1/boards/${packageId}${path}`, viewer)));
    const [foreign, unknown] = await Promise.all([ask(idsOf('tutto').packageId), ask(derivedId('nothing'))]);
    const told = (answers: readonly Answer[]) =>
      answers.map(({ status, body }) => [status, { ...body, traceId: '' }]);
    expect(told(foreign)).toEqual(told(unknown));
    expect(foreign.map(({ status, body }) => [status, body.code])).toEqual(
      paths.map(() => [404, 'reporting.not-found']),
    );
    const list = await reporting.get('/v1/boards', viewer);
    expect(list.body.items.map((item: { name: string }) => item.name)).toEqual(['Pacchetto loro']);
  });

  it('does not show an activity through another package that one may see', async () => {
    const viewer = reporting.token('viewer', idsOf('loro').viewerId);
    const answer = await reporting.get(
      `/v1/boards/${idsOf('loro').packageId}/activities/${idsOf('tutto').banner}`,
      viewer,
    );
    expect(answer.status).toBe(404);
  });

  it('asks for a token, and of a machine for the scope', async () => {
    const { packageId } = idsOf('tutto');
    expect((await reporting.get(`/v1/boards/${packageId}`)).status).toBe(401);
    const status = async (scopes: string[]) =>
      (await reporting.get(`/v1/boards/${packageId}`, reporting.token('machine', 'tracker', scopes))).status;
    expect(await status(['ledger:write'])).toBe(403);
    expect(await status(['reporting:read'])).toBe(200);
    expect((await reporting.get(`/v1/boards/${packageId}`, reporting.token('auditor', 'aud'))).status).toBe(
      200,
    );
  });

  it('forgets a contact that was made inactive', async () => {
    const ids = idsOf('fuori');
    const ledger = ledgerStory('fuori');
    const told = ledger.told.length;
    ledger.contact(ids.viewerId, ['viewer'], 'en', false);
    await reporting.publish(...ledger.told.slice(0, told));
    const viewer = reporting.token('viewer', ids.viewerId);
    expect((await reporting.get(`/v1/boards/${ids.packageId}`, viewer)).status).toBe(200);
    await reporting.publish(...ledger.told.slice(told));
    expect((await reporting.get(`/v1/boards/${ids.packageId}`, viewer)).status).toBe(404);
    expect((await reporting.get('/v1/boards', viewer)).body.items).toEqual([]);
  });
});

describe('Freshness', () => {
  it('waits for a package that another service has just opened', async () => {
    const { packageId } = idsOf('appena');
    const asked = reporting.get(`/v1/boards/${packageId}`, team);
    await reporting.publish(...ledgerStory('appena').told);
    expect((await asked).status).toBe(200);
  });
});

describe('The list of boards', () => {
  it('gives every package once, page by page, by name', async () => {
    const names: string[] = [];
    let cursor = '';
    do {
      const { body } = await reporting.get(`/v1/boards?limit=3${cursor}`, team);
      expect(body.items.length).toBeLessThanOrEqual(3);
      names.push(...body.items.map((item: { name: string }) => item.name));
      cursor = body.nextCursor === null ? '' : `&cursor=${body.nextCursor}`;
    } while (cursor !== '');
    expect(names).toEqual([...new Set(names)]);
    expect(names.length).toBeGreaterThan(9);
    expect(names).toContain('Pacchetto tutto');
  });

  it('says what waits for whom', async () => {
    const viewer = reporting.token('viewer', idsOf('loro').viewerId);
    const { body } = await reporting.get('/v1/boards', viewer);
    expect(body.items[0]).toMatchObject({
      decisionsWaiting: 1,
      waitingForHours: 1,
      openOverruns: 1,
      balances: { availableMinutes: 450, pendingMinutes: 90 },
    });
  });

  it('can be asked by client and by status', async () => {
    const { clientId, packageId } = idsOf('loro');
    const idsAt = async (query: string) =>
      (await reporting.get(`/v1/boards?limit=200&${query}`, team)).body.items.map(
        (item: { packageId: string }) => item.packageId,
      );
    expect(await idsAt(`clientId=${clientId}`)).toEqual([packageId]);
    expect(await idsAt(`clientId=${clientId}&status=closed`)).toEqual([]);
    expect(await idsAt('status=open')).toContain(packageId);
  });

  it.each(['limit=0', 'limit=201', 'cursor=x', 'status=lost', 'cursor=W10'])('refuses %s', async (query) => {
    expect((await reporting.get(`/v1/boards?${query}`, team)).status).toBe(400);
  });
});
