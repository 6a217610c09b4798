import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { eventually, openPackage, type PackageSteps, type RestClient } from '../harness/index.ts';
import { HeldStatements, type Holding } from './held-statements.ts';
import { MailServer } from './mail-server.ts';
import { allSent } from './mails-once.ts';
import { Survivor } from './survivor.ts';

jest.setTimeout(180_000);

const TOPIC = 'monteore.ledger.events.v1';

let mailServer: MailServer;
let survivor: Survivor;
let team: RestClient;
let steps: PackageSteps;
let activityId: string;
/** Minutes of work that were answered with 201. */
let worked = 0;

beforeAll(async () => {
  mailServer = await MailServer.start();
  survivor = await Survivor.start('--smtp-url', mailServer.url);
  team = await survivor.rest('administrator');
  steps = await openPackage(survivor, team, {
    minutes: 1000,
    agreed: [{ title: 'Concordata', minutes: 10 }],
  });
  activityId = await steps.approvedExtra('Lavoro', 500);
  await allSent(team, steps.packageId);
}, 120_000);

afterAll(async () => {
  await survivor?.proveAndStop();
  await mailServer?.stop();
});

/** Kills it while a statement waits that `command` brings about. */
async function killedBefore(holding: Holding, command: () => Promise<unknown>): Promise<void> {
  const held = await HeldStatements.in(await survivor.adminDatabaseUrl(), holding);
  await command();
  await held.oneWaits();
  await survivor.killAndRestart(() => held.giveUp());
}

const work = async () => {
  await steps.worked(activityId, 7);
  worked += 7;
};

const publishedTwice = async (): Promise<number> => {
  const rows = await survivor.sql<{ more: number }>(
    `SELECT (count(*) - count(DISTINCT event::json->>'id'))::integer AS more FROM messaging.log WHERE topic = $1`,
    [TOPIC],
  );
  return rows[0]!.more;
};

async function expectCountedOnce(): Promise<void> {
  await eventually(
    async () => (await steps.activity(activityId)).chargedMinutes === worked,
    'the work in estimation',
  );
  await steps.books({ postedMinutes: 1000 - worked, heldMinutes: 500 - worked });
}

describe('R1, R11, R15 killed in the middle of what follows an answer', () => {
  test('between the append and its publishing: it is published by the next process', async () => {
    const before = await publishedTwice();
    await killedBefore({ table: 'messaging.log', before: 'INSERT', when: `NEW.topic = '${TOPIC}'` }, work);
    await expectCountedOnce();
    expect(await publishedTwice()).toBe(before);
  });

  test('between the publishing and its checkpoint: it is published again, and counts once', async () => {
    const before = await publishedTwice();
    await killedBefore(
      { table: 'ledger.relay_checkpoints', before: 'UPDATE', when: 'NEW.position > OLD.position' },
      work,
    );
    await expectCountedOnce();
    await eventually(async () => (await publishedTwice()) > before, 'what is published again');
  });

  test('between the mail server’s answer and its record: the mail comes again under its Message-ID', async () => {
    const title = 'Attività approvata: Concordata';
    await killedBefore(
      { table: 'intake.outbound_mails', before: 'UPDATE', when: "NEW.state = 'sent'" },
      async () => {
        await steps.approve(await steps.agreed('Concordata'));
      },
    );
    survivor.clock.advance({ minutes: 5 });
    const sent = (await allSent(team, steps.packageId)).filter(
      ({ subject, to }) => subject.includes(title) && to === steps.approver.email,
    );
    expect(sent).toHaveLength(1);
    const copies = mailServer.arrived.filter(({ messageId }) => messageId === sent[0]!.messageId);
    expect(copies.length).toBeGreaterThan(1);
    expect(copies.every(({ acknowledged }) => acknowledged)).toBe(true);
  });
});
