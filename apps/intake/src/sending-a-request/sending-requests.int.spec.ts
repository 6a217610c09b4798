import { describe, expect, it } from '@jest/globals';
import { takeInChargeDeadline } from '@monteore/calendar';
import { isUuid } from '@monteore/kernel';
import { LUCA, MIA, NOWHERE, REFERENT, TEAM, twoClients, VERA } from '../testing/two-clients.js';

const clients = twoClients();

describe('R8 requests over REST and form equal a mail', () => {
  it('answers with the deadline of R9 and shows the whole request', async () => {
    const sent = await clients.send({ text: 'È urgente: il sito è fermo.' });
    expect(isUuid(sent.requestId)).toBe(true);
    const shown = await clients.get(`/v1/requests/${sent.requestId}`);
    expect(shown.headers.etag).toBe('"1"');
    expect(shown.body).toMatchObject({
      requestId: sent.requestId,
      packageId: clients.sito,
      clientId: clients.comune,
      contactId: clients.luca.subject,
      state: 'received',
      channel: 'rest',
      from: { email: LUCA.email, name: 'Luca' },
      subject: `Prova ${clients.made}`,
      urgent: true,
      possiblySeveral: false,
      severalEvidence: [],
      attachments: [],
      activityIds: [],
      replies: [],
      takeInChargeBy: sent.takeInChargeBy,
    });
    expect(shown.body.urgencyEvidence.join()).toMatch(/urgente/);
    expect(sent.takeInChargeBy).toBe(
      takeInChargeDeadline(shown.body.receivedAt, ['2026-12-24']).takeInChargeBy,
    );
  });

  it.each([
    ['true', { urgent: true }, true],
    ['false, whatever the text says', { urgent: false, text: 'È urgente!' }, false],
    ['absent: a denial is read', { text: 'Non è urgente.' }, false],
  ])('urgent %s', async (_name, more, urgent) => {
    const { requestId } = await clients.send(more);
    expect((await clients.get(`/v1/requests/${requestId}`)).body.urgent).toBe(urgent);
  });

  it('flags several asks with the evidence, and drops none', async () => {
    const text = [
      'Buongiorno, ci servono tre cose:',
      '1. aggiornare gli orari dello sportello;',
      "2. un'ora di formazione sulla newsletter;",
      '3. il pulsante dei cookie non si vede.',
    ].join('\n');
    const { requestId, possiblySeveral } = await clients.send({ text });
    expect(possiblySeveral).toBe(true);
    expect((await clients.get(`/v1/requests/${requestId}`)).body.severalEvidence.length).toBeGreaterThan(1);
  });

  it('is one request for one Idempotency-Key, and refuses the key with another body', async () => {
    const headers = { 'idempotency-key': `key-${clients.made}` };
    const [first, second] = await Promise.all([
      clients.world.call(TEAM, 'POST', '/v1/requests', clients.body(), headers),
      clients.world.call(TEAM, 'POST', '/v1/requests', clients.body(), headers),
    ]);
    expect(second.body).toEqual(first.body);
    const other = await clients.world.call(
      TEAM,
      'POST',
      '/v1/requests',
      clients.body({ text: 'Altro.' }),
      headers,
    );
    expect(other).toMatchObject({ status: 422, body: { code: 'service.idempotency-key-reused' } });
  });

  it('a contact asks as itself, on its own package', async () => {
    const own = await clients.post('/v1/requests', clients.body({ fromEmail: undefined }), clients.luca);
    expect(own.status).toBe(201);
    expect((await clients.get(`/v1/requests/${own.body.requestId}`, clients.luca)).body).toMatchObject({
      channel: 'form',
      from: { email: LUCA.email },
    });
    expect(
      (await clients.post('/v1/requests', clients.body({ fromEmail: MIA.email }), clients.luca)).status,
    ).toBe(403);
    expect((await clients.post('/v1/requests', clients.body(), clients.vera)).status).toBe(403);
    const foreign = await clients.post('/v1/requests', clients.body({ fromEmail: undefined }), clients.mia);
    const unknown = await clients.post(
      '/v1/requests',
      clients.body({ fromEmail: undefined, packageId: NOWHERE }),
      clients.mia,
    );
    expect([foreign.status, foreign.body.code]).toEqual([404, unknown.body.code]);
    expect(foreign.body.detail).toBe(unknown.body.detail);
  });

  it.each([
    ['an address that is none', () => ({ fromEmail: 'nobody' }), 400, '/fromEmail'],
    ['no sender', () => ({ fromEmail: undefined }), 400, '/fromEmail'],
    ['an address that is no contact', () => ({ fromEmail: 'x@elsewhere.example' }), 422, '/fromEmail'],
    ['a viewer', () => ({ fromEmail: VERA.email }), 422, '/fromEmail'],
    ['a contact of another client', () => ({ fromEmail: MIA.email }), 422, '/fromEmail'],
    ['no subject', () => ({ subject: ' ' }), 400, '/subject'],
    ['a text that cannot be stored', () => ({ text: 'a\u0000b' }), 400, '/text'],
    ['a package id that is none', () => ({ packageId: '7' }), 400, '/packageId'],
  ])('refuses %s and stores nothing', async (_name, more, status, pointer) => {
    const before = await clients.world.service.core.store.head();
    const answer = await clients.post('/v1/requests', clients.body(more()));
    expect(answer.status).toBe(status);
    expect(answer.headers['content-type']).toContain('application/problem+json');
    expect(answer.body.errors[0].pointer).toBe(pointer);
    expect(await clients.world.service.core.store.head()).toBe(before);
  });
});

describe('R8 a client without an open package', () => {
  it('asks in vain over REST, and by mail for a person to assign', async () => {
    const contact = { email: 'ada@porto.example', name: 'Ada', roles: ['approver'] as const };
    const porto = await clients.world.registerClient({
      key: 'porto',
      name: 'Porto',
      language: 'en',
      contacts: [contact],
    });
    const packageId = await clients.world.openPackage(porto, 'Closing', REFERENT);
    await clients.world.startClosing(packageId, porto);
    const refused = await clients.post('/v1/requests', clients.body({ packageId, fromEmail: contact.email }));
    expect(refused).toMatchObject({ status: 409, body: { code: 'intake.package-not-open' } });
    const { body } = await clients.deliver(clients.mail({ from: contact.email }));
    expect(body.disposition).toBe('request');
    const { body: request } = await clients.get(`/v1/requests/${body.requestId}`);
    expect([request.clientId, request.packageId]).toEqual([porto, undefined]);
    await clients.world.caughtUp();
    const { body: list } = await clients.get('/v1/requests?assigned=false');
    expect(list.items.map((item: { requestId: string }) => item.requestId)).toContain(body.requestId);
  });
});
