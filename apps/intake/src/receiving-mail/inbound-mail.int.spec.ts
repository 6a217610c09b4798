import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { sha256Hex } from '@monteore/kernel';
import { IntakeWorld } from '../testing/intake-world.js';
import { TEAM, twoClients } from '../testing/two-clients.js';

const clients = twoClients();

describe('R8 mails handed over through REST', () => {
  it('answers the disposition, shows the request and gives the raw mail back byte for byte', async () => {
    const raw = clients.mail();
    const taken = await clients.deliver(raw);
    expect(taken).toMatchObject({ status: 202, body: { disposition: 'request' } });
    const { requestId } = taken.body;
    expect((await clients.get(`/v1/requests/${requestId}`)).body).toMatchObject({
      channel: 'mail',
      packageId: clients.sito,
      messageId: `posta.${clients.made}@comune.example`,
      rawSha256: sha256Hex(raw),
    });
    const back = await clients.get(`/v1/requests/${requestId}/raw`, clients.luca);
    expect(back.headers['content-type']).toContain('message/rfc822');
    expect(sha256Hex(back.bytes)).toBe(sha256Hex(raw));
    expect((await clients.deliver(raw)).body).toMatchObject({ disposition: 'duplicate', requestId });
  });

  it('gives the same answer for the same Idempotency-Key, and refuses it with another mail', async () => {
    const headers = { 'idempotency-key': `mail-${clients.made}` };
    const first = await clients.deliver(clients.mail(), headers);
    expect((await clients.deliver(clients.mail(), headers)).body).toEqual(first.body);
    expect(first.body.disposition).toBe('request');
    expect(await clients.deliver(clients.mail({ text: 'Altro.' }), headers)).toMatchObject({
      status: 422,
      body: { code: 'service.idempotency-key-reused' },
    });
  });

  it('takes it from the team and from machines with the scope, from no contact', async () => {
    const machine = { role: 'machine' as const, scopes: ['intake:mail'] };
    expect((await clients.deliver(clients.mail(), {}, machine)).status).toBe(202);
    expect(
      (await clients.deliver(clients.mail(), {}, { role: 'machine', scopes: ['intake:read'] })).status,
    ).toBe(403);
    expect((await clients.deliver(clients.mail(), {}, clients.luca)).status).toBe(403);
    expect((await clients.deliver(clients.mail(), {}, null)).status).toBe(401);
  });

  it.each([
    ['application/json', '{}', 415],
    ['text/plain', 'From: a@b', 415],
    ['application/octet-stream', 'From: a@b', 415],
    ['message/rfc822', '', 400],
  ])('refuses %s', async (type, payload, status) => {
    const answer = await clients.world.call(TEAM, 'POST', '/v1/inbound-mail', payload, {
      'content-type': type,
    });
    expect([answer.status, typeof answer.body.code]).toEqual([status, 'string']);
  });

  it('takes 25 MiB and refuses more with 413', async () => {
    const limit = 25 * 1024 * 1024;
    const head = clients.mail({ subject: 'Grande' });
    const line = Buffer.from(`${'x'.repeat(998)}\r\n`);
    const lines = Buffer.alloc(limit, line);
    const fitting = Buffer.concat([head, lines.subarray(0, limit - head.length)]);
    expect((await clients.deliver(fitting)).status).toBe(202);
    const over = await clients.deliver(Buffer.concat([fitting, Buffer.from('x')]));
    expect(over).toMatchObject({ status: 413, body: { code: 'service.too-large' } });
  }, 60_000);
});

describe('R8 a mail is taken once by two instances', () => {
  let second: IntakeWorld;
  beforeAll(async () => {
    second = await IntakeWorld.start(clients.database.url);
  }, 60_000);
  afterAll(async () => {
    await second?.stop();
  });

  it('that get it, and the reply to it, at the same moment', async () => {
    const both = (raw: Buffer) =>
      Promise.all(
        [clients.world, second, clients.world, second, second, clients.world].map((instance) =>
          instance.call(TEAM, 'POST', '/v1/inbound-mail', raw, { 'content-type': 'message/rfc822' }),
        ),
      );
    const of = (answers: Awaited<ReturnType<typeof both>>, disposition: string) =>
      answers.filter(({ body }) => body.disposition === disposition).length;
    const messageId = `two.${clients.made}@comune.example`;
    const asked = await both(clients.mail({ messageId }));
    expect([of(asked, 'request'), of(asked, 'duplicate')]).toEqual([1, 5]);
    expect(new Set(asked.map(({ body }) => body.requestId)).size).toBe(1);
    const headers = [`In-Reply-To: <${messageId}>`];
    const answered = await both(
      clients.mail({ messageId: `re.${clients.made}@c`, headers, text: 'Grazie.' }),
    );
    expect([of(answered, 'reply'), of(answered, 'duplicate')]).toEqual([1, 5]);
    const { requestId } = asked[0]!.body;
    for (const instance of [clients.world, second]) {
      const { body } = await instance.call(TEAM, 'GET', `/v1/requests/${requestId}`);
      expect(body.replies).toHaveLength(1);
    }
  });
});

describe('the description of the routes', () => {
  it('names every path of intake', async () => {
    const { body } = await clients.get('/openapi.json');
    expect(Object.keys(body.paths)).toEqual(
      expect.arrayContaining([
        '/v1/requests',
        '/v1/requests/{requestId}',
        '/v1/requests/{requestId}/raw',
        '/v1/requests/{requestId}/take-in-charge',
        '/v1/requests/{requestId}/split',
        '/v1/requests/{requestId}/dismissal',
        '/v1/inbound-mail',
        '/v1/take-in-charge-deadline',
        '/v1/quarantine',
        '/v1/quarantine/{mailId}/release',
        '/v1/quarantine/{mailId}/discard',
        '/v1/outbound-mail',
      ]),
    );
  });
});
