import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { eventually, type Instance, plainMail, sendRawMail, startInstance } from '../harness/index.ts';
import { type Client, Desk, type Opened, unique } from './desk.ts';

const TRUSTED = 'mx.agenzia.example';

jest.setTimeout(30_000);

let instance: Instance;
let desk: Desk;
let client: Client;
let opened: Opened;

beforeAll(async () => {
  instance = await startInstance({ clock: true, flags: ['--trusted-authserv-id', TRUSTED] });
  desk = await Desk.of(instance);
  client = await desk.client();
  opened = await desk.package(client);
}, 90_000);

afterAll(() => instance?.stop());

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const withHeaders = (raw: Buffer, ...lines: string[]): Buffer =>
  Buffer.concat([Buffer.from(lines.map((line) => `${line}\r\n`).join('')), raw]);
const waiting = async (subject: string) =>
  (await desk.team.all('/intake/v1/quarantine')).find((mail) => mail.subject === subject);
const requestsAbout = async (subject: string) =>
  (await desk.requests()).filter((request) => request.subject === subject);

describe('R8 a mail becomes a request', () => {
  test('with all that api.md names, and its raw bytes under their SHA-256', async () => {
    const subject = unique('Banner');
    const text =
      'Buongiorno,\n\nvi chiediamo di sostituire il banner della home page.\n\nGrazie\n\n-- \nLuca Rossi\ntel. 000 000001';
    const { code, raw, messageId } = await desk.mail(
      `"Luca, l'ufficio" <${client.requester.email.toUpperCase()}>`,
      opened.mailbox,
      { subject, text },
    );
    expect(code).toBe(250);
    const request = await desk.requestBySubject(subject);
    expect(request).toMatchObject({
      packageId: opened.packageId,
      clientId: client.clientId,
      state: 'received',
      from: { email: client.requester.email, name: "Luca, l'ufficio" },
      subject,
      urgent: false,
      urgencyEvidence: [],
      possiblySeveral: false,
      severalEvidence: [],
      attachments: [],
      activityIds: [],
      replies: [],
    });
    expect(request.text).toContain('sostituire il banner');
    expect(request.text).not.toContain('000 000001');
    expect(`<${request.messageId}>`).toBe(messageId);
    const kept = await desk.team.bytes(`/intake/v1/requests/${request.requestId}/raw`);
    const answer = await desk.team.get(`/intake/v1/requests/${request.requestId}/raw`);
    expect(answer.headers.get('content-type')).toBe('message/rfc822');
    expect(answer.headers.get('etag')).toBe(`"${sha256(kept)}"`);
    expect(request.rawSha256).toBe(sha256(kept));
    expect(kept.includes(raw.subarray(raw.indexOf('From:')))).toBe(true);
    const confirmation = await desk.mailTo(client.requester.email, new RegExp(subject));
    expect(confirmation.text).toContain(`R-${request.number}`);
    expect(confirmation.parsed.inReplyTo).toBe(messageId);
  });

  test('REST and the raw-mail route are equal doors: the same text is read in the same way', async () => {
    const text = 'È urgente: il modulo di prenotazione non funziona più. Potete sistemarlo?';
    const [byMail, byRaw, byRest] = [unique('Modulo'), unique('Modulo'), unique('Modulo')];
    await desk.mail(client.requester.email, opened.mailbox, { subject: byMail, text });
    const raw = plainMail({
      from: client.requester.email,
      to: opened.mailbox,
      subject: byRaw,
      text,
      messageId: `<${unique('m')}@cliente.example>`,
    });
    const answer = await desk.deliver(raw);
    expect(answer.status).toBe(202);
    expect(answer.body).toMatchObject({ disposition: 'request' });
    expect((await desk.deliver(raw)).body).toMatchObject({
      disposition: 'duplicate',
      requestId: answer.body.requestId,
    });
    const asked = await desk.ask(opened.packageId, client.requester.email, byRest, text);
    const requests = await Promise.all([
      desk.requestBySubject(byMail),
      desk.request(answer.body.requestId),
      desk.request(asked.requestId),
    ]);
    for (const request of requests) {
      expect(request).toMatchObject({
        packageId: opened.packageId,
        clientId: client.clientId,
        state: 'received',
        from: { email: client.requester.email },
        urgent: true,
        text,
      });
      expect(request.urgencyEvidence.join(' ')).toMatch(/urgente/i);
      expect(request.takeInChargeBy).toBe(requests[0].takeInChargeBy);
      const told = await desk.mailTo(client.requester.email, new RegExp(request.subject));
      expect(told.text).toMatch(/triplo/);
      expect(told.html).toMatch(/triplo/);
    }
  });

  test.each([
    ['the field false wins over the words', 'Urgente: sistemate il sito.', false, false],
    ['the field true needs no words', 'Sistemate il sito quando potete.', true, true],
    ['absent, "non urgente" is no urgency', 'Non urgente: sistemate il sito.', undefined, false],
    ['absent, "urgent" is read', 'This is urgent, please fix the site.', undefined, true],
  ])('R2 by REST: %s', async (_, text, urgent, expected) => {
    const asked = await desk.ask(
      opened.packageId,
      client.approver.email,
      unique('Sito'),
      text,
      urgent === undefined ? {} : { urgent },
    );
    expect((await desk.request(asked.requestId)).urgent).toBe(expected);
  });
});

describe('R8 one request per e-mail', () => {
  const SEVERAL =
    'Vi chiediamo:\n1. di aggiornare gli orari nella pagina Contatti;\n2. di organizzare due ore di formazione sulla newsletter;\n3. è urgente: di sistemare l’avviso dei cookie.';

  test('several are flagged with the evidence and answered politely; a person splits them', async () => {
    const subject = unique('Alcune richieste');
    const { messageId } = await desk.mail(client.requester.email, opened.mailbox, { subject, text: SEVERAL });
    const request = await desk.requestBySubject(subject);
    expect(request.possiblySeveral).toBe(true);
    expect(request.severalEvidence.length).toBeGreaterThan(0);
    const polite = await desk.mailTo(client.requester.email, new RegExp(subject));
    expect(polite.text).toMatch(/una sola per ogni e-mail/);
    const parts = [
      { subject: `${subject} orari`, text: 'Aggiornare gli orari nella pagina Contatti.' },
      { subject: `${subject} corso`, text: 'Due ore di formazione sulla newsletter.' },
      { subject: `${subject} cookie`, text: 'Sistemare l’avviso dei cookie.', urgentWords: 'è urgente' },
    ];
    const path = `/intake/v1/requests/${request.requestId}/split`;
    const invented = [{ ...parts[0], urgentWords: 'subito, per favore' }, parts[1]];
    expect((await desk.team.post(path, { parts: invented })).body).toMatchObject({
      status: 422,
      code: 'intake.words-not-written',
      errors: [{ pointer: '/parts/0/urgentWords' }],
    });
    expect((await desk.team.post(path, { parts: [parts[0]] })).status).toBe(400);
    const { requestIds } = await desk.team.must(desk.team.post(path, { parts }));
    expect(requestIds).toHaveLength(3);
    expect((await desk.request(request.requestId)).state).toBe('split');
    const made = await Promise.all(requestIds.map((id: string) => desk.request(id)));
    expect(made.map(({ urgent }) => urgent)).toEqual([false, false, true]);
    for (const [index, part] of made.entries()) {
      expect(part).toMatchObject({
        state: 'received',
        packageId: opened.packageId,
        receivedAt: request.receivedAt,
        takeInChargeBy: request.takeInChargeBy,
        rawSha256: request.rawSha256,
        subject: parts[index]!.subject,
      });
      expect(`<${part.messageId}>`).toBe(messageId);
      const told = await desk.mailTo(client.requester.email, new RegExp(`R-${part.number} `));
      expect(/triplo/.test(told.text)).toBe(part.urgent);
    }
    const again = await desk.team.post(path, { parts: parts.slice(0, 2) });
    expect(again.status).toBe(409);
    expect((await desk.team.post(`/intake/v1/requests/${request.requestId}/take-in-charge`)).status).toBe(
      409,
    );
  });

  test.each([
    [
      'steps of one bug',
      'La pagina è lenta. Succede sempre così:\n1. apro la home;\n2. scelgo Collezioni;\n3. clicco sul filtro;\n4. la rotellina gira.\nPotete capire da che cosa dipende?',
    ],
    [
      'texts of one page',
      'Ecco i testi per la pagina "Come arrivare":\n- In treno: dalla stazione a piedi.\n- In auto: uscita Nord.\nLa pagina resta una sola.',
    ],
    [
      'the agenda of one training',
      'Vorremmo un’ora di formazione. Argomenti:\n- inserire un evento\n- caricare le foto\n- inviare la newsletter',
    ],
  ])('%s are one request', async (_, text) => {
    const asked = await desk.ask(opened.packageId, client.requester.email, unique('Una'), text);
    expect(asked.possiblySeveral).toBe(false);
  });

  test('a person accepts as one what seemed several', async () => {
    const asked = await desk.ask(opened.packageId, client.requester.email, unique('Insieme'), SEVERAL);
    expect(asked.possiblySeveral).toBe(true);
    const taken = await desk.team.must(
      desk.team.post(`/intake/v1/requests/${asked.requestId}/take-in-charge`),
    );
    expect(taken.state).toBe('taken-in-charge');
  });

  test('what asks for nothing is dismissed with its reason, and the sender is told', async () => {
    const subject = unique('Grazie');
    const asked = await desk.ask(opened.packageId, client.requester.email, subject, 'Grazie di tutto!');
    const path = `/intake/v1/requests/${asked.requestId}/dismissal`;
    expect((await desk.team.post(path, {})).body).toMatchObject({
      status: 400,
      errors: [{ pointer: '/reason' }],
    });
    const dismissed = await desk.team.must(desk.team.post(path, { reason: 'non chiede nulla' }));
    expect(dismissed).toMatchObject({ state: 'dismissed', dismissedBecause: 'non chiede nulla' });
    const told = await desk.mailTo(client.requester.email, new RegExp(`R-${asked.number} chiusa`));
    expect(told.text).toContain('non chiede nulla');
  });
});

describe('R8 the sender', () => {
  test.each(['unknown', 'viewer'] as const)('a mail of an %s waits; the referent is told', async (who) => {
    const subject = unique(`Da ${who}`);
    const from = who === 'viewer' ? client.viewer.email : `${unique('ignoto')}@altrove.example`;
    const answer = await desk.mail(from, opened.mailbox, { subject, text: 'Potete cambiare il logo?' });
    expect(answer.code).toBe(250);
    const mail = await eventually(() => waiting(subject), 'the mail in quarantine');
    expect(mail).toMatchObject({ from: { email: from }, text: 'Potete cambiare il logo?' });
    expect(await requestsAbout(subject)).toEqual([]);
    const told = await desk.mailTo(
      opened.mailbox,
      ({ text }) => text.includes(subject) && text.includes(from),
    );
    expect(told.subject).toContain('quarantena');
    if (who === 'viewer') {
      const answered = await desk.mailTo(from, new RegExp(subject));
      expect(answered.text).toMatch(/attende/);
    }

    const receivedAt = mail.receivedAt;
    instance.clock.advance({ days: 1 });
    const released = await desk.team.must(
      desk.team.post(
        `/intake/v1/quarantine/${mail.mailId}/release`,
        who === 'unknown' ? { contactId: client.requester.contactId } : {},
      ),
    );
    const request = await desk.request(released.requestId);
    expect(request).toMatchObject({
      clientId: client.clientId,
      packageId: opened.packageId,
      receivedAt,
      state: 'received',
      from: { email: from },
    });
    const counted = await desk.team.must(
      desk.team.get(
        `/intake/v1/take-in-charge-deadline?receivedAt=${receivedAt}&packageId=${opened.packageId}`,
      ),
    );
    expect(Date.parse(request.takeInChargeBy)).toBe(Date.parse(counted.takeInChargeBy));
    await eventually(async () => (await waiting(subject)) === undefined, 'it left the quarantine');
    expect((await desk.team.post(`/intake/v1/quarantine/${mail.mailId}/release`)).status).toBe(409);
    expect(
      (await desk.team.post(`/intake/v1/quarantine/${mail.mailId}/discard`, { reason: 'tardi' })).status,
    ).toBe(409);
  });

  test('what is discarded never becomes a request, and stays kept', async () => {
    const subject = unique('Offerta');
    await desk.mail('vendite@altrove.example', opened.mailbox, {
      subject,
      text: 'Comprate i nostri orologi.',
    });
    const mail = await eventually(() => waiting(subject), 'the mail in quarantine');
    const path = `/intake/v1/quarantine/${mail.mailId}`;
    expect((await desk.team.post(`${path}/discard`, {})).status).toBe(400);
    expect((await desk.team.post(`${path}/discard`, { reason: 'pubblicità' })).status).toBe(200);
    expect((await desk.team.post(`${path}/release`)).status).toBe(409);
    await eventually(async () => (await waiting(subject)) === undefined, 'it left the quarantine');
    const raw = await desk.team.bytes(`/intake/v1/inbound-mail/${mail.mailId}/raw`);
    expect(sha256(raw)).toBe(mail.rawSha256);
  });

  test.each([
    ['a failed DMARC of the trusted server', `${TRUSTED}; dmarc=fail header.from=x.example`, true],
    ['one that passed', `${TRUSTED}; dmarc=pass header.from=x.example`, false],
    ['one of another server', 'mx.altrove.example; dmarc=fail header.from=x.example', false],
    ['a comment', `${TRUSTED}; dmarc=pass (dmarc=fail) header.from=x.example`, false],
  ])('%s', async (_, results, isQuarantined) => {
    const subject = unique('Autenticata');
    const raw = withHeaders(
      plainMail({
        from: client.requester.email,
        to: opened.mailbox,
        subject,
        text: 'Potete cambiare il logo?',
        messageId: `<${unique('m')}@cliente.example>`,
      }),
      `Authentication-Results: ${results}`,
    );
    await sendRawMail(instance.smtp, raw, { from: client.requester.email, to: opened.mailbox });
    if (isQuarantined) {
      const mail = await eventually(() => waiting(subject), 'the mail in quarantine');
      expect(mail.reason).toBe('unauthenticated');
      expect(await requestsAbout(subject)).toEqual([]);
      await desk.mailTo(opened.mailbox, ({ text }) => text.includes(subject));
      expect(
        (await desk.mailsTo(client.requester.email)).some((told) => told.subject.includes(subject)),
      ).toBe(false);
    } else {
      expect((await desk.requestBySubject(subject)).packageId).toBe(opened.packageId);
    }
  });

  test('a forged pass below the failure of the trusted server proves nothing', async () => {
    const subject = unique('Falsa');
    const raw = withHeaders(
      plainMail({
        from: client.requester.email,
        to: opened.mailbox,
        subject,
        text: 'Potete cambiare il logo?',
        messageId: `<${unique('m')}@cliente.example>`,
      }),
      `Authentication-Results: ${TRUSTED}; dmarc=fail header.from=x.example`,
      `Authentication-Results: ${TRUSTED}; dmarc=pass header.from=x.example`,
    );
    expect((await desk.deliver(raw)).body.disposition).toBe('quarantined');
  });
});

describe('R8 never a relay', () => {
  test.each(['someone@elsewhere.example', 'nessuno@agenzia.example', 'postmaster@localhost'])(
    '%s is refused in the dialogue',
    async (to) => {
      const { code } = await desk.mail(client.requester.email, to, { subject: 'x', text: 'x' });
      expect(code).toBe(550);
    },
  );

  test('a mailbox beside a stranger: the dialogue refuses the stranger alone', async () => {
    const subject = unique('Due');
    const raw = plainMail({
      from: client.requester.email,
      to: opened.mailbox,
      subject,
      text: 'Potete cambiare il logo?',
      messageId: `<${unique('m')}@cliente.example>`,
    });
    const { code } = await sendRawMail(instance.smtp, raw, {
      from: client.requester.email,
      to: [opened.mailbox, 'someone@elsewhere.example'],
    });
    expect(code).toBe(250);
    await desk.requestBySubject(subject);
    const outside = (await instance.outbox.mails()).filter(({ to }) => to.includes('elsewhere'));
    expect(outside).toEqual([]);
  });
});

describe('R8 which package', () => {
  test('with several open ones: address, tag, thread; else none until a person assigns it', async () => {
    const two = await desk.client();
    const site = await desk.package(two, { name: unique('Sito') });
    const shop = await desk.package(two, { name: unique('Negozio'), referentEmail: site.mailbox });
    const [user, domain] = site.mailbox.split('@');
    const send = async (to: string, subject: string, more: { inReplyTo?: string } = {}) => {
      const sent = await desk.mail(two.requester.email, to, {
        subject,
        text: 'Potete aggiornare gli orari?',
        ...more,
      });
      expect(sent.code).toBe(250);
      return { ...sent, request: await desk.requestBySubject(subject) };
    };
    const plus = await send(`${user}+${shop.packageId.slice(0, 8)}@${domain}`, unique('Con il più'));
    expect(plus.request.packageId).toBe(shop.packageId);
    const tagged = await send(site.mailbox, `[P-${site.packageId.slice(0, 8)}] ${unique('Con il segno')}`);
    expect(tagged.request.packageId).toBe(site.packageId);
    const unsaid = await send(site.mailbox, unique('Senza'));
    expect(unsaid.request.packageId).toBeUndefined();
    expect(unsaid.request.clientId).toBe(two.clientId);

    const path = `/intake/v1/requests/${unsaid.request.requestId}/take-in-charge`;
    expect((await desk.team.post(path, { packageId: opened.packageId })).body.code).toBe(
      'intake.other-client',
    );
    const assigned = await desk.team.must(desk.team.post(path, { packageId: shop.packageId }));
    expect(assigned).toMatchObject({ packageId: shop.packageId, state: 'taken-in-charge' });
    const { activityId } = await shop.steps.estimatedExtra('Orari', 20, {
      requestId: unsaid.request.requestId,
    });
    expect(await desk.request(unsaid.request.requestId)).toMatchObject({ activityIds: [activityId] });
    await shop.steps.books({ heldMinutes: 20 });
  });
});

describe('R8 a mail is taken once', () => {
  test('also when it comes ten times at once, and again with other transport headers', async () => {
    const subject = unique('Dieci volte');
    const raw = plainMail({
      from: client.requester.email,
      to: opened.mailbox,
      subject,
      text: 'Potete cambiare il logo?',
      messageId: `<${unique('m')}@cliente.example>`,
    });
    const envelope = { from: client.requester.email, to: opened.mailbox };
    const answers = await Promise.all([
      ...Array.from({ length: 10 }, () => sendRawMail(instance.smtp, raw, envelope)),
      sendRawMail(instance.smtp, withHeaders(raw, 'Received: from a by b; now', 'X-Spam: no'), envelope),
    ]);
    expect(answers.map(({ code }) => code)).toEqual(answers.map(() => 250));
    expect(await requestsAbout(subject)).toHaveLength(1);
    const request = await desk.requestBySubject(subject);
    await desk.mailTo(client.requester.email, new RegExp(subject));
    expect(
      (await desk.mailsTo(client.requester.email)).filter((mail) =>
        mail.subject.includes(`R-${request.number} `),
      ),
    ).toHaveLength(1);
  });

  test('another content under its Message-ID is another mail', async () => {
    const subject = unique('Stesso');
    const messageId = `<${unique('m')}@cliente.example>`;
    for (const text of ['Potete cambiare il logo?', 'Potete cambiare il titolo?'])
      await desk.mail(client.requester.email, opened.mailbox, { subject, text, messageId });
    await eventually(async () => (await requestsAbout(subject)).length === 2, 'two requests');
  });
});

describe('R8 machines', () => {
  const AUTOMATIC = [
    ['an auto-reply', ['Auto-Submitted: auto-replied']],
    ['list mail', ['List-Id: <novita.altrove.example>', 'Precedence: list']],
    ['a read receipt', ['Content-Type: multipart/report; report-type=disposition-notification; boundary=x']],
    ['a bounce', ['Content-Type: multipart/report; report-type=delivery-status; boundary=x']],
  ] as const;

  test.each(AUTOMATIC)('%s starts nothing and gets no answer, also in a thread', async (_, headers) => {
    const asked = await desk.ask(
      opened.packageId,
      client.requester.email,
      unique('Filo'),
      'Cambiare il logo.',
    );
    const confirmation = await desk.mailTo(client.requester.email, new RegExp(`R-${asked.number} `));
    const subject = unique('Macchina');
    const raw = [
      ...headers,
      `From: ${client.requester.email}`,
      `To: ${opened.mailbox}`,
      `Subject: ${subject}`,
      `Message-ID: <${unique('m')}@cliente.example>`,
      `In-Reply-To: ${confirmation.parsed.messageId}`,
      'MIME-Version: 1.0',
      '',
      'Sono fuori ufficio. Approvo.',
      '',
    ].join('\r\n');
    expect((await desk.deliver(raw)).body).toEqual({
      disposition: 'automatic',
      mailId: expect.any(String),
    });
    // A later mail of a person is answered: by then an answer to the machine would have gone out as well.
    const later = await desk.ask(
      opened.packageId,
      client.requester.email,
      unique('Poi'),
      'Cambiare il logo.',
    );
    await desk.mailTo(client.requester.email, new RegExp(`R-${later.number} `));
    const told = (await desk.mailsTo(client.requester.email)).filter((mail) =>
      mail.subject.includes(`R-${asked.number} `),
    );
    expect(told.map(({ file }) => file)).toEqual([confirmation.file]);
    expect((await instance.outbox.mails()).filter((mail) => mail.text.includes(subject))).toEqual([]);
    expect(await requestsAbout(subject)).toEqual([]);
    expect((await desk.request(asked.requestId)).replies).toEqual([]);
  });

  test('what nobody can read is kept, and no request', async () => {
    const raw = Buffer.from([0, 1, 2, 3, 255, 254, 0, 10, 13, 0, 77]);
    const { status, body } = await desk.deliver(raw);
    expect([status, body.disposition]).toEqual([202, 'unreadable']);
    expect(body.requestId).toBeUndefined();
    expect(await desk.team.bytes(`/intake/v1/inbound-mail/${body.mailId}/raw`)).toEqual(raw);
  });

  test.each([
    ['another content type', 'text/plain', 'From: x', 415],
    ['JSON', 'application/json', '{}', 415],
    ['nothing', 'message/rfc822', '', 400],
  ])('%s is no mail', async (_, contentType, raw, status) => {
    const answer = await desk.team.post('/intake/v1/inbound-mail', raw, {
      headers: { 'content-type': contentType },
    });
    expect(answer.status).toBe(status);
    expect(answer.body.status).toBe(status);
  });
});

describe('R8 replies', () => {
  const thread = async () => {
    const subject = unique('Filo');
    const first = await desk.mail(client.requester.email, opened.mailbox, {
      subject,
      text: 'Potete aggiornare gli orari?',
    });
    const request = await desk.requestBySubject(subject);
    const confirmation = await desk.mailTo(client.requester.email, new RegExp(`R-${request.number} `));
    return { subject, first, request, answered: confirmation.parsed.messageId! };
  };
  const repliesOf = async (requestId: string, count: number) =>
    eventually(async () => {
      const { replies } = await desk.request(requestId);
      return replies.length >= count ? replies : null;
    }, 'the reply');

  test('attach to their request, from any contact of the client; they wait until they are seen', async () => {
    const { subject, request, answered } = await thread();
    const reply = {
      subject: `Re: ${subject}`,
      text: 'È urgente!\n\n> Avete scritto qualcosa di approvato',
      inReplyTo: answered,
    };
    const sent = await desk.mail(client.approver.email, opened.mailbox, reply);
    const nested = { subject: `Re: Re: ${subject}`, text: 'Solo la domenica.', inReplyTo: sent.messageId };
    await desk.mail(client.viewer.email, opened.mailbox, nested);
    const [first, second] = await repliesOf(request.requestId, 2);
    expect(first).toMatchObject({
      from: { email: client.approver.email },
      text: 'È urgente!',
      urgent: true,
      seen: false,
    });
    expect(second).toMatchObject({ from: { email: client.viewer.email }, text: 'Solo la domenica.' });
    const unseen = async () =>
      (await desk.team.all(`/intake/v1/replies?packageId=${opened.packageId}`)).map(({ replyId }) => replyId);
    await eventually(async () => (await unseen()).includes(second.replyId), 'the inbox of replies');
    expect(await unseen()).toContain(first.replyId);
    const path = `/intake/v1/requests/${request.requestId}/replies`;
    expect((await desk.team.post(`${path}/${first.replyId}/seen`)).body.seen).toBe(true);
    await eventually(async () => !(await unseen()).includes(first.replyId), 'it left the inbox');

    instance.clock.advance({ days: 3 });
    const { requestId } = await desk.team.must(desk.team.post(`${path}/${second.replyId}/request`));
    const own = await desk.request(requestId);
    expect(own).toMatchObject({ packageId: opened.packageId, receivedAt: second.receivedAt });
    const again = await desk.team.must(desk.team.post(`${path}/${second.replyId}/request`));
    expect(again.requestId).toBe(requestId);
  });

  test('a contact of another client starts a request of its own', async () => {
    const { request, answered } = await thread();
    const other = await desk.client();
    const theirs = await desk.package(other);
    const subject = unique('Altro');
    await desk.mail(other.requester.email, theirs.mailbox, {
      subject,
      text: 'Potete cambiare il logo?',
      inReplyTo: answered,
    });
    const own = await desk.requestBySubject(subject);
    expect(own).toMatchObject({ clientId: other.clientId, packageId: theirs.packageId });
    expect((await desk.request(request.requestId)).replies).toEqual([]);
  });

  test('"approvo" decides nothing: the answer points to the link', async () => {
    const { subject, request, answered } = await thread();
    const { activityId } = await opened.steps.estimatedExtra(`Lavoro ${subject}`, 90, {
      requestId: request.requestId,
    });
    await desk.mailTo(client.approver.email, new RegExp(`Lavoro ${subject}`));
    await desk.mail(client.approver.email, opened.mailbox, {
      subject: `Re: ${subject}`,
      text: 'Approvo.',
      inReplyTo: answered,
    });
    const pointer = await desk.mailTo(client.approver.email, /serve il link/);
    expect(pointer.text).toContain('/api/estimation/v1/decision-links/');
    expect(pointer.text).toContain(`Lavoro ${subject}`);
    expect(await opened.steps.activity(activityId)).toMatchObject({
      approval: 'waiting',
      state: 'waiting-for-decision',
      heldMinutes: 0,
    });
  });

  test('one to a finished activity is flagged', async () => {
    const { subject, request, answered } = await thread();
    const { activityId } = await opened.steps.estimatedExtra(`Fatto ${subject}`, 20, {
      requestId: request.requestId,
    });
    await opened.steps.activityIn(activityId, 'active');
    await opened.steps.workStatus(activityId, 'done');
    await eventually(async () => {
      const sent = await desk.mail(client.requester.email, opened.mailbox, {
        subject: `Re: ${subject}`,
        text: `Manca ancora qualcosa (${unique('x')}).`,
        inReplyTo: answered,
      });
      expect(sent.code).toBe(250);
      const { replies } = await desk.request(request.requestId);
      return replies.some(({ flag }: { flag?: string }) => flag === 'activity-finished');
    }, 'a flagged reply');
  });

  test('the books of the package still agree', async () => {
    await opened.steps.books();
  });
});
