import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually } from '@monteore/testing';
import { MailWorld } from '../testing/mail-world.js';
import { Story, type StoryContact } from '../testing/story.js';

const HOUR = 3_600_000;

const world = new MailWorld();
beforeEach(() => world.start());
afterEach(() => world.stop());

/** A package with these contacts, so that each is written to once. */
async function opened(...labels: readonly string[]): Promise<[Story, ...StoryContact[]]> {
  const story = new Story(world.mail, 'invio');
  const contacts = labels.map((label) => story.contact(label, ['viewer']));
  await story.meet(...contacts);
  await story.open();
  return [story, ...contacts];
}

const rowOf = async (contact: StoryContact) => {
  const rows = await world.query<{
    state: string;
    attempts: number;
    failure: string | null;
    message_id: string;
  }>('SELECT state, attempts, failure, message_id FROM outbound_mails WHERE recipient_id = $1', [
    contact.contactId,
  ]);
  return rows[0]!;
};

const reaches = (contact: StoryContact, state: string) =>
  eventually(async () => (await rowOf(contact))?.state === state, `${contact.email} ${state}`);

const tried = (contact: StoryContact, times: number) =>
  eventually(async () => (await rowOf(contact))?.attempts >= times, `${times} attempts`);

describe('R11 a failing mail server delays, never loses', () => {
  it('sends again after a refusal that passes, later each time, and others meanwhile', async () => {
    world.sink.behave('lento@invio.example', { code: 451 });
    const [, slow, quick] = await opened('lento', 'svelto');
    await reaches(quick!, 'sent');
    await tried(slow!, 1);
    expect(await rowOf(slow!)).toMatchObject({ state: 'queued', failure: 'smtp-451' });
    world.mail.clock.moveBy(HOUR);
    await tried(slow!, 2);
    world.sink.behave(slow!.email, 'accept');
    world.mail.clock.moveBy(HOUR);
    await reaches(slow!, 'sent');
    expect(world.sink.to(slow!.email)).toHaveLength(1);
    expect(await rowOf(slow!)).toMatchObject({ failure: null });
  });

  it('keeps and shows a mail whose recipient is refused for good, and sends the others', async () => {
    world.sink.behave('ignoto@invio.example', { code: 550 });
    const [story, unknown, known] = await opened('ignoto', 'noto');
    await reaches(unknown!, 'failed');
    await reaches(known!, 'sent');
    world.mail.clock.moveBy(HOUR);
    const path = `/v1/outbound-mail?packageId=${story.packageId}&state=failed`;
    const { body } = await world.mail.get(path, 'team-member', story.referentId);
    expect(body.items).toMatchObject([
      { to: unknown!.email, state: 'failed', failure: 'smtp-550', attempts: 1, sentAt: null },
    ]);
    expect(world.sink.to(unknown!.email)).toEqual([]);
  });

  it('is not held up by a server that hangs for one recipient', async () => {
    world.sink.behave('appeso@invio.example', 'hang');
    const [, hanging, ...others] = await opened('appeso', 'uno', 'due', 'tre', 'quattro', 'cinque');
    for (const other of others) await reaches(other, 'sent');
    expect((await rowOf(hanging!)).state).toBe('queued');
  });

  it('repeats the identical mail when the connection is lost after DATA', async () => {
    world.sink.behave('perso@invio.example', 'drop-after-data');
    const [, lost] = await opened('perso');
    await tried(lost!, 1);
    world.sink.behave(lost!.email, 'accept');
    world.mail.clock.moveBy(HOUR);
    await reaches(lost!, 'sent');
    const [first, second] = world.sink.to(lost!.email);
    expect(second!.raw.equals(first!.raw)).toBe(true);
    expect(first!.raw.toString()).toContain(`Message-ID: <${(await rowOf(lost!)).message_id}>`);
  });

  it('repeats the identical mail after a crash between sending and recording, also when names have changed', async () => {
    const [story, contact] = await opened('crollo');
    await reaches(contact!, 'sent');
    await world.query(`UPDATE outbound_mails SET state = 'queued', sent_at = NULL`);
    await story.introduce({ ...contact!, name: 'Un altro nome' });
    await world.mail.restart();
    await reaches(contact!, 'sent');
    const [first, second] = world.sink.to(contact!.email);
    expect(second!.raw.equals(first!.raw)).toBe(true);
  });

  it('sends what was queued before a restart', async () => {
    world.sink.behave('dopo@invio.example', { code: 421 });
    const [, contact] = await opened('dopo');
    await tried(contact!, 1);
    world.sink.behave(contact!.email, 'accept');
    await world.mail.restart();
    world.mail.clock.moveBy(HOUR);
    await reaches(contact!, 'sent');
  });
});

describe('R11 a mail is written once', () => {
  it('is not written again by a replay, not even to contacts who came later', async () => {
    const [story, first] = await opened('primo');
    await reaches(first!, 'sent');
    const late = story.contact('tardi', ['viewer']);
    await story.introduce(late);
    await story.register(late);
    await world.query('DELETE FROM consumer_marks');
    await world.query('DELETE FROM consumer_offsets');
    await world.mail.restart();
    const marks = await eventually(async () => {
      const rows = await world.query<{ position: string }>(
        `SELECT position FROM consumer_marks WHERE source = 'monteore.ledger/test' AND key = $1`,
        [story.clientId],
      );
      return rows[0]?.position === '5' ? rows : null;
    });
    expect(marks).toHaveLength(1);
    expect((await world.mailsOf(story.packageId)).map((row) => row.recipient_id)).toEqual([first!.contactId]);
  });

  it('is sent by one of several instances', async () => {
    const other = await world.mail.second();
    const labels = Array.from({ length: 12 }, (_, index) => `c${index}`);
    const [, ...contacts] = await opened(...labels);
    for (const contact of contacts) await reaches(contact, 'sent');
    await other.stop();
    expect(world.sink.received).toHaveLength(contacts.length);
  });

  it('is sent by another instance when the one that sends ends', async () => {
    const other = await world.mail.second();
    const story = new Story(world.mail, 'invio');
    const contact = story.contact('uno', ['viewer']);
    await story.meet(contact);
    const { service } = world.mail;
    world.mail.started.service = other;
    await service.stop();
    await story.open();
    await reaches(contact, 'sent');
    expect(world.sink.to(contact.email)).toHaveLength(1);
  });
});

describe('R11 addresses come on another topic, and may go', () => {
  it('waits for the address of its recipient and of the referent', async () => {
    const story = new Story(world.mail, 'invio');
    const contact = story.contact('attesa', ['viewer']);
    await story.register(contact);
    await story.open();
    expect(await rowOf(contact)).toMatchObject({ state: 'queued', attempts: 0 });
    await story.introduce(contact);
    expect(await rowOf(contact)).toMatchObject({ state: 'queued', attempts: 0 });
    await story.meetReferent();
    await reaches(contact, 'sent');
    expect(world.sink.to(contact.email)[0]!.from).toBe(story.referentEmail);
  });

  it('writes to nobody who has been erased, and forgets what was written', async () => {
    world.sink.behave('uno@invio.example', { code: 451 });
    const [story, queued, sent] = await opened('uno', 'due');
    await tried(queued!, 1);
    await reaches(sent!, 'sent');
    for (const { contactId } of [queued!, sent!]) await world.mail.erasePerson(contactId);
    world.sink.behave(queued!.email, 'accept');
    world.mail.clock.moveBy(HOUR);
    await reaches(queued!, 'failed');
    expect(await rowOf(queued!)).toMatchObject({ failure: 'recipient-erased' });
    await eventually(async () =>
      (
        await world.query<{ rendered: Buffer | null; subject: string | null }>(
          'SELECT rendered, subject FROM outbound_mails WHERE package_id = $1',
          [story.packageId],
        )
      ).every((row) => row.rendered === null && row.subject === null),
    );
    expect(world.sink.to(queued!.email)).toEqual([]);
    expect((await rowOf(sent!)).state).toBe('sent');
  });
});
