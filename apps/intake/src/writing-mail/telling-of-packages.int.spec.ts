import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '@monteore/testing';
import { MailWorld, tokenIn } from '../testing/mail-world.js';
import { Story } from '../testing/story.js';

const world = new MailWorld();
beforeAll(() => world.start());
afterAll(() => world.stop());

describe('R11 package opened', () => {
  const setUp = async (name: string) => {
    const story = new Story(world.mail, name);
    const approver = story.contact('dirigente', ['approver']);
    const viewer = story.contact('reader', ['viewer'], 'en');
    await story.meet(approver, viewer);
    await story.open();
    return { story, approver, viewer };
  };

  it('goes to every contact in its language, with a personal read-only link to the board', async () => {
    const { story, approver, viewer } = await setUp('aperto');
    const italian = await world.mailTo(approver.email, 'package-opened');
    const english = await world.mailTo(viewer.email, 'package-opened');
    expect(italian.parsed.subject).toBe('Pacchetto orario aperto: Sito aperto');
    expect(english.parsed.subject).toBe('Package of hours opened: Sito aperto');
    expect(italian.text).toContain('Buongiorno Ufficio dirigente,');
    expect(english.text).toContain('Hours bought: 10 h');
    for (const [parsed, contact] of [
      [italian, approver],
      [english, viewer],
    ] as const) {
      const token = tokenIn(parsed.text, 'reporting/v1/board-links');
      expect(parsed.html).toContain(token);
      expect(await world.links.verify('board', token)).toMatchObject({
        packageId: story.packageId,
        contactId: contact.contactId,
      });
    }
  });

  it('comes from the referent, says that a machine wrote it, and asks for no other reply address', async () => {
    const { story, approver, viewer } = await setUp('intestazioni');
    const parsed = await world.mailTo(approver.email, 'package-opened');
    expect(parsed.parsed.from?.value).toEqual([{ address: story.referentEmail, name: 'Monteore' }]);
    expect(parsed.parsed.replyTo).toBeUndefined();
    expect(parsed.parsed.headers.get('auto-submitted')).toBe('auto-generated');
    expect(parsed.parsed.headers.get('content-language')).toBe('it');
    expect((await world.mailTo(viewer.email, 'package-opened')).parsed.headers.get('content-language')).toBe(
      'en',
    );
    expect(parsed.raw).toMatch(/Content-Type: multipart\/alternative/);
    expect(parsed.raw).toMatch(/Content-Type: text\/plain; charset=utf-8/);
    expect(parsed.raw).toMatch(/Content-Type: text\/html; charset=utf-8/);
    expect(parsed.parsed.messageId).toMatch(/^<[0-9a-f-]{36}@ore\.agenzia\.example>$/);
  });
});

describe('R12, R14 told of the package', () => {
  it('tells approvers and referent of marks, several in one mail, and the referent of the closing to come', async () => {
    const story = new Story(world.mail, 'soglie');
    const approver = story.contact('dirigente', ['approver']);
    const requester = story.contact('turismo', ['requester']);
    await story.meet(approver, requester);
    await story.open();
    await story.ledger('ThresholdCrossed', { thresholdsPercent: [50, 75], consumedPercent: 76 });
    await story.ledger('ClosureScheduled', { closesAt: '2026-12-01T17:00:00.000Z' });
    for (const email of [approver.email, story.referentEmail])
      expect((await world.mailTo(email, 'threshold')).text).toContain('Soglie raggiunte: 50 %, 75 %');
    expect((await world.mailTo(story.referentEmail, 'closure-scheduled')).text).toContain('1 dicembre 2026');
    const told = (await world.mailsOf(story.packageId)).filter((row) => row.kind !== 'package-opened');
    expect(told.map(({ kind, recipient_id }) => [kind, recipient_id])).toEqual([
      ['threshold', approver.contactId],
      ['threshold', story.referentId],
      ['closure-scheduled', story.referentId],
    ]);
  });

  it('sends everybody the kept spreadsheet, byte for byte', async () => {
    const story = new Story(world.mail, 'chiuso');
    const approver = story.contact('dirigente', ['approver']);
    const viewer = story.contact('lettore', ['viewer']);
    await story.meet(approver, viewer);
    await story.open();
    const bytes = Buffer.from(Array.from({ length: 70_000 }, (_, index) => (index * 31) % 256));
    const sha256 = await world.mail.service.core.blobs.put(bytes);
    const { packageId, clientId } = story;
    const fileName = 'Sito chiuso – attività.xlsx';
    await world.mail.tell('reporting', 'ClosingStatementMade', {
      packageId,
      clientId,
      sha256,
      sizeBytes: bytes.length,
      fileName,
    });
    for (const { email } of [approver, viewer]) {
      const { attachments } = (await world.mailTo(email, 'package-closed')).parsed;
      expect(attachments).toHaveLength(1);
      expect(attachments[0]!.filename).toBe(fileName);
      expect(attachments[0]!.content.equals(bytes)).toBe(true);
    }
  });
});

describe('R13 expiry near', () => {
  const DAY = 86_400_000;
  const inDays = (days: number) =>
    new Date(Date.parse(world.mail.clock.now()) + days * DAY).toISOString().slice(0, 10);
  const noticesOf = async (story: Story) =>
    (await world.mailsOf(story.packageId)).filter((row) => row.kind === 'expiry-near').length;
  const swept = (story: Story, done: number) =>
    eventually(async () => {
      const rows = await world.query(
        `SELECT 1 FROM due_things WHERE kind = 'lot-expiry-near' AND entity_id = $1 AND done_at IS NOT NULL`,
        [story.lotId],
      );
      return rows.length === done;
    }, `${done} notices swept`);

  it('is announced 30 and 7 days before, with what is left then', async () => {
    const story = new Story(world.mail, 'scadenza');
    const approver = story.contact('dirigente', ['approver']);
    await story.meet(approver);
    const expiresOn = inDays(40);
    await story.open({ lot: { expiresOn } });
    world.mail.clock.moveBy(11 * DAY);
    await swept(story, 1);
    expect((await world.mailTo(approver.email, 'expiry-near')).text).toContain('10 h');
    await story.lot({ expiresOn, remainingMinutes: 130, heldMinutes: 40, origin: 'purchase' });
    world.mail.clock.moveBy(23 * DAY);
    await swept(story, 2);
    const second = await eventually(async () => {
      const { text } = await world.mailTo(approver.email, 'expiry-near');
      return text.includes('1 h 30 min') ? text : null;
    });
    expect(second).toContain('40 min');
    expect(await noticesOf(story)).toBe(4);
  });

  it('is not told of a lot that is used up, nor twice when both instants have gone by', async () => {
    const usedUp = new Story(world.mail, 'esaurito');
    const both = new Story(world.mail, 'entrambe');
    for (const story of [usedUp, both]) {
      await story.meet(story.contact('dirigente', ['approver']));
      await story.open({ lot: { expiresOn: inDays(40) } });
    }
    await usedUp.lot({ expiresOn: inDays(40), remainingMinutes: 0 });
    world.mail.clock.moveBy(35 * DAY);
    await swept(usedUp, 2);
    await swept(both, 2);
    expect(await noticesOf(usedUp)).toBe(0);
    expect(await noticesOf(both)).toBe(2);
  });
});
