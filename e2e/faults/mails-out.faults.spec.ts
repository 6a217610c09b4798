import { afterAll, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { eventually, openPackage, type Parsed, type RestClient } from '../harness/index.ts';
import { type Behaviour, MailServer } from './mail-server.ts';
import { allSent } from './mails-once.ts';
import { Survivor } from './survivor.ts';

jest.setTimeout(120_000);

/** A decision waits for the ledger, never for a mail: far less than the ten seconds after which a hanging server is left. */
const DECIDED_WITHIN_MILLISECONDS = 8_000;
const DECISIONS = 5;

let mailServer: MailServer;
let survivor: Survivor;
let team: RestClient;

beforeAll(async () => {
  mailServer = await MailServer.start();
  survivor = await Survivor.start('--smtp-url', mailServer.url);
  team = await survivor.rest('administrator');
}, 90_000);

afterAll(async () => {
  await survivor?.proveAndStop();
  await mailServer?.stop();
});

beforeEach(() => {
  mailServer.behaviour = 'accept';
});

describe('R11 a mail server that misbehaves', () => {
  test.each<[string, Behaviour]>([
    ['refuses for now', { code: 451 }],
    ['hangs', 'hang'],
    ['hangs up after the mail', 'drop-after-data'],
  ])(
    '%s: decisions go on, and each cause reaches its recipient under one Message-ID',
    async (_, behaviour) => {
      const agreed = Array.from({ length: DECISIONS }, (_, index) => ({
        title: `Concordata ${index}`,
        minutes: 10,
      }));
      const steps = await openPackage(survivor, team, { agreed });
      const opening = await allSent(team, steps.packageId);
      const ids = await Promise.all(agreed.map(({ title }) => steps.agreed(title)));
      const attemptsBefore = mailServer.attempts;
      mailServer.behaviour = behaviour;
      for (const [index, activityId] of ids.entries()) {
        const began = performance.now();
        const { outcome } = await steps.approve(activityId);
        expect(outcome).toBe('reserved');
        expect(performance.now() - began).toBeLessThan(DECIDED_WITHIN_MILLISECONDS);
        if (index === 0) await eventually(() => mailServer.attempts > attemptsBefore, 'a mail that is tried');
      }
      await survivor.killAndRestart();
      const attemptsAfterKill = mailServer.attempts;
      await eventually(() => mailServer.attempts > attemptsAfterKill, 'a mail that is tried again');
      await eventually(async () => {
        const queued = await team.all(`/intake/v1/outbound-mail?packageId=${steps.packageId}&state=queued`);
        return queued.length >= DECISIONS;
      }, 'the mails that wait');
      mailServer.behaviour = 'accept';
      survivor.clock.advance({ minutes: 5 });

      const sent = await allSent(team, steps.packageId);
      expect(sent.length).toBeGreaterThanOrEqual(opening.length + DECISIONS);
      for (const title of agreed.map(({ title }) => `Attività approvata: ${title}`)) {
        const told = sent.filter(
          ({ subject, to }: Parsed) => subject.includes(title) && to === steps.approver.email,
        );
        expect(told).toHaveLength(1);
      }
      expectOneMessageIdEach(sent);
      await steps.books({ heldMinutes: 10 * DECISIONS });
    },
  );

  test('refuses a recipient for good: it is told to the team, and nothing else waits', async () => {
    mailServer.behaviour = { code: 550 };
    const steps = await openPackage(survivor, team, { agreed: [{ title: 'Rifiutata', minutes: 10 }] });
    const failed = await eventually(async () => {
      const mails = await team.all(`/intake/v1/outbound-mail?packageId=${steps.packageId}&state=failed`);
      return mails.length > 0 ? mails : null;
    }, 'the refused mail');
    expect(failed[0]).toMatchObject({ to: steps.approver.email, failure: 'smtp-550' });
    mailServer.behaviour = 'accept';
    await steps.approve(await steps.agreed('Rifiutata'));
    await eventually(
      () => mailServer.arrived.some(({ to, acknowledged }) => to === steps.approver.email && acknowledged),
      'the next mail',
    );
    await steps.books({ heldMinutes: 10 });
  });

  /** Each recorded mail has arrived and was acknowledged; whatever came twice under its Message-ID is the same mail. */
  function expectOneMessageIdEach(sent: readonly Parsed[]): void {
    expect(new Set(sent.map(({ messageId }) => messageId)).size).toBe(sent.length);
    for (const { messageId, to } of sent) {
      const copies = mailServer.arrived.filter((mail) => mail.messageId === messageId);
      expect(copies.some(({ acknowledged }) => acknowledged)).toBe(true);
      expect(new Set(copies.map((copy) => copy.raw)).size).toBe(1);
      expect(new Set(copies.map((copy) => copy.to))).toEqual(new Set([to]));
    }
    const recipients = new Set(sent.map(({ to }) => to));
    const known = new Set(sent.map(({ messageId }) => messageId));
    const strangers = mailServer.arrived.filter(
      ({ to, messageId }) => recipients.has(to) && !known.has(messageId),
    );
    expect(strangers.map(({ messageId }) => messageId)).toEqual([]);
  }
});
