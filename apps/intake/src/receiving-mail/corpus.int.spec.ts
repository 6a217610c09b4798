import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { sha256Hex } from '@monteore/kernel';
import { type TestDatabase, testDatabase } from '@monteore/testing';
import { corpusJson, corpusMail, type Directory } from '../testing/corpus.js';
import { IntakeWorld } from '../testing/intake-world.js';
import { TEAM } from '../testing/two-clients.js';

interface Expected {
  readonly file: string;
  readonly disposition: string;
  readonly client: string | null;
  readonly urgent?: boolean;
  readonly urgentEvidenceIncludes: string | null;
  readonly possiblySeveral?: boolean;
  readonly subject: string;
  readonly textIncludes: readonly string[];
  readonly textExcludes: readonly string[];
  readonly attachments: readonly string[];
  readonly why: string;
}

const expected = await corpusJson<readonly Expected[]>('expected.json');
const directory = await corpusJson<Directory>('directory.json');
const PLUS_ADDRESSED: Readonly<Record<string, string>> = {
  '11-few-things.eml': 'assistenza+harbour@agenzia.example',
};

let database: TestDatabase;
let world: IntakeWorld;
const clientIds = new Map<string, string>();
const mailIds = new Map<string, string>();

beforeAll(async () => {
  database = await testDatabase();
  world = await IntakeWorld.start(database.url);
  for (const client of directory.clients) {
    const clientId = await world.registerClient(client);
    clientIds.set(client.key, clientId);
    await world.openPackage(clientId, `Sito ${client.name}`, directory.referent);
  }
  for (const { file } of expected) {
    const answer = await world.deliver(await corpusMail(file), PLUS_ADDRESSED[file] ?? directory.referent);
    expect({ file, code: answer.code }).toEqual({ file, code: 250 });
    mailIds.set(file, /Kept as ([\w-]+)/.exec(answer.text)![1]!);
  }
  await world.caughtUp();
}, 120_000);

afterAll(async () => {
  await world?.stop();
  await database?.drop();
});

/** The mail as the store keeps it: the event of this very delivery, and the list's item. */
async function kept(file: string) {
  const mailId = mailIds.get(file)!;
  const raw = await corpusMail(file);
  const events = await world.service.core.store.readAll(0n, { limit: 1000 });
  const accepted = events.events.filter(
    (event) => event.type === 'MailAccepted' && event.data.rawSha256 === sha256Hex(asDelivered(raw)),
  );
  const list = await world.call(TEAM, 'GET', '/v1/inbound-mail?limit=200');
  const item = list.body.items.find((one: { mailId: string }) => one.mailId === mailId);
  return { accepted, item, mailId };
}

/** SMTP ends every mail with a line break. */
const asDelivered = (raw: Buffer): Buffer =>
  raw.subarray(-2).toString('latin1') === '\r\n' ? raw : Buffer.concat([raw, Buffer.from('\r\n')]);

describe('R8 thirty mails over SMTP, in order', () => {
  it.each(expected)('$file: $why', async (mail) => {
    const { accepted, item } = await kept(mail.file);
    const delivery = accepted.find((event) => event.data.disposition === mail.disposition);
    expect(accepted.map((event) => event.data.disposition)).toContain(mail.disposition);
    const clientOf = (id: unknown) => [...clientIds].find(([, clientId]) => clientId === id)?.[0] ?? null;
    expect(clientOf(delivery?.data.clientId)).toBe(mail.client);
    expect(item.subject).toBe(mail.subject);
    for (const words of mail.textIncludes) expect(item.text).toContain(words);
    for (const words of mail.textExcludes) expect(item.text).not.toContain(words);
    if (mail.disposition !== 'automatic') {
      expect(item.attachments.map((one: { name: string }) => one.name)).toEqual(mail.attachments);
    }
    if (mail.disposition !== 'request') return;
    const { body: request } = await world.call(TEAM, 'GET', `/v1/requests/${delivery?.data.requestId}`);
    expect(request).toMatchObject({
      urgent: mail.urgent,
      possiblySeveral: mail.possiblySeveral,
      subject: mail.subject,
      state: 'received',
      channel: 'mail',
    });
    expect(request.packageId).toBeDefined();
    expect(clientOf(request.clientId)).toBe(mail.client);
    expect(request.attachments.map((one: { name: string }) => one.name)).toEqual(mail.attachments);
    if (mail.urgentEvidenceIncludes !== null) {
      expect(request.urgencyEvidence.join('\n')).toContain(mail.urgentEvidenceIncludes);
    } else if (mail.urgent === false) expect(request.urgencyEvidence).toEqual([]);
    if (mail.possiblySeveral) expect(request.severalEvidence).not.toEqual([]);
    const raw = await world.call(TEAM, 'GET', `/v1/requests/${request.requestId}/raw`);
    expect(sha256Hex(raw.bytes)).toBe(sha256Hex(asDelivered(await corpusMail(mail.file))));
  });

  it('makes one request of each mail that asks, and none of the others', async () => {
    const { body } = await world.call(TEAM, 'GET', '/v1/requests?limit=200');
    expect(body.items).toHaveLength(expected.filter((mail) => mail.disposition === 'request').length);
  });

  it('attaches each reply to the request that it answers', async () => {
    const idOf = async (file: string) => (await kept(file)).item.requestId;
    for (const [reply, request] of [
      ['08-re-nuovo-banner.eml', '01-nuovo-banner.eml'],
      ['09-re-sync-error.eml', '02-sync-error.eml'],
    ] as const) {
      const requestId = await idOf(request);
      expect(await idOf(reply)).toBe(requestId);
      const { body } = await world.call(TEAM, 'GET', `/v1/requests/${requestId}`);
      expect(body.replies).toHaveLength(1);
      expect(body.replies[0]).toMatchObject({ seen: false, urgent: false });
    }
  });

  it('keeps quarantined and unreadable mails for a person, with why', async () => {
    const { body } = await world.call(TEAM, 'GET', '/v1/quarantine');
    const reasons = Object.fromEntries(
      body.items.map((item: { mailId: string; reason?: string; disposition: string }) => [
        [...mailIds].find(([, mailId]) => mailId === item.mailId)?.[0],
        item.reason ?? item.disposition,
      ]),
    );
    expect(reasons).toEqual({
      '15-illeggibile.eml': 'unreadable',
      '16-mostra-fotografica.eml': 'unknown-sender',
      '17-nuovo-amministratore.eml': 'unauthenticated',
    });
  });

  it('confirms each request once to who asked, tells the referent what waits, and answers no machine', async () => {
    const requests = expected.filter((mail) => mail.disposition === 'request').length;
    const told = async () => {
      const { body } = await world.call(TEAM, 'GET', '/v1/outbound-mail?limit=200&state=sent');
      return body.items as { kind: string; to: string }[];
    };
    const ofKind = async (kind: string) => (await told()).filter((mail) => mail.kind === kind);
    await world.until(async () => (await ofKind('request-received')).length >= requests);
    expect(await ofKind('request-received')).toHaveLength(requests);
    expect((await ofKind('quarantine')).map(({ to }) => to)).toEqual([
      directory.referent,
      directory.referent,
    ]);
    const causes = await world.query<{ kind: string; n: string }>(
      "SELECT kind, count(*) AS n FROM mail_causes WHERE kind <> 'package-opened' GROUP BY kind ORDER BY kind",
    );
    expect(causes).toEqual([
      { kind: 'quarantine', n: '2' },
      { kind: 'reply-approvo', n: '1' },
      { kind: 'request-received', n: String(requests) },
    ]);
  });

  it('counts the mail that came twice on the row of the first', async () => {
    const rows = await world.query<{ deliveries: number }>(
      'SELECT deliveries FROM mails WHERE mail_id = $1',
      [mailIds.get('01-nuovo-banner.eml')],
    );
    expect(rows).toEqual([{ deliveries: 2 }]);
    expect(mailIds.get('13-nuovo-banner-di-nuovo.eml')).toBe(mailIds.get('01-nuovo-banner.eml'));
  });
});
