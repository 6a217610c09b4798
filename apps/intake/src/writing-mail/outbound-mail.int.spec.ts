import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomId } from '@monteore/kernel';
import { eventually } from '@monteore/testing';
import { MailWorld, tokenIn } from '../testing/mail-world.js';
import { Story, type StoryContact } from '../testing/story.js';

const world = new MailWorld();
let story: Story;
let other: Story;
let approver: StoryContact;
let viewer: StoryContact;
let foreigner: StoryContact;

beforeAll(async () => {
  await world.start();
  story = new Story(world.mail, 'comune');
  other = new Story(world.mail, 'museo');
  approver = story.contact('dirigente', ['approver']);
  viewer = story.contact('lettore', ['viewer']);
  foreigner = other.contact('direzione', ['approver']);
  await story.meet(approver, viewer);
  await story.open();
  await other.meet(foreigner);
  await other.open();
  await eventually(async () => {
    const rows = await world.query(`SELECT 1 FROM outbound_mails WHERE state = 'sent'`);
    return rows.length === 3;
  });
});
afterAll(() => world.stop());

const list = (query: string, role: 'approver' | 'viewer' | 'team-member' | 'auditor', subject: string) =>
  world.mail.get(`/v1/outbound-mail${query}`, role, subject);

describe('R11 mails out are recorded; R17 who sees which', () => {
  it('shows the team all mails of a package, newest first', async () => {
    const { status, body } = await list(`?packageId=${story.packageId}`, 'team-member', randomId());
    expect(status).toBe(200);
    expect(body.nextCursor).toBeNull();
    expect(body.items.map((item: { to: string }) => item.to).sort()).toEqual(
      [approver.email, viewer.email].sort(),
    );
    expect(body.items[0]).toMatchObject({
      kind: 'package-opened',
      state: 'sent',
      subject: 'Pacchetto orario aperto: Sito comune',
      packageId: story.packageId,
      attempts: 1,
      sentAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
    });
  });

  it('goes on from a cursor, and knows no other', async () => {
    const first = await list('?limit=2', 'team-member', randomId());
    const rest = await list(`?limit=2&cursor=${first.body.nextCursor}`, 'team-member', randomId());
    const ids = [...first.body.items, ...rest.body.items].map((item: { mailId: string }) => item.mailId);
    expect(new Set(ids).size).toBe(3);
    expect(rest.body.nextCursor).toBeNull();
    expect((await list('?cursor=abc', 'team-member', randomId())).status).toBe(400);
    expect((await list('?limit=0', 'team-member', randomId())).status).toBe(400);
    expect((await list('?packageId=7', 'team-member', randomId())).status).toBe(400);
  });

  it('shows a contact what was written to itself', async () => {
    for (const query of ['', `?packageId=${story.packageId}`]) {
      const { body } = await list(query, 'viewer', viewer.contactId);
      expect(body.items.map((item: { to: string }) => item.to)).toEqual([viewer.email]);
    }
  });

  it('answers for another client’s package as for none', async () => {
    const foreign = await list(`?packageId=${other.packageId}`, 'approver', approver.contactId);
    const unknown = await list(`?packageId=${randomId()}`, 'approver', approver.contactId);
    expect(foreign.status).toBe(404);
    expect({ ...foreign.body, traceId: '' }).toEqual({ ...unknown.body, traceId: '' });
  });

  it('shows a mail’s text, the link in it to its recipient alone', async () => {
    const [mine] = (await list('', 'approver', approver.contactId)).body.items;
    const own = await world.mail.get(`/v1/outbound-mail/${mine.mailId}`, 'approver', approver.contactId);
    const token = tokenIn(own.body.text, 'reporting/v1/board-links');
    const team = await world.mail.get(`/v1/outbound-mail/${mine.mailId}`, 'team-member', randomId());
    expect(team.body.text).toContain('https://ore.agenzia.example/api/reporting/v1/board-links/…');
    expect(team.body.text).not.toContain(token);
    expect(team.body.attachments).toEqual([]);
    for (const [role, subject] of [
      ['viewer', viewer.contactId],
      ['approver', foreigner.contactId],
    ] as const) {
      expect((await world.mail.get(`/v1/outbound-mail/${mine.mailId}`, role, subject)).status).toBe(404);
    }
  });

  it('is nothing of an auditor’s, who reads the ledger', async () => {
    expect((await list('', 'auditor', randomId())).status).toBe(403);
  });
});
