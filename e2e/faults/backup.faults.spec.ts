import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, open, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { SERVICES } from '@monteore/contracts';
import { startEmbeddedPostgres } from '@monteore/embedded-postgres';
import {
  type Answer,
  eventually,
  insistently,
  launchCommand,
  newDirectory,
  openPackage,
  PackageSteps,
  type Parsed,
  plainMail,
  type RestClient,
  runCommand,
  sendRawMail,
  untilAnswered,
} from '../harness/index.ts';
import { allSent } from './mails-once.ts';
import { expectProven } from './proven.ts';
import { asSuperuser, clusterIn, Survivor, superuserPassword } from './survivor.ts';

jest.setTimeout(600_000);

const PACKAGE_MINUTES = 20_000;
const APPROVED_MINUTES = 10_000;
const WORKERS = 2;
/** The load ends with the backup; these bound it. */
const DECISIONS_AT_MOST = 30;
const MAILS_AT_MOST = 40;

const titleOf = (index: number): string => `Concordata ${index}`;
const subjectOf = (index: number): string => `Guasto numero ${index}`;

let survivor: Survivor;
let team: RestClient;
let steps: PackageSteps;
let activityId: string;
let load: Load;
/** Holds the backup, and what was restored from it. */
let place: string;
let backup: string;
const restoredOnes: Survivor[] = [];

/** What was answered, and how to ask for it once more, of whichever instance. */
interface Answered {
  readonly kind: 'work' | 'decision' | 'mail';
  readonly answer: Answer;
  readonly what: string;
  readonly again: (on: Survivor, by: RestClient) => Promise<Answer>;
}

/** People at work until the test says that it is enough. */
class Load {
  readonly answered: Answered[] = [];
  private isOver = false;
  private readonly running: Promise<unknown>;

  constructor() {
    this.running = Promise.all([
      ...Array.from({ length: WORKERS }, () => this.keepWorking()),
      this.keepDeciding(),
      this.keepAsking(),
    ]);
  }

  count(kind: Answered['kind']): number {
    return this.answered.filter((one) => one.kind === kind).length;
  }

  async end(): Promise<void> {
    this.isOver = true;
    await this.running;
  }

  private async send(kind: Answered['kind'], what: string, again: Answered['again']): Promise<void> {
    this.answered.push({ kind, what, again, answer: await again(survivor, team) });
  }

  private async keepWorking(): Promise<void> {
    while (!this.isOver) {
      const key = randomUUID();
      await this.send('work', key, (on, by) => {
        const theirs = new PackageSteps(on, by, steps.client, steps.packageId);
        return insistently(() => theirs.work(activityId, 1, {}, { key }));
      });
    }
  }

  private async keepDeciding(): Promise<void> {
    for (let index = 0; index < DECISIONS_AT_MOST && !this.isOver; index += 1) {
      const path = `/estimation/v1/activities/${await steps.agreed(titleOf(index))}/decisions`;
      const body = { version: 1, decision: 'approve', contactId: steps.approver.contactId };
      const key = randomUUID();
      await this.send('decision', titleOf(index), (_, by) => insistently(() => by.post(path, body, { key })));
    }
  }

  private async keepAsking(): Promise<void> {
    for (let index = 0; index < MAILS_AT_MOST && !this.isOver; index += 1)
      await this.send('mail', subjectOf(index), (on) => askByMail(on, index));
  }
}

const mailbox = (): string => `referente.${steps.client.clientId.slice(0, 8)}@agenzia.example`;

/** A request by SMTP, given until it is taken. */
async function askByMail(on: Survivor, index: number): Promise<Answer> {
  const raw = plainMail({
    from: steps.approver.email,
    to: mailbox(),
    subject: subjectOf(index),
    text: `Vi chiediamo di correggere la pagina ${index}.`,
    messageId: `<guasto-${index}@cliente.example>`,
    date: '2026-01-01T09:00:00Z',
  });
  const envelope = { from: steps.approver.email, to: mailbox() };
  const { code } = await untilAnswered(`mail ${index}`, async () => {
    const answer = await sendRawMail(on.smtp, raw, envelope).catch(() => null);
    return answer?.code === 250 ? answer : null;
  });
  return { status: code, headers: new Headers(), body: null };
}

/**
 * Every message was handled and every event published: two looks in a row find nothing and nobody further. One look
 * asks a service before another one, and a message may pass between them.
 */
function quiet(by: RestClient): Promise<unknown> {
  let before: string | null = null;
  return eventually(
    async () => {
      const lags = await Promise.all(SERVICES.map((service) => by.get(`/${service}/v1/lag`)));
      const isQuiet = lags.every(
        ({ status, body }) =>
          status === 200 &&
          body.published.events === 0 &&
          body.consumed.every(({ messages, parkedKeys }: Parsed) => messages === 0 && parkedKeys === 0),
      );
      const places = isQuiet ? lags.map(({ body }) => body.published.checkpoint).join() : null;
      const isStill = places !== null && places === before;
      before = places;
      return isStill;
    },
    'every service to have caught up',
    120_000,
  );
}

/** Everything that the services show of the package, by which two instances are compared. */
async function shown(on: PackageSteps): Promise<Parsed> {
  const mails = await allSent(on.team, on.packageId);
  const requests = await on.team.all(`/intake/v1/requests?packageId=${on.packageId}`);
  return {
    package: await on.show(),
    entries: await on.entries(),
    board: await on.board(),
    activities: await on.activities(),
    requests,
    mails: mails.map(({ mailId, messageId, kind }: Parsed) => ({ mailId, messageId, kind })),
  };
}

async function restoreTo(directory: string, from: string): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o755 });
  const restored = await runCommand('restore', '--from', from, '--data', join(directory, 'data'));
  expect(restored).toMatchObject({ code: 0, output: expect.stringContaining('Restored') });
}

/** Started over what was restored there. */
async function startRestored(
  directory: string,
): Promise<{ on: Survivor; by: RestClient; its: PackageSteps }> {
  const on = await Survivor.startIn(directory);
  restoredOnes.push(on);
  const by = await on.rest('administrator');
  await quiet(by);
  return { on, by, its: new PackageSteps(on, by, steps.client, steps.packageId) };
}

beforeAll(async () => {
  place = newDirectory();
  backup = join(place, 'backup');
  survivor = await Survivor.start();
  team = await survivor.rest('administrator');
  steps = await openPackage(survivor, team, {
    minutes: PACKAGE_MINUTES,
    agreed: Array.from({ length: DECISIONS_AT_MOST + 1 }, (_, index) => ({
      title: titleOf(index),
      minutes: 10,
    })),
    policy: { thresholdsPercent: [] },
  });
  activityId = await steps.approvedExtra('Lavoro', APPROVED_MINUTES);
}, 180_000);

afterAll(async () => {
  for (const restored of restoredOnes) await restored.stop();
  await survivor?.proveAndStop();
  await rm(place, { recursive: true, force: true });
});

describe('R1, R8, R11, R15 a backup taken while people work', () => {
  let before: readonly Answered[];
  let on: Survivor;
  let by: RestClient;
  let its: PackageSteps;

  beforeAll(async () => {
    load = new Load();
    await eventually(
      () => load.count('work') >= 10 && load.count('decision') >= 2 && load.count('mail') >= 2,
      'some work before the backup',
      120_000,
    );
    before = [...load.answered];
    const made = await runCommand('backup', '--data', survivor.dataDirectory, '--to', backup);
    const meanwhile = load.answered.length - before.length;
    await load.end();
    expect(made).toMatchObject({ code: 0, output: expect.stringContaining('Backed up') });
    expect(meanwhile).toBeGreaterThan(0);
    await restoreTo(join(place, 'first'), backup);
    ({ on, by, its } = await startRestored(join(place, 'first')));
  }, 400_000);

  test('its chains are intact, and its balances and boards are those of a re-count', async () => {
    const verified = await runCommand('verify', '--data', on.dataDirectory);
    expect(verified.code).toBe(0);
    expect(verified.output.match(/every chain intact/g)).toHaveLength(SERVICES.length);
    await its.books();
  });

  test('every command that was answered before it began is there once', async () => {
    const entries = await its.entries();
    for (const { again, answer } of before) {
      const { status, body } = await again(on, by);
      expect({ status, body }).toEqual({ status: answer.status, body: answer.body });
    }
    await quiet(by);
    expect(await its.entries()).toEqual(entries);
    const charged = entries.flatMap(({ type, facts }) => (type === 'WorkCharged' ? [facts.workEntryId] : []));
    expect(new Set(charged).size).toBe(charged.length);
    const requests = await by.all(`/intake/v1/requests?packageId=${steps.packageId}`);
    for (const { kind, what, answer } of before) {
      if (kind === 'work') expect(charged.filter((id) => id === answer.body.workEntryId)).toHaveLength(1);
      if (kind === 'mail') expect(requests.filter(({ subject }) => subject === what)).toHaveLength(1);
    }
  });

  test('every mail is there once for its cause, under the Message-ID that it had', async () => {
    const recorded: string[] = (await allSent(by, steps.packageId)).map(({ messageId }) => messageId);
    expect(new Set(recorded).size).toBe(recorded.length);
    const idsIn = async (instance: Survivor) =>
      (await instance.outbox.mails()).map(({ parsed }) => parsed.messageId ?? '');
    const [sentBefore, sentAfter] = [new Set(await idsIn(survivor)), await idsIn(on)];
    expect(new Set(sentAfter).size).toBe(sentAfter.length);
    const missing = recorded.filter((id) => !sentBefore.has(id) && !sentAfter.includes(id));
    expect(missing).toEqual([]);
    const mails = new Map(
      [...(await survivor.outbox.mails()), ...(await on.outbox.mails())].map((mail) => [
        mail.parsed.messageId,
        mail,
      ]),
    );
    for (const { kind, what } of before) {
      if (kind !== 'decision') continue;
      // «Decisa 1» is no «Decisa 10».
      const title = new RegExp(`approvata: ${what}(?!\\d)`);
      const told = [...mails.values()].filter(({ subject }) => title.test(subject));
      expect(told).toHaveLength(1);
    }
  });

  test('a position of what was done after it is not waited for in vain: 503 with Retry-After', async () => {
    await survivorWorks();
    const position = team.position!;
    const answer = await by.get(`/reporting/v1/boards/${steps.packageId}`, {
      headers: { 'monteore-position': position },
    });
    expect(answer).toMatchObject({ status: 503, body: { code: 'service.not-that-fresh-yet' } });
    expect(answer.headers.get('retry-after')).toMatch(/^[1-9]/);
  });

  test('work, decisions, requests and mails go on', async () => {
    const [booked, entries] = [await its.books(), await its.entries()];
    await its.worked(activityId, 7);
    const fresh = await by.get(`/reporting/v1/boards/${steps.packageId}`, {
      headers: { 'monteore-position': by.position! },
    });
    expect(fresh.status).toBe(200);
    await its.approve(await its.agreed(titleOf(DECISIONS_AT_MOST)));
    await its.mail(`approvata: ${titleOf(DECISIONS_AT_MOST)}`);
    await askByMail(on, MAILS_AT_MOST);
    await eventually(async () => {
      const requests = await by.all(`/intake/v1/requests?packageId=${steps.packageId}`);
      return requests.some(({ subject }) => subject === subjectOf(MAILS_AT_MOST));
    }, 'the new request');
    expect(await its.books()).toMatchObject({
      postedMinutes: booked.postedMinutes - 7,
      heldMinutes: booked.heldMinutes - 7 + 10,
    });
    expect(await its.entries()).toHaveLength(entries.length + 2);
  });
});

describe('a backup of an instance that is stopped', () => {
  test('restored, it shows what that one shows, also when all is published and handled once more', async () => {
    const second = join(place, 'second');
    const made = await survivor.whileStopped(() =>
      runCommand('backup', '--data', survivor.dataDirectory, '--to', join(place, 'stopped')),
    );
    expect(made).toMatchObject({ code: 0, output: expect.stringContaining('Backed up') });
    await restoreTo(second, join(place, 'stopped'));
    await forgetWhatWasPublishedAndHandled(join(second, 'data'));
    const { by, its } = await startRestored(second);
    await quiet(team);
    expect(await shown(its)).toEqual(await shown(steps));
    await its.books();
    const sources = await sourcesOfMessages(restoredOnes.at(-1)!);
    expect(sources.get('monteore.ledger.events.v1')).toHaveLength(2);
    await its.worked(activityId, 3);
    await quiet(by);
    await expectProven(restoredOnes.at(-1)!.dataDirectory);
  });

  test('a chain that somebody has changed is found, with the stream and the event', async () => {
    const tampered = restoredOnes.at(-1)!;
    await tampered.sql('ALTER TABLE ledger_events.events DISABLE TRIGGER USER');
    const [changed] = await tampered.sql<{ stream_id: string; version: string }>(
      `UPDATE ledger_events.events SET occurred_on = '2020-01-01'
       WHERE (stream_id, version) = (SELECT stream_id, version FROM ledger_events.events
         WHERE type = 'WorkCharged' ORDER BY position DESC LIMIT 1) RETURNING stream_id, version`,
    );
    const verified = await runCommand('verify', '--data', tampered.dataDirectory);
    expect(verified.code).toBe(1);
    expect(verified.output).toContain(
      `the chain of stream ${changed!.stream_id} is broken at event ${changed!.version} (hash)`,
    );
  });
});

describe('what is refused', () => {
  test('a backup of which one byte has changed, with the name of the file, and nothing is restored', async () => {
    const path = join('database', 'global', 'pg_filenode.map');
    const turn = async () => {
      const file = await open(join(backup, path), 'r+');
      const byte = Buffer.alloc(1);
      await file.read(byte, 0, 1, 100);
      await file.write(Buffer.from([byte[0]! ^ 1]), 0, 1, 100);
      await file.close();
    };
    await turn();
    const target = join(place, 'refused');
    const refused = await runCommand('restore', '--from', backup, '--data', target);
    await turn();
    expect(refused).toMatchObject({
      code: 1,
      output: expect.stringContaining(`${path} is not what was backed up`),
    });
    expect(existsSync(target)).toBe(false);
  });

  test('a target of either command that is not empty, and nothing in it is touched', async () => {
    const target = join(place, 'not-empty');
    await mkdir(target);
    await writeFile(join(target, 'mine'), 'mine');
    for (const words of [
      ['restore', '--from', backup, '--data', target],
      ['backup', '--data', survivor.dataDirectory, '--to', target],
    ])
      expect(await runCommand(...words)).toMatchObject({
        code: 1,
        output: expect.stringContaining(`${target} is not empty`),
      });
    expect(await readdir(target)).toEqual(['mine']);
  });
});

describe('a backup that does not come to its end', () => {
  const slots = () => survivor.sql<{ slot_name: string }>('SELECT slot_name FROM pg_replication_slots');

  /** A backup that is in the middle of copying, with a slot that holds the WAL. */
  async function underWay(to: string) {
    const command = launchCommand('backup', '--data', survivor.dataDirectory, '--to', to);
    await eventually(() => existsSync(join(to, 'database', 'base')), 'files that are being copied', 120_000);
    expect(await slots()).toHaveLength(1);
    return command;
  }

  test('killed, it leaves an instance that works and no slot, and cannot be restored from', async () => {
    const to = join(place, 'killed');
    const { child, ended } = await underWay(to);
    child.kill('SIGKILL');
    expect((await ended).code).toBeNull();
    await eventually(async () => (await slots()).length === 0, 'the slot to be dropped', 30_000);
    await survivorWorks();
    const refused = await runCommand('restore', '--from', to, '--data', join(place, 'from-killed'));
    expect(refused).toMatchObject({ code: 1, output: expect.stringContaining('manifest.json is missing') });
  });

  test('ended by Ctrl-C, it removes what it wrote', async () => {
    const to = join(place, 'interrupted');
    const { child, ended } = await underWay(to);
    child.kill('SIGINT');
    expect(await ended).toMatchObject({ code: 1, output: expect.stringContaining('ended by SIGINT') });
    expect(await slots()).toEqual([]);
    expect(await readdir(to)).toEqual([]);
  });
});

async function survivorWorks(): Promise<void> {
  expect((await insistently((key) => steps.work(activityId, 1, {}, { key }))).status).toBe(201);
}

/**
 * As if the relays had published everything without coming to note it, and the consumers had not noted what they
 * handled: the worst that a restore can make of the moment of its backup.
 */
async function forgetWhatWasPublishedAndHandled(dataDirectory: string): Promise<void> {
  const server = await startEmbeddedPostgres({
    dataDir: await clusterIn(dataDirectory),
    password: await superuserPassword(dataDirectory),
  });
  try {
    for (const service of SERVICES)
      await asSuperuser(
        dataDirectory,
        server.port,
        `UPDATE ${service}.relay_checkpoints SET position = 0; DELETE FROM ${service}.consumer_marks`,
      );
  } finally {
    await server.stop();
  }
}

/** The sources of the messages in the log, by topic. */
async function sourcesOfMessages(on: Survivor): Promise<ReadonlyMap<string, readonly string[]>> {
  const rows = await on.sql<{ topic: string; sources: string[] }>(
    "SELECT topic, array_agg(DISTINCT event::json->>'source') AS sources FROM messaging.log GROUP BY topic",
  );
  return new Map(rows.map(({ topic, sources }) => [topic, sources]));
}
