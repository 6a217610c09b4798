import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import {
  type Answer,
  eventually,
  insistently,
  launchProgram,
  newDirectory,
  openPackage,
  type PackageSteps,
  plainMail,
  type RestClient,
  sendRawMail,
} from '../harness/index.ts';
import { expectEveryMailOnce } from './mails-once.ts';
import { expectProven } from './proven.ts';
import { SmallDisk } from './small-disk.ts';
import { Survivor } from './survivor.ts';

jest.setTimeout(400_000);

const DISK_MEBIBYTES = 320;
const PACKAGE_MINUTES = 20_000;
const APPROVED_MINUTES = 10_000;
const WORKERS = 3;
const READS = 20;
/** Longer than the restarts last that a Postgres gets which dies of something else. */
const WITHOUT_ROOM_MILLISECONDS = 25_000;

const directory = newDirectory();
const mounted = SmallDisk.mount(join(directory, 'data'), DISK_MEBIBYTES);
const describeOnDisk = mounted === null ? describe.skip : describe;

test('a small disk could be made', () => {
  if (mounted !== null) return;
  process.stderr.write(
    '\nA FULL DISK WAS NOT TESTED: this user may not mount a tmpfs. Run these tests as root, as CI must.\n\n',
  );
  expect(process.env.CI).not.toBe('true');
});

describeOnDisk('R1, R8 a disk that is full', () => {
  const disk = mounted!;
  let survivor: Survivor;
  let team: RestClient;
  let steps: PackageSteps;
  let activityId: string;
  /** Minutes of work that were answered with 201, in all. */
  let worked = 0;

  beforeAll(async () => {
    survivor = await Survivor.startIn(directory);
    team = await survivor.rest('administrator');
    steps = await openPackage(survivor, team, {
      minutes: PACKAGE_MINUTES,
      policy: { thresholdsPercent: [] },
    });
    activityId = await steps.approvedExtra('Lavoro', APPROVED_MINUTES);
    await steps.books();
    // The reserve is there.
    await eventually(async () => (await readdir(survivor.dataDirectory)).includes('reserve'), 'the reserve');
  }, 180_000);

  afterAll(async () => {
    if (survivor !== undefined) await expectProven(survivor.dataDirectory);
    await (await survivor?.ready())?.stop();
    disk.unmount();
    await rm(directory, { recursive: true, force: true });
  });

  /** People at work, each entry insisted on; every refusal is kept. */
  function keepWorking() {
    const refused: Answer[] = [];
    const workEntryIds: string[] = [];
    let isOver = false;
    const running = Promise.all(
      Array.from({ length: WORKERS }, async () => {
        while (!isOver) {
          const { status, body } = await insistently((key) => steps.work(activityId, 1, {}, { key }), {
            onUnavailable: (answer) => refused.push(answer),
          });
          expect(status).toBe(201);
          workEntryIds.push(body.workEntryId);
          worked += 1;
        }
      }),
    );
    const end = async () => {
      isOver = true;
      await running;
    };
    return { refused, workEntryIds, end };
  }

  async function smtpAnswer(): Promise<number> {
    const raw = plainMail({
      from: steps.approver.email,
      to: mailbox(),
      subject: 'Guasto',
      text: 'Vi chiediamo di correggere la pagina.',
      messageId: '<guasto@cliente.example>',
      date: '2026-01-01T09:00:00Z',
    });
    return (await sendRawMail(survivor.smtp, raw, { from: steps.approver.email, to: mailbox() })).code;
  }

  const mailbox = (): string => `referente.${steps.client.clientId.slice(0, 8)}@agenzia.example`;

  const reads = () =>
    Promise.all(
      [steps.path, `${steps.path}/entries`, `/reporting/v1/boards/${steps.packageId}`].map((path) =>
        team.get(path),
      ),
    );

  async function expectNothingLost(): Promise<void> {
    await steps.books({
      postedMinutes: PACKAGE_MINUTES - worked,
      heldMinutes: APPROVED_MINUTES - worked,
      pendingMinutes: 0,
    });
    await expectEveryMailOnce(survivor, team, steps.packageId);
    const leftOver = (await readdir(survivor.dataDirectory, { recursive: true })).filter((name) =>
      /\.tmp$|\.unfinished$/.test(name),
    );
    expect(leftOver).toEqual([]);
  }

  function expectHonest(refused: readonly Answer[]): void {
    for (const { status, headers, body } of refused) {
      expect(headers.get('retry-after')).toMatch(/^[1-9]\d*$/);
      expect({ status, code: body.code }).toEqual({ status: 503, code: expect.any(String) });
    }
  }

  test('commands and mails are put off and reading goes on; with room it goes on by itself', async () => {
    const program = await survivor.ready();
    const work = keepWorking();
    await eventually(() => work.workEntryIds.length > 10, 'some work', 60_000);
    await disk.fill();
    await eventually(
      () => work.refused.some(({ body }) => body.code === 'monteore.disk-full'),
      'commands to be refused for the full disk',
      60_000,
    );
    const before = work.workEntryIds.length;
    for (let read = 0; read < READS; read += 1)
      expect((await reads()).map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(await smtpAnswer()).toBe(452);
    expect(program.output()).toMatch(/The disk of \S+ is full/);
    // Whoever was under way when it became full was answered; from then on nothing is taken.
    expect(work.workEntryIds.length).toBeLessThanOrEqual(before + WORKERS);

    await disk.makeRoom();
    await eventually(() => work.workEntryIds.length > before + 10, 'work to go on', 60_000);
    await work.end();
    expect(await smtpAnswer()).toBe(250);
    expectHonest(work.refused);
    expect(new Set(work.workEntryIds).size).toBe(work.workEntryIds.length);
    expect(program.output()).not.toContain('Postgres ended');
    await expectNothingLost();
  });

  test('without any room a database that has died is waited for, however long, and comes back by itself', async () => {
    const program = await survivor.ready();
    const work = keepWorking();
    await eventually(() => work.workEntryIds.length > 10, 'some work', 60_000);
    await disk.fill();
    await eventually(() => work.refused.length > 0, 'commands to be refused', 60_000);
    // Somebody else takes what the reserve has given free, too.
    await eventually(
      async () => !(await readdir(survivor.dataDirectory)).includes('reserve'),
      'the reserve to be given free',
      30_000,
    );
    await disk.fill();
    await survivor.killPostgres();
    await eventually(
      () => program.output().includes('Postgres has no room left'),
      'the reason to be told',
      60_000,
    );
    const end = performance.now() + WITHOUT_ROOM_MILLISECONDS;
    while (performance.now() < end) {
      await disk.fill();
      const answer = await steps.work(activityId, 1);
      expectHonest([answer]);
      expect(program.child.exitCode).toBeNull();
    }
    const before = work.workEntryIds.length;
    await disk.makeRoom();
    await eventually(() => work.workEntryIds.length > before + 10, 'work to go on', 90_000);
    await work.end();
    expectHonest(work.refused);
    expect(program.output()).toContain('Postgres is back');
    await expectNothingLost();
  });

  test('a start without room says so and ends, and the next one has everything', async () => {
    await survivor.whileStopped(async () => {
      await rm(join(survivor.dataDirectory, 'reserve'), { force: true });
      await disk.fill();
      const { exited, output } = launchProgram({ dataDirectory: survivor.dataDirectory });
      expect(await exited).toBe(1);
      expect(output()).toContain(`the disk of ${survivor.dataDirectory} is full: make room and start again`);
      await disk.makeRoom();
    });
    await expectNothingLost();
  });
});
