import { describe, expect, it } from '@jest/globals';
import { derivedId, sha256Hex } from '@monteore/kernel';
import { LUCA, MIA, NOWHERE, REFERENT, TEAM, twoClients } from '../testing/two-clients.js';

const clients = twoClients();

describe('R9 taken in charge', () => {
  it('by a person, honouring If-Match, quietly when repeated', async () => {
    const { requestId } = await clients.send();
    const path = `/v1/requests/${requestId}/take-in-charge`;
    const stale = await clients.world.call(TEAM, 'POST', path, {}, { 'if-match': '"7"' });
    expect(stale.status).toBe(412);
    expect((await clients.post(path)).body.state).toBe('taken-in-charge');
    expect(await clients.post(path, {})).toMatchObject({ status: 200, body: { state: 'taken-in-charge' } });
  });

  it('by making an activity of it, which links it', async () => {
    const { requestId } = await clients.send();
    const activityId = derivedId('activity', requestId);
    await clients.world.tellActivity('ActivityProposed', {
      activityId,
      packageId: clients.sito,
      clientId: clients.comune,
      requestId,
    });
    expect((await clients.get(`/v1/requests/${requestId}`)).body).toMatchObject({
      state: 'linked',
      activityIds: [activityId],
    });
    const types = await clients.world.service.core.store.read(`request-${requestId}`);
    expect(types.map(({ type }) => type)).toEqual([
      'RequestReceived',
      'RequestTakenInCharge',
      'RequestLinked',
    ]);
  });

  it('a request without a package is assigned with it, and told under its client', async () => {
    await clients.world.openPackage(clients.museo, 'Altra', REFERENT);
    const taken = await clients.deliver(clients.mail({ from: MIA.email }));
    const { requestId } = taken.body;
    expect((await clients.get(`/v1/requests/${requestId}`)).body.packageId).toBeUndefined();
    const path = `/v1/requests/${requestId}/take-in-charge`;
    expect((await clients.post(path, {})).body.code).toBe('intake.package-required');
    expect((await clients.post(path, { packageId: clients.sito })).body.code).toBe('intake.other-client');
    expect((await clients.post(path, { packageId: NOWHERE })).status).toBe(404);
    expect((await clients.post(path, { packageId: clients.mostra })).body).toMatchObject({
      packageId: clients.mostra,
      clientId: clients.museo,
    });
  });

  it('tells until when, and which days were counted', async () => {
    const path = `/v1/take-in-charge-deadline?receivedAt=2026-12-18T19:00:00Z&packageId=${clients.sito}`;
    expect((await clients.get(path, clients.luca)).body).toEqual({
      countedFrom: '2026-12-21T08:00:00.000Z',
      workingDays: ['2026-12-22', '2026-12-23', '2026-12-28', '2026-12-29', '2026-12-30'],
      takeInChargeOn: '2026-12-30',
      takeInChargeBy: '2026-12-30T17:00:00.000Z',
    });
    expect((await clients.get(path, clients.mia)).status).toBe(404);
    for (const at of ['yesterday', '1021-01-01T00:00:00Z', '9999-12-31T23:59:59Z']) {
      expect((await clients.get(`/v1/take-in-charge-deadline?receivedAt=${at}`)).status).toBe(400);
    }
  });
});

describe('R9 the clock of a request', () => {
  it('reminds when one working day is left, and records a missed deadline', async () => {
    const { requestId, takeInChargeBy } = await clients.send();
    const dueOf = () =>
      clients.world.query<{ kind: string; waits: boolean }>(
        'SELECT kind, done_at IS NULL AS waits FROM due_things WHERE entity_id = $1 ORDER BY kind',
        [requestId],
      );
    await clients.world.caughtUp();
    expect(await dueOf()).toEqual([
      { kind: 'deadline-near', waits: true },
      { kind: 'request-missed', waits: true },
    ]);
    clients.world.clock.moveTo(new Date(Date.parse(takeInChargeBy) + 1000).toISOString());
    await clients.world.until(
      async () => (await clients.get(`/v1/requests/${requestId}`)).body.deadlineMissed === true,
    );
    expect((await clients.get(`/v1/requests/${requestId}`)).body.state).toBe('received');
  });

  it('is called off once somebody took it in charge', async () => {
    const { requestId } = await clients.send();
    await clients.post(`/v1/requests/${requestId}/take-in-charge`);
    await clients.world.caughtUp();
    const rows = await clients.world.query(
      'SELECT 1 FROM due_things WHERE entity_id = $1 AND done_at IS NULL',
      [requestId],
    );
    expect(rows).toEqual([]);
  });
});

describe('R8 splitting and dismissing', () => {
  const parts = [
    { subject: 'Orari', text: 'Aggiornare gli orari.' },
    { subject: 'Cookie', text: 'È urgente: il pulsante non si vede.' },
  ];

  it('makes requests of the parts, with the mail and the deadline of the whole', async () => {
    const raw = clients.mail({ text: 'Due cose, e la prima entro oggi pomeriggio.' });
    const { requestId } = (await clients.deliver(raw)).body;
    const whole = (await clients.get(`/v1/requests/${requestId}`)).body;
    const marked = [
      { ...parts[0], urgentWords: 'entro oggi  pomeriggio' },
      parts[1],
      { subject: 'C', text: 'C' },
    ];
    const done = await clients.post(`/v1/requests/${requestId}/split`, { parts: marked });
    expect(done.body.requestIds).toHaveLength(3);
    const shown = await Promise.all(
      done.body.requestIds.map(async (id: string) => (await clients.get(`/v1/requests/${id}`)).body),
    );
    expect(shown.map(({ urgent }) => urgent)).toEqual([true, true, false]);
    for (const part of shown) {
      expect(part).toMatchObject({
        partOf: requestId,
        channel: 'part',
        state: 'received',
        takeInChargeBy: whole.takeInChargeBy,
        receivedAt: whole.receivedAt,
        packageId: clients.sito,
        from: { email: LUCA.email },
      });
      expect(sha256Hex((await clients.get(`/v1/requests/${part.requestId}/raw`)).bytes)).toBe(sha256Hex(raw));
    }
    expect((await clients.get(`/v1/requests/${requestId}`)).body).toMatchObject({
      state: 'split',
      partIds: done.body.requestIds,
    });
    const again = await clients.post(`/v1/requests/${requestId}/split`, { parts });
    expect(again).toMatchObject({ status: 409, body: { code: 'intake.request-over' } });
  });

  it('refuses one part, and words of urgency that the client did not write', async () => {
    const { requestId } = await clients.send();
    const path = `/v1/requests/${requestId}/split`;
    expect((await clients.post(path, { parts: parts.slice(0, 1) })).status).toBe(400);
    const invented = await clients.post(path, { parts: [{ ...parts[0], urgentWords: 'subito' }, parts[1]] });
    expect(invented).toMatchObject({
      status: 422,
      body: { code: 'intake.words-not-written', errors: [{ pointer: '/parts/0/urgentWords' }] },
    });
    expect((await clients.post(`/v1/requests/${NOWHERE}/split`, { parts })).status).toBe(404);
  });

  it('dismisses with a reason, once', async () => {
    const { requestId } = await clients.send();
    const path = `/v1/requests/${requestId}/dismissal`;
    expect((await clients.post(path, {})).status).toBe(400);
    expect((await clients.post(path, { reason: 'già fatto' })).body).toMatchObject({
      state: 'dismissed',
      dismissedBecause: 'già fatto',
    });
    expect((await clients.post(path, { reason: 'altro' })).status).toBe(409);
    expect((await clients.post(`/v1/requests/${requestId}/take-in-charge`)).status).toBe(409);
  });
});
