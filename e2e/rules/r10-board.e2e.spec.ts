import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { dayOf, eventually, type Instance, type Parsed, startInstance } from '../harness/index.ts';
import { type Client, Desk, type Opened } from './desk.ts';

jest.setTimeout(30_000);

let instance: Instance;
let desk: Desk;
let client: Client;
let opened: Opened;
let rigidId: string;
let flexibleId: string;

beforeAll(async () => {
  instance = await startInstance({ clock: true });
  desk = await Desk.of(instance);
  client = await desk.client();
  opened = await desk.package(client, {
    expiresOn: dayOf(instance, 200),
    agreed: [
      { title: 'Con data rigida', minutes: 60, due: { date: dayOf(instance, 30), firmness: 'rigid' } },
      { title: 'Con data flessibile', minutes: 60 },
    ],
  });
  rigidId = await opened.steps.agreed('Con data rigida');
  flexibleId = await opened.steps.agreed('Con data flessibile');
}, 90_000);

afterAll(() => instance?.stop());

/** What api.md names of an estimate, and of the activity around it. */
const numbersOf = ({ estimate: { version, minutes, multiplier, weightedMinutes } }: Parsed) => ({
  version,
  minutes,
  multiplier,
  weightedMinutes,
});
const COLUMNS = [
  ...[
    'activityId',
    'packageId',
    'title',
    'displayTitle',
    'origin',
    'kind',
    'urgent',
    'approval',
    'workStatus',
  ],
  ...['assignee', 'due', 'heldMinutes', 'actualMinutes', 'chargedMinutes', 'overrunMinutes', 'state'],
];
const columnsOf = (activity: Parsed) => {
  for (const name of COLUMNS) expect(activity).toHaveProperty(name);
  return {
    ...Object.fromEntries(COLUMNS.map((name) => [name, activity[name]])),
    estimate: numbersOf(activity),
  };
};

const onBoard = (activityId: string, having: Parsed): Promise<Parsed> =>
  eventually(
    async () => {
      const { activities } = await opened.steps.board();
      const row = activities.find((activity: Parsed) => activity.activityId === activityId);
      return Object.entries(having).every(([name, value]) => row?.[name] === value) ? row : null;
    },
    `${JSON.stringify(having)} on the board`,
  );

describe('R10 the board', () => {
  test('shows the same activity as estimation, with every column, to each of the contacts', async () => {
    await opened.steps.approve(flexibleId);
    await opened.steps.worked(flexibleId, 25);
    const extra = await opened.steps.estimatedExtra('Refuso', 20);
    await opened.steps.workStatus(flexibleId, 'waiting-for-client');
    await onBoard(flexibleId, { workStatus: 'waiting-for-client', actualMinutes: 25 });
    await onBoard(extra.activityId, { state: 'active', heldMinutes: 20 });
    // People come on a topic of their own, which may be behind.
    for (const { activityId, assignee } of await opened.steps.activities())
      await onBoard(activityId, { assignee });
    for (const role of ['approver', 'requester', 'viewer'] as const) {
      const reader = await desk.as(role, client[role]);
      const board = await reader.must(reader.get(`/reporting/v1/boards/${opened.packageId}`));
      expect(board).toMatchObject({ status: 'open', waitingForHours: [], overruns: [] });
      expect(board.lots).toMatchObject([{ minutes: 1200, expiresOn: dayOf(instance, 200), state: 'open' }]);
      for (const row of board.activities) {
        const owned = await reader.must(reader.get(`/estimation/v1/activities/${row.activityId}`));
        expect({ ...row, estimate: numbersOf(row) }).toMatchObject(columnsOf(owned));
      }
      expect(board.activities.map(({ displayTitle }: Parsed) => displayTitle)).toEqual([
        'Con data rigida',
        'Con data flessibile',
        'Refuso (extra)',
      ]);
      expect(board.activities.map(({ due }: Parsed) => due.firmness)).toEqual([
        'rigid',
        'flexible',
        'flexible',
      ]);
    }
    await opened.steps.books({ heldMinutes: 55, postedMinutes: 1175, pendingMinutes: 60 });
  });

  test('a flexible date that moves and another person in charge are no new version; the client is told', async () => {
    const before = await opened.steps.activity(flexibleId);
    const date = dayOf(instance, 90);
    const path = `/estimation/v1/activities/${flexibleId}`;
    expect((await desk.team.post(`${path}/due-date`, { date })).body).toMatchObject({
      status: 400,
      errors: [{ pointer: '/reason' }],
    });
    await desk.team.must(desk.team.post(`${path}/due-date`, { date, reason: 'attendiamo le foto' }));
    await desk.team.must(desk.team.post(`${path}/assignee`, { assignee: 'grafica@agenzia.example' }));
    const after = await opened.steps.activity(flexibleId);
    expect(numbersOf(after)).toEqual(numbersOf(before));
    expect([after.due, after.approval]).toEqual([{ date, firmness: 'flexible' }, 'approved']);
    await onBoard(flexibleId, { assignee: after.assignee });
    const moved = await desk.mailTo(client.approver.email, /Nuova data: Con data flessibile/);
    expect(moved.text).toContain('attendiamo le foto');
    const reassigned = await desk.mailTo(
      client.approver.email,
      /Nuova persona in carico: Con data flessibile/,
    );
    expect(reassigned.text).toContain('grafica@agenzia.example');
  });

  test('a rigid date does not move, nor does it become flexible, without a decision', async () => {
    const path = `/estimation/v1/activities/${rigidId}`;
    const before = await opened.steps.activity(rigidId);
    const change = { date: dayOf(instance, 90), reason: 'ritardo' };
    for (const body of [
      change,
      { ...change, firmness: 'flexible' },
      { ...change, date: before.due.date, firmness: 'flexible' },
    ])
      expect((await desk.team.post(`${path}/due-date`, body)).status).toBe(409);
    expect((await opened.steps.activity(rigidId)).due).toEqual(before.due);
    await opened.steps.approve(rigidId);
    const due = { date: change.date, firmness: 'flexible' };
    const { version, path: asked } = await desk.team.must(opened.steps.estimate(rigidId, 60, { due }));
    expect([version, asked]).toEqual([2, 'decision']);
    const waiting = await opened.steps.activity(rigidId);
    expect([waiting.versionInForce, waiting.heldMinutes]).toEqual([1, 60]);
    await opened.steps.approve(rigidId, 2);
    expect((await opened.steps.activity(rigidId)).due).toEqual(due);
    await opened.steps.books({ heldMinutes: 115, pendingMinutes: 0 });
  });

  test('tells readers that it changed, as it happens, and nothing to strangers', async () => {
    const token = await instance.token('viewer', { contact: client.viewer.contactId });
    const reading = new AbortController();
    const watch = (lastId?: string) =>
      fetch(`${instance.baseUrl}/api/reporting/v1/boards/${opened.packageId}/events`, {
        headers: {
          accept: 'text/event-stream',
          authorization: `Bearer ${token}`,
          ...(lastId === undefined ? {} : { 'last-event-id': lastId }),
        },
        signal: reading.signal,
      });
    const answer = await watch();
    expect([answer.status, answer.headers.get('content-type')]).toEqual([
      200,
      expect.stringMatching(/^text\/event-stream/),
    ]);
    const told = changesIn(answer);
    const first = (await told.next()).value!;
    expect(first.data).toMatchObject({ packageId: opened.packageId });
    await opened.steps.worked(flexibleId, 5);
    const second = (await told.next()).value!;
    expect(second.id).not.toBe(first.id);
    await onBoard(flexibleId, { actualMinutes: 30 });
    const resumed = changesIn(await watch(first.id));
    expect((await resumed.next()).value!.id).not.toBe(first.id);
    reading.abort();
    const stranger = await desk.as('viewer', (await desk.client()).viewer);
    const refused = await stranger.get(`/reporting/v1/boards/${opened.packageId}/events`, {
      headers: { accept: 'text/event-stream' },
    });
    expect(refused.body).toMatchObject({ status: 404, code: 'reporting.not-found' });
    await opened.steps.books();
  });
});

/** The events of a stream, each with its id and data. */
async function* changesIn(answer: Response): AsyncGenerator<{ id: string; data: Parsed }, undefined> {
  let text = '';
  const decoder = new TextDecoder();
  for await (const chunk of answer.body!) {
    text += decoder.decode(chunk as Uint8Array, { stream: true });
    const blocks = text.split('\n\n');
    text = blocks.pop()!;
    for (const block of blocks) {
      const fields = new Map(
        block.split('\n').map((line) => line.split(/: (.*)/s).slice(0, 2) as [string, string]),
      );
      if (fields.get('event') === 'changed')
        yield { id: fields.get('id')!, data: JSON.parse(fields.get('data')!) };
    }
  }
  return undefined;
}
