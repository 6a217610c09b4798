import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { LogLines, TraceCollector } from '@monteore/service/testing';
import { eventually, type TestDatabase, testDatabase } from '@monteore/testing';
import { IntakeWorld } from '../testing/intake-world.js';
import { LUCA, REFERENT, TEAM } from '../testing/two-clients.js';
import { writtenMail } from '../testing/written-mail.js';

const logs = new LogLines();
let database: TestDatabase;
let collector: TraceCollector;
let world: IntakeWorld;

beforeAll(async () => {
  [database, collector] = [await testDatabase(), await TraceCollector.start()];
  const watched = { logLevel: 'trace', logTo: logs, tracesEndpoint: collector.endpoint };
  world = await IntakeWorld.start(database.url, {}, watched);
  const clientId = await world.registerClient({
    key: 'comune',
    name: 'Comune',
    language: 'it',
    contacts: [LUCA],
  });
  await world.openPackage(clientId, 'Sito', REFERENT);
}, 60_000);
afterAll(async () => {
  await world.stop();
  await collector.stop();
  await database.drop();
});

const mailFrom = (from: string, more: Partial<Parameters<typeof writtenMail>[0]> = {}) =>
  writtenMail({ from, subject: 'Il sito è fermo', text: 'Buongiorno, potete guardare?', ...more });

/** The log line of the mail that was kept under this id. */
const takenLine = (mailId: string) =>
  eventually(
    () => logs.with('a mail was taken').find((line) => line.mailId === mailId),
    `the line of ${mailId}`,
  );

test('a mail that arrives by SMTP is followed by one id and one trace, from its line to its events', async () => {
  const { code, text } = await world.deliver(mailFrom(LUCA.email), REFERENT);
  expect(code).toBe(250);
  const { correlationId, traceId } = await takenLine(/Kept as (\S+)/.exec(text)![1]!);
  const { events } = await world.service.core.store.readAll(0n);
  expect(events.length).toBeGreaterThan(1);
  for (const { metadata } of events) {
    expect(metadata.correlationId).toBe(correlationId);
    expect(metadata.traceparent).toContain(String(traceId));
  }
  const names = await eventually(() => {
    const spans = collector.of(String(traceId)).map(({ name }) => name);
    return spans.length >= 3 ? spans : null;
  }, 'the spans of the mail');
  expect(names.sort()).toEqual(['append', 'mail', 'publish RequestReceived']);
});

test('one that comes by REST is followed by the id of its call', async () => {
  const raw = mailFrom(LUCA.email, { subject: 'Altro' });
  const headers = { 'content-type': 'message/rfc822', 'x-correlation-id': 'call-of-the-gateway' };
  const answer = await world.started.call('POST', '/v1/inbound-mail', {
    token: world.started.token('administrator'),
    body: raw,
    headers,
  });
  expect(answer.status).toBe(202);
  const taken = logs.with('a mail was taken').filter((line) => line.correlationId === 'call-of-the-gateway');
  expect(taken).toMatchObject([{ disposition: 'request', traceId: expect.any(String) }]);
});

test('no line and no span holds an address, a subject or a text of a mail, in or out', async () => {
  await world.deliver(mailFrom('sconosciuto@altrove.example'), REFERENT);
  await world.deliver(Buffer.from('This is no mail'), REFERENT);
  await world.deliver(mailFrom(LUCA.email, { headers: ['Auto-Submitted: auto-replied'] }), REFERENT);
  await eventually(async () => {
    const { body } = await world.call(TEAM, 'GET', '/v1/outbound-mail?limit=200');
    return body.items.some((item: { state: string }) => item.state === 'sent');
  }, 'a mail out');
  expect(logs.with('a mail was taken').length).toBeGreaterThanOrEqual(5);
  const all = logs.text + collector.text;
  for (const part of [
    LUCA.email,
    'altrove.example',
    REFERENT,
    'fermo',
    'Buongiorno',
    'This is no mail',
    'eyJ',
  ])
    expect(all).not.toContain(part);
});
