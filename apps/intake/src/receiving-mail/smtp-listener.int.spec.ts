import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type TcpProxy, type TestDatabase, tcpProxy, testDatabase } from '@monteore/testing';
import { IntakeWorld } from '../testing/intake-world.js';
import { SmtpClient } from '../testing/smtp-client.js';
import { LUCA, REFERENT, TEAM } from '../testing/two-clients.js';
import { writtenMail } from '../testing/written-mail.js';

let database: TestDatabase;
let proxy: TcpProxy;
let world: IntakeWorld;
let clientId: string;

beforeAll(async () => {
  database = await testDatabase();
  const url = new URL(database.url);
  proxy = await tcpProxy(Number(url.port));
  url.port = String(proxy.port);
  world = await IntakeWorld.start(url.toString());
  clientId = await world.registerClient({ key: 'comune', name: 'Comune', language: 'it', contacts: [LUCA] });
  await world.openPackage(clientId, 'Sito', REFERENT);
}, 60_000);

afterAll(async () => {
  await world?.stop();
  await proxy?.close();
  await database?.drop();
});

let made = 0;
const mail = (more: Partial<Parameters<typeof writtenMail>[0]> = {}) => {
  made += 1;
  const subject = `Prova ${made}`;
  return writtenMail({ from: LUCA.email, subject, text: `Testo ${made}.`, messageId: `m${made}@c`, ...more });
};
const requestsWith = async (subject: string) => {
  await world.caughtUp();
  const { body } = await world.call(TEAM, 'GET', '/v1/requests?limit=200');
  return body.items.filter((item: { subject: string }) => item.subject === subject);
};

describe('R8 mail is accepted only for a referent’s mailbox', () => {
  it.each([
    ['the mailbox', REFERENT, 250],
    ['in other letter case', 'Assistenza@AGENZIA.example', 250],
    ['a plus-address', 'assistenza+sito@agenzia.example', 250],
    ['another mailbox of the domain', 'direzione@agenzia.example', 550],
    ['a contact of a client', LUCA.email, 550],
    ['somebody elsewhere', 'someone@elsewhere.example', 550],
    ['a source route', '@agenzia.example:someone@elsewhere.example', 550],
    ['a percent route', 'someone%elsewhere.example@agenzia.example', 550],
    ['a quoted relay', '"someone@elsewhere.example"@agenzia.example', 550],
  ])('%s: %s', async (_name, to, code) => {
    const client = await SmtpClient.connect(world.smtpPort);
    await client.say('MAIL FROM:<luca@comune.example>');
    const answer = await client.say(`RCPT TO:<${to}>`);
    client.quit();
    expect(answer.code === 250 ? 250 : answer.code >= 500 ? 550 : answer.code).toBe(code);
  });

  it('announces its limit, neither logs in nor encrypts, and takes no DATA without a recipient', async () => {
    const client = await SmtpClient.connect(world.smtpPort);
    const greeting = await client.say('EHLO again.test');
    expect(greeting.text).toContain('SIZE 26214400');
    expect(greeting.text).not.toMatch(/AUTH|STARTTLS/);
    await client.say('MAIL FROM:<luca@comune.example>');
    await client.say('RCPT TO:<someone@elsewhere.example>');
    expect((await client.say('DATA')).code).toBe(503);
    client.quit();
  });

  it('refuses a mail that is announced or turns out too large, and keeps nothing of it', async () => {
    const client = await SmtpClient.connect(world.smtpPort);
    expect((await client.say('MAIL FROM:<luca@comune.example> SIZE=26214401')).code).toBe(552);
    await client.say('MAIL FROM:<luca@comune.example>');
    await client.say(`RCPT TO:<${REFERENT}>`);
    const huge = mail({ subject: 'Enorme', text: `${'x'.repeat(998)}\r\n`.repeat(26_300) });
    expect((await client.data(huge)).code).toBe(552);
    client.quit();
    expect(await requestsWith('Enorme')).toEqual([]);
  }, 30_000);
});

describe('R8 a mail is taken once', () => {
  it('also when it is delivered ten times at once', async () => {
    const raw = mail({ subject: 'Dieci volte' });
    const answers = await Promise.all(Array.from({ length: 10 }, () => world.deliver(raw, REFERENT)));
    expect(new Set(answers.map(({ code }) => code))).toEqual(new Set([250]));
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
    expect(await requestsWith('Dieci volte')).toHaveLength(1);
  });

  it('also as a reply that is delivered several times at once', async () => {
    await world.deliver(mail({ subject: 'Filo', messageId: 'filo@c' }), REFERENT);
    const raw = mail({ subject: 'Re: Filo', headers: ['In-Reply-To: <filo@c>'] });
    const answers = await Promise.all(Array.from({ length: 5 }, () => world.deliver(raw, REFERENT)));
    expect(new Set(answers.map(({ code }) => code))).toEqual(new Set([250]));
    const [request] = await requestsWith('Filo');
    expect(request.replies).toHaveLength(1);
  });

  it('with other transport headers, and with a Message-ID that a server on the way added', async () => {
    const written = { from: LUCA.email, subject: 'Copia', text: 'Uguale.' };
    await world.deliver(writtenMail(written), REFERENT);
    await world.deliver(writtenMail({ ...written, headers: ['Received: from a by b; x'] }), REFERENT);
    await world.deliver(writtenMail({ ...written, messageId: 'added@mx' }), REFERENT);
    expect(await requestsWith('Copia')).toHaveLength(1);
  });

  it('but another content under its Message-ID is another mail', async () => {
    await world.deliver(mail({ subject: 'Stesso id', messageId: 'same@c', text: 'Uno.' }), REFERENT);
    await world.deliver(mail({ subject: 'Stesso id', messageId: 'same@c', text: 'Due.' }), REFERENT);
    expect(await requestsWith('Stesso id')).toHaveLength(2);
  });
});

describe('R8 machines', () => {
  it('a report that only its empty envelope sender shows starts no request', async () => {
    const raw = mail({ from: `MAILER-DAEMON@comune.example`, subject: 'Undeliverable: Prova' });
    await world.deliver(raw, REFERENT, '');
    await world.caughtUp();
    const { body } = await world.call(TEAM, 'GET', '/v1/inbound-mail?disposition=automatic');
    expect(body.items[0]).toMatchObject({ subject: 'Undeliverable: Prova', reason: 'bounce' });
  });
});

describe('R8 250 is said only after the commit', () => {
  it('asks again later while the database is away, and takes the mail then', async () => {
    const raw = mail({ subject: 'Dopo il guasto' });
    const client = await SmtpClient.connect(world.smtpPort);
    await client.say('MAIL FROM:<luca@comune.example>');
    expect((await client.say(`RCPT TO:<${REFERENT}>`)).code).toBe(250);
    proxy.mode = 'swallow-requests';
    proxy.cut();
    expect((await client.data(raw)).code).toBe(451);
    expect((await world.deliver(raw, REFERENT)).code).toBe(451);
    proxy.mode = 'pass';
    proxy.cut();
    client.quit();
    let answer = await world.deliver(raw, REFERENT);
    for (let tries = 0; answer.code !== 250 && tries < 20; tries += 1)
      answer = await world.deliver(raw, REFERENT);
    expect(answer.code).toBe(250);
    expect(await requestsWith('Dopo il guasto')).toHaveLength(1);
  }, 60_000);

  it('says 451, not 550, for a mailbox that may belong to a package not heard of yet', async () => {
    await world.service.inbox.stop();
    const opening = world.openPackage(clientId, 'Nuovo', 'nuovo.referente@agenzia.example');
    const early = await world.deliver(mail(), 'nuovo.referente@agenzia.example');
    expect(early.code).toBe(451);
    await world.service.inbox.start();
    await opening;
    expect((await world.deliver(mail(), 'nuovo.referente@agenzia.example')).code).toBe(250);
    expect((await world.deliver(mail(), 'altro@agenzia.example')).code).toBe(550);
  }, 60_000);

  it('says 451 while the address of a referent is still on its way', async () => {
    const referent = 'in.arrivo@agenzia.example';
    await world.openPackage(clientId, 'Senza indirizzo', referent, { referentIsKnown: false });
    expect((await world.deliver(mail(), referent)).code).toBe(451);
    await world.tellReferent(referent);
    expect((await world.deliver(mail(), referent)).code).toBe(250);
  }, 60_000);
});

describe('R8 the sender', () => {
  it('is recognised although its address comes after its roles', async () => {
    const nora = { email: 'nora@comune.example', name: 'Nora', roles: ['requester'] as const };
    const contactId = world.contactId(clientId, nora.email);
    const facts = { clientId, contactId, roles: nora.roles, previousRoles: [], active: true, language: 'it' };
    await world.tell('ledger', 'ContactChanged', facts);
    const delivered = world.deliver(mail({ from: nora.email, subject: 'Appena arrivata' }), REFERENT);
    await world.registerContact(clientId, nora);
    expect((await delivered).code).toBe(250);
    expect(await requestsWith('Appena arrivata')).toHaveLength(1);
  });
});
