import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import ExcelJS from 'exceljs';
import { dayOf, eventually, type Instance, type Parsed, startInstance } from '../harness/index.ts';
import { type Client, Desk, type Opened } from './desk.ts';

jest.setTimeout(60_000);

let instance: Instance;
let desk: Desk;

beforeAll(async () => {
  instance = await startInstance({ clock: true });
  desk = await Desk.of(instance);
}, 90_000);

afterAll(() => instance?.stop());

const show = ({ packageId }: Opened): Promise<Parsed> =>
  desk.team.must(desk.team.get(`/ledger/v1/packages/${packageId}`));
const closed = (opened: Opened) =>
  eventually(async () => {
    const found = await show(opened);
    return found.status === 'closed' ? found : null;
  }, 'the package is closed');
const exported = (opened: Opened) =>
  eventually(async () => {
    const path = `/reporting/v1/boards/${opened.packageId}/export.xlsx`;
    const board = await desk.team.must(desk.team.get(`/reporting/v1/boards/${opened.packageId}`));
    if (board.status !== 'closed') return null;
    const answer = await desk.team.get(path);
    if (answer.status === 503) {
      expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
      return null;
    }
    return desk.team.bytes(path);
  }, 'the kept file');

/** The minutes that a label of the summary stands beside: the value that the file itself holds. */
async function summaryOf(
  bytes: Buffer,
  sheetName: string,
): Promise<{
  workbook: ExcelJS.Workbook;
  of: (label: string) => number;
  formulaOf: (label: string) => string | undefined;
}> {
  const workbook = new ExcelJS.Workbook();
  await workbook.xlsx.load(bytes as unknown as ExcelJS.Buffer);
  const sheet = workbook.getWorksheet(sheetName)!;
  const cellBeside = (label: string): ExcelJS.CellValue => {
    let value: ExcelJS.CellValue;
    sheet.eachRow((row) => {
      if (row.getCell(1).value === label) value ??= row.getCell(2).value;
    });
    return value;
  };
  return {
    workbook,
    of: (label) => {
      const value = cellBeside(label);
      // exceljs leaves a cached 0 out when it reads.
      return Number(
        typeof value === 'object' && value !== null && 'formula' in value ? (value.result ?? 0) : value,
      );
    },
    formulaOf: (label) => {
      const value = cellBeside(label);
      return typeof value === 'object' && value !== null && 'formula' in value ? value.formula : undefined;
    },
  };
}

describe('R14 closing by decision', () => {
  test('overruns first; then what waits is cancelled, holds are released, the residual expires; the file is kept', async () => {
    const client = await desk.client();
    const opened = await desk.package(client, {
      minutes: 600,
      agreed: [
        { title: 'Finita', minutes: 60 },
        { title: 'Da finire', minutes: 120 },
        { title: 'Mai decisa', minutes: 90 },
      ],
    });
    const { steps, packageId } = opened;
    const [finished, unfinished, undecided] = await Promise.all(
      ['Finita', 'Da finire', 'Mai decisa'].map((title) => steps.agreed(title)),
    );
    await steps.approve(finished!);
    await steps.approve(unfinished!);
    const minor = await steps.estimatedExtra('=1+1 refuso', 20);
    await steps.activityIn(minor.activityId, 'active');
    const gated = await steps.estimatedExtra('Troppo grande', 5000);
    expect(gated.path).toBe('waiting-for-hours');
    await steps.worked(finished!, 60);
    await steps.workStatus(finished!, 'done');
    await steps.worked(unfinished!, 30);
    const unapproved = await steps.worked(undecided!, 15);
    expect(unapproved).toMatchObject({ chargedMinutes: 0, overrunMinutes: 15 });
    const refused = await steps.close('expire');
    expect(refused.body).toMatchObject({ status: 409, code: 'ledger.overruns-open' });
    expect(refused.body.overruns).toMatchObject([{ overrunId: unapproved.overrunId, minutes: 15 }]);
    expect((await show(opened)).status).toBe('open');
    await desk.team.must(steps.decideOverrun(unapproved.overrunId, 'absorb'));
    await steps.books({ postedMinutes: 510, heldMinutes: 110, availableMinutes: 400, pendingMinutes: 90 });

    const link = await steps.linkFor('Mai decisa');
    const answer = await steps.close('expire');
    expect([answer.status, answer.body.status]).toEqual([200, 'closed']);
    const after = await closed(opened);
    expect(after).toMatchObject({
      postedMinutes: 0,
      heldMinutes: 0,
      availableMinutes: 0,
      grantedMinutes: 600,
    });
    const states = await eventually(async () => {
      const board = await steps.board();
      const rows = Object.fromEntries(
        board.activities.map(({ title, state, unfinished: isUnfinished, heldMinutes }: Parsed) => [
          title,
          [state, isUnfinished, heldMinutes],
        ]),
      );
      return board.status === 'closed' && rows['Da finire']?.[1] === true ? { rows, board } : null;
    }, 'the board is closed');
    expect(states.rows.Finita).toEqual(['done', false, 0]);
    expect(states.rows['Da finire']).toEqual([expect.any(String), true, 0]);
    expect(states.rows['Mai decisa']![0]).not.toBe('waiting-for-decision');
    expect(states.board.waitingForHours).toEqual([]);
    expect(states.board.balances).toMatchObject({ pendingMinutes: 0, availableMinutes: 0 });
    expect((await steps.activity(gated.activityId)).state).toBe('cancelled');

    // Read-only for ever.
    const statuses = await Promise.all([
      steps.work(finished!, 5),
      steps.estimate(unfinished!, 30),
      steps.decide(undecided!, 1, 'approve'),
      steps.adjust(10),
      steps.close('expire'),
      desk.team.post(`/ledger/v1/packages/${packageId}/lots`, { minutes: 60 }),
      desk.team.post(`/ledger/v1/packages/${packageId}/policy`, { toleranceMinutes: 5 }),
      desk.team.post('/estimation/v1/activities', { packageId, title: 'Nuova', kind: 'other' }),
      desk.team.post(`/estimation/v1/activities/${unfinished}/work-status`, { status: 'done' }),
      desk.team.post('/intake/v1/requests', {
        packageId,
        fromEmail: client.approver.email,
        subject: 'Nuova',
        text: 'Cambiare il logo.',
      }),
    ]);
    expect(statuses.map(({ status }) => status)).toEqual(statuses.map(() => 409));
    const pressed = await (await instance.rest()).post(link, { decision: 'approve' });
    expect(pressed.status).toBe(409);
    await steps.books({ postedMinutes: 0, heldMinutes: 0 });

    const bytes = await exported(opened);
    const again = await desk.team.bytes(`/reporting/v1/boards/${packageId}/export.xlsx`);
    expect(again.equals(bytes)).toBe(true);
    for (const contact of [client.approver, client.requester, client.viewer]) {
      const mail = await desk.mailTo(contact.email, /Pacchetto orario chiuso/);
      const [file] = mail.parsed.attachments;
      expect(file!.filename).toMatch(/\.xlsx$/);
      expect(sha256(file!.content)).toBe(sha256(bytes));
    }
    const head = await desk.team.get(`/reporting/v1/boards/${packageId}/export.xlsx`);
    expect(head.headers.get('etag')).toBe(`"${sha256(bytes)}"`);

    const { workbook, of, formulaOf } = await summaryOf(bytes, 'Riepilogo');
    expect(workbook.worksheets.map(({ name }) => name)).toEqual(['Attività', 'Movimenti', 'Riepilogo']);
    expect(of('Ore concesse')).toBe(600);
    expect(of('Ore addebitate')).toBe(90);
    expect(of('Saldo')).toBe(after.postedMinutes);
    expect(of('Ore prenotate')).toBe(after.heldMinutes);
    expect(of('Ore disponibili')).toBe(after.availableMinutes);
    expect(of('Ore residue perse')).toBe(510);
    for (const label of ['Ore addebitate', 'Saldo', 'Ore prenotate', 'Tempo effettivo'])
      expect(formulaOf(label)).toMatch(/^SUM\(/);
    expect(of('Tempo effettivo')).toBe(105);
    const written = new Set<unknown>();
    workbook.getWorksheet('Movimenti')!.eachRow((row) => written.add((row.values as unknown[]).at(-1)));
    for (const { hash, type, postedDeltaMinutes, heldDeltaMinutes } of await steps.entries())
      if (postedDeltaMinutes !== 0 || heldDeltaMinutes !== 0)
        expect([type, written.has(hash)]).toEqual([type, true]);
    const titles: unknown[] = [];
    workbook.getWorksheet('Attività')!.eachRow((row) => titles.push(row.getCell(2).value));
    expect(titles).toContain('=1+1 refuso (extra)');
  });

  test('write-off settles outside with its reason; an English client reads English', async () => {
    const client = await desk.client('en');
    const opened = await desk.package(client, { minutes: 300 });
    expect((await opened.steps.close('write-off', { reason: 'refunded' })).status).toBe(200);
    const entries = await opened.steps.entries();
    const adjusted = entries.find(({ type }) => type === 'BalanceAdjusted');
    expect(adjusted).toMatchObject({ postedDeltaMinutes: -300, facts: { reason: 'refunded' } });
    await opened.steps.books({ postedMinutes: 0 });
    const mail = await desk.mailTo(client.viewer.email, /closed/i);
    const { workbook, of } = await summaryOf(mail.parsed.attachments[0]!.content as Buffer, 'Summary');
    expect(workbook.worksheets.map(({ name }) => name)).toEqual(['Activities', 'Movements', 'Summary']);
    expect(of('Remaining hours settled separately')).toBe(300);
  });

  test('rollover moves each lot with its own expiry to another open package of the client, once', async () => {
    const client = await desk.client();
    const expiresOn = dayOf(instance, 90);
    const first = await desk.package(client, { minutes: 120, expiresOn });
    const second = await desk.package(client, { minutes: 60 });
    const stranger = await desk.package(await desk.client(), { minutes: 60 });
    await first.steps.topUp(30);
    const roll = (rolloverPackageId: string, key?: string) =>
      desk.team.post(
        `/ledger/v1/packages/${first.packageId}/closure`,
        { residual: 'rollover', rolloverPackageId, reason: 'continua' },
        key === undefined ? {} : { key },
      );
    for (const target of [stranger.packageId, first.packageId])
      expect((await roll(target)).body).toMatchObject({ status: 422, code: 'ledger.rollover-target' });
    expect((await show(first)).status).toBe('open');
    const answers = [await roll(second.packageId, 'roll'), await roll(second.packageId, 'roll')];
    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
    await first.steps.books({ postedMinutes: 0 });
    await second.steps.books({ grantedMinutes: 210, postedMinutes: 210 });
    const { lots } = await show(second);
    expect(lots.map(({ minutes, expiresOn: day, origin }: Parsed) => [minutes, day, origin])).toEqual([
      [60, undefined, 'purchase'],
      [120, expiresOn, 'rollover'],
      [30, undefined, 'rollover'],
    ]);
    await stranger.steps.books({ grantedMinutes: 60 });
  });
});

describe('R14 used up', () => {
  const useUp = async (client: Client) => {
    const opened = await desk.package(client, { minutes: 60, agreed: [{ title: 'Tutto', minutes: 60 }] });
    const activityId = await opened.steps.agreed('Tutto');
    await opened.steps.approve(activityId);
    await opened.steps.worked(activityId, 60);
    await opened.steps.workStatus(activityId, 'done');
    const scheduled = await eventually(async () => {
      const found = await show(opened);
      return found.closesAt === undefined ? null : found;
    }, 'the closure is scheduled');
    return { opened, activityId, closesAt: scheduled.closesAt as string };
  };

  test('the referent is told, and it closes at 18:00 of the fifth working day after', async () => {
    const { opened, closesAt } = await useUp(await desk.client());
    const counted = await desk.team.must(
      desk.team.get(`/intake/v1/take-in-charge-deadline?receivedAt=${instance.clock.now().toISOString()}`),
    );
    const today = dayOf(instance);
    const isServiceDay = counted.countedFrom.startsWith(today);
    if (isServiceDay) expect(Date.parse(closesAt)).toBe(Date.parse(counted.takeInChargeBy));
    expect(new Date(closesAt).toISOString()).toMatch(/T1[67]:00:00/);
    await desk.mailTo(opened.mailbox, /Pacchetto esaurito/);
    instance.clock.moveTo(new Date(Date.parse(closesAt) - 60_000).toISOString());
    expect((await show(opened)).status).toBe('open');
    instance.clock.advance({ minutes: 2 });
    await closed(opened);
    await exported(opened);
    await opened.steps.books({ postedMinutes: 0 });
  });

  test.each([
    ['a top-up', (opened: Opened) => opened.steps.topUp(30)],
    [
      'a request',
      (opened: Opened, client: Client) =>
        desk.ask(opened.packageId, client.approver.email, 'Ancora una cosa', 'Cambiare il logo.'),
    ],
    ['an extra that waits for hours', (opened: Opened) => opened.steps.estimatedExtra('Senza ore', 40)],
  ])('%s calls it off', async (_, opening) => {
    const client = await desk.client();
    const { opened, closesAt } = await useUp(client);
    await opening(opened, client);
    await eventually(async () => (await show(opened)).closesAt === undefined, 'it was called off');
    instance.clock.moveTo(new Date(Date.parse(closesAt) + 3_600_000).toISOString());
    await opened.steps.books();
    expect((await show(opened)).status).toBe('open');
  });
});

describe('R14 the end date', () => {
  test('nothing new is approved; it closes when its overruns are decided', async () => {
    const client = await desk.client();
    const endsOn = dayOf(instance, 3);
    const opened = await desk.package(client, {
      minutes: 100,
      endsOn,
      agreed: [
        { title: 'Lunga', minutes: 100 },
        { title: 'Altra', minutes: 10 },
      ],
    });
    const { steps } = opened;
    const [long, other] = await Promise.all([steps.agreed('Lunga'), steps.agreed('Altra')]);
    await steps.approve(long!);
    const { overrunId } = await steps.worked(long!, 130);
    const link = await steps.linkFor('Lunga', { kind: 'overrun-links' });
    instance.clock.advance({ days: 4 });
    await eventually(async () => (await show(opened)).status === 'closing', 'it is closing');
    // Who has not heard of it yet asks the ledger, which sets nothing aside any more.
    const late = await steps.decide(other!, 1, 'approve');
    expect(late.status === 409 ? 'none' : late.body.outcome).toBe('none');
    expect(await steps.activity(other!)).toMatchObject({
      heldMinutes: 0,
      approval: expect.not.stringMatching(/^approved$/),
    });
    await steps.books({ postedMinutes: 0 });
    const anyone = await instance.rest();
    const decided = await anyone.post(link, { decision: 'refuse', reason: 'troppo' });
    expect(decided.status).toBe(200);
    expect((await show(opened)).status).toBe('closing');
    await desk.team.must(steps.decideOverrun(overrunId, 'absorb'));
    await closed(opened);
    await exported(opened);
    await steps.books({ postedMinutes: 0, heldMinutes: 0, pendingMinutes: 0 });
  });

  test('without overruns it closes at once', async () => {
    const opened = await desk.package(await desk.client(), { minutes: 100, endsOn: dayOf(instance, 1) });
    instance.clock.advance({ days: 2 });
    expect((await closed(opened)).closedOn).toBeDefined();
    await opened.steps.books({ postedMinutes: 0 });
  });
});

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
