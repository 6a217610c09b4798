import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '@monteore/testing';
import { MailWorld, snapshot, tokenIn } from '../testing/mail-world.js';
import { Story } from '../testing/story.js';

const world = new MailWorld();
beforeAll(() => world.start());
afterAll(() => world.stop());

describe('R11 threaded with the request', () => {
  it('confirms to the sender with number, deadline and urgency, as an answer to the request', async () => {
    const story = new Story(world.mail, 'ricevuta');
    const sender = story.contact('turismo', ['requester']);
    await story.meet(sender);
    await story.open();
    const messageId = 'banner-1@comune.example';
    const requestId = await world.keepRequest(story, {
      number: 41,
      contactId: sender.contactId,
      email: sender.email,
      subject: 'Re: Nuovo banner',
      messageId,
    });
    await world.receive(story, requestId, 41);
    const first = await world.mailTo(sender.email, 'request-received');
    expect(first.parsed.subject).toBe('Re: Nuovo banner – Richiesta R-41 ricevuta');
    expect(first.parsed.inReplyTo).toBe(`<${messageId}>`);
    expect(first.parsed.references).toEqual(['<root@client.example>', `<${messageId}>`]);
    expect(first.text).toContain('lunedì 2 dicembre 2030, ore 18:00');
    expect(first.text).toContain('al triplo del tempo effettivo');

    await story.askDecision(story.activity({ requestId }));
    const second = await world.mailTo(sender.email, 'estimate-to-decide');
    expect(second.parsed.subject).toBe('Re: Nuovo banner – Stima da approvare: Banner (extra)');
    expect(second.parsed.inReplyTo).toBe(`<${messageId}>`);
    expect(second.parsed.references).toEqual([
      '<root@client.example>',
      `<${messageId}>`,
      first.parsed.messageId,
    ]);
  });

  it('lets no header in by subject, name or Message-ID', async () => {
    const story = new Story(world.mail, 'ostile');
    const sender = {
      ...story.contact('ufficio', ['requester']),
      name: 'Rossi"\r\nBcc: spia@altrove.example\r\n <x@y.example>',
    };
    await story.meet(sender);
    await story.open({ name: '<script>alert(1)</script>\r\nX-Evil: 1' });
    const requestId = await world.keepRequest(story, {
      number: 42,
      contactId: sender.contactId,
      email: sender.email,
      subject: '=cmd|calc\r\nBcc: spia@altrove.example\r\n\r\n<b>',
      messageId: 'a b>\r\nX-Evil: 1',
    });
    await world.receive(story, requestId, 42);
    const parsed = await world.mailTo(sender.email, 'request-received');
    expect([...parsed.parsed.headers.keys()]).not.toEqual(expect.arrayContaining(['bcc']));
    expect([...parsed.parsed.headers.keys()]).not.toEqual(expect.arrayContaining(['x-evil']));
    expect(parsed.parsed.to).toMatchObject({ value: [{ address: sender.email }] });
    expect(parsed.parsed.subject).toContain('=cmd|calc Bcc: spia@altrove.example');
    expect(parsed.parsed.references).toBe('<root@client.example>');
    expect(parsed.html).not.toContain('<script');
    expect(parsed.html).toContain('&lt;script&gt;alert(1)&lt;/script&gt; X-Evil: 1');
    expect(world.sink.to('spia@altrove.example')).toEqual([]);
  });

  it('confirms to a released sender who is nobody’s contact', async () => {
    const story = new Story(world.mail, 'rilasciata');
    await story.meet();
    await story.open();
    const requestId = await world.keepRequest(story, {
      number: 43,
      email: 'nuovo@rilasciata.example',
      subject: 'Prova',
    });
    await world.receive(story, requestId, 43);
    const parsed = await world.mailTo('nuovo@rilasciata.example', 'request-received');
    expect(parsed.parsed.subject).toBe('Re: Prova – Richiesta R-43 ricevuta');
    const list = await world.mail.get(
      `/v1/outbound-mail?packageId=${story.packageId}`,
      'referent',
      story.referentId,
    );
    expect(list.body.items).toMatchObject([{ to: 'nuovo@rilasciata.example', kind: 'request-received' }]);
  });
});

describe('R8, R9 told by intake itself', () => {
  it('answers "approvo" with the link that decides', async () => {
    const story = new Story(world.mail, 'approvo');
    const approver = story.contact('dirigente', ['approver']);
    await story.meet(approver);
    await story.open();
    const requestId = await world.keepRequest(story, {
      number: 45,
      contactId: approver.contactId,
      email: approver.email,
      subject: 'Banner',
    });
    const activity = story.activity({ requestId });
    await story.askDecision(activity);
    const reply = async (replyId: string, body: string) => {
      await world.query(
        `INSERT INTO replies (reply_id, request_id, contact_id, urgent, received_at, from_email, subject, body, message_id,
           message_references, package_id, client_id)
         VALUES ($1, $2, $3, false, now(), $4, 'Re: Banner', $5, $6, '{}', $7, $8)`,
        [
          replyId,
          requestId,
          approver.contactId,
          approver.email,
          body,
          `${replyId}@c.example`,
          story.packageId,
          story.clientId,
        ],
      );
      await world.mail.own(`request-${requestId}/${replyId}`, {
        type: 'ReplyReceived',
        data: {
          request: snapshot(story, requestId, 45),
          replyId,
          contactId: approver.contactId,
          urgent: false,
          receivedAt: world.mail.clock.now(),
          contentRef: 'c',
        },
      });
    };
    await reply('grazie', 'Grazie, aspettiamo la stima.');
    await reply('si', 'Approvo, grazie.');
    const parsed = await world.mailTo(approver.email, 'reply-approvo');
    expect(parsed.parsed.inReplyTo).toBe('<si@c.example>');
    const token = tokenIn(parsed.text, 'estimation/v1/decision-links');
    expect(await world.links.verify('decision', token)).toMatchObject({
      activityId: activity.activityId,
      version: 1,
      contactId: approver.contactId,
    });
    expect((await world.mailsOf(story.packageId)).filter((row) => row.kind === 'reply-approvo')).toHaveLength(
      1,
    );
  });

  it('tells the referent what waits in quarantine, and an authenticated viewer that its mail does', async () => {
    const story = new Story(world.mail, 'quarantena');
    const viewer = story.contact('protocollo', ['viewer']);
    await story.meet(viewer);
    await story.open();
    const quarantined = async (mailId: string, reason: 'viewer' | 'unauthenticated') => {
      await world.query(
        `INSERT INTO mails (mail_id, disposition, reason, state, received_at, raw_sha256, message_id, message_references,
           from_email, subject, deliveries) VALUES ($1, 'quarantined', $2, 'waiting', now(), 'r', $3, '{}', $4, 'Orari', 1)`,
        [mailId, reason, `${mailId}@c.example`, viewer.email],
      );
      await world.mail.own(`mail-${mailId}`, {
        type: 'MailAccepted',
        data: {
          mailId,
          rawSha256: 'r',
          contentRef: 'c',
          disposition: 'quarantined',
          reason,
          contactId: viewer.contactId,
          clientId: story.clientId,
          referentId: story.referentId,
          receivedAt: '2026-11-24T09:00:00.000Z',
        },
      });
    };
    await quarantined('forged', 'unauthenticated');
    expect((await world.mailTo(story.referentEmail, 'quarantine')).text).toContain('non risulta autenticato');
    await quarantined('looked', 'viewer');
    const told = await world.mailTo(viewer.email, 'viewer-waits');
    expect(told.parsed.inReplyTo).toBe('<looked@c.example>');
    expect(told.parsed.subject).toBe('Re: Orari – La vostra e-mail è in attesa');
    expect(world.sink.to(viewer.email).filter((one) => one.raw.includes('in attesa'))).toHaveLength(1);
    const toReferent = await eventually(async () => {
      const { text } = await world.mailTo(story.referentEmail, 'quarantine');
      return text.includes('non inviare richieste') ? text : null;
    });
    expect(toReferent).toContain(`Da: ${viewer.email}`);
    expect(toReferent).toContain('Oggetto: Orari');
  });

  it('reminds the referent one working day before the deadline and when it is missed', async () => {
    const story = new Story(world.mail, 'termine');
    await story.meet();
    await story.open();
    const requestId = await world.keepRequest(story, {
      number: 46,
      email: 'x@termine.example',
      subject: 'S',
    });
    await world.query(`INSERT INTO due_things (kind, entity_id, due_at) VALUES ('deadline-near', $1, $2)`, [
      requestId,
      world.mail.clock.now(),
    ]);
    expect((await world.mailTo(story.referentEmail, 'deadline-near')).parsed.subject).toContain(
      'R-46: resta un giorno',
    );
    await world.mail.own(`request-${requestId}`, {
      type: 'RequestDeadlineMissed',
      data: { request: snapshot(story, requestId, 46) },
    });
    expect((await world.mailTo(story.referentEmail, 'deadline-missed')).parsed.subject).toContain(
      'R-46: termine superato',
    );
  });

  it('does not remind of a request that was taken in charge', async () => {
    const story = new Story(world.mail, 'presa');
    await story.meet();
    await story.open();
    const requestId = await world.keepRequest(story, { number: 47, email: 'x@presa.example', subject: 'S' });
    const { core } = world.mail.service;
    await core.database.query(`UPDATE requests SET state = 'taken-in-charge' WHERE request_id = $1`, [
      requestId,
    ]);
    await core.database.query(
      `INSERT INTO due_things (kind, entity_id, due_at) VALUES ('deadline-near', $1, $2)`,
      [requestId, world.mail.clock.now()],
    );
    await eventually(async () => {
      const rows = await core.database.query(
        'SELECT 1 FROM due_things WHERE entity_id = $1 AND done_at IS NOT NULL',
        [requestId],
      );
      return rows.length === 1;
    });
    expect(await world.mailsOf(story.packageId)).toEqual([]);
  });
});
