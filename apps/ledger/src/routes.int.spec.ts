import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { integrationEvents } from '@monteore/contracts';
import { SetClock, StartedLedger } from './testing/started-ledger.js';

/** Tuesday 24 November 2026, 10:00 in Rome. */
const clock = new SetClock('2026-11-24T09:00:00.000Z');
let ledger: StartedLedger;
beforeAll(async () => {
  ledger = await StartedLedger.start(clock);
}, 60_000);
afterAll(() => ledger.stop());

describe('R1, R15 a package over REST', () => {
  it('is opened, topped up, adjusted, worked on, corrected, explained and closed', async () => {
    const { packageId, path, activityId } = await ledger.open(120, { policy: { toleranceMinutes: 0 } });
    expect((await ledger.get(path)).body).toMatchObject({
      packageId,
      clientId: ledger.clientId,
      name: 'Sito 2026',
      status: 'open',
      grantedMinutes: 120,
      postedMinutes: 120,
      heldMinutes: 0,
      availableMinutes: 120,
      referent: 'luca@agenzia.example',
      overruns: [],
    });
    const lot = await ledger.post(`${path}/lots`, { minutes: 60, expiresOn: '2027-01-31', reference: 'O-7' });
    expect([lot.status, Object.keys(lot.body)]).toEqual([201, ['lotId']]);
    expect((await ledger.post(`${path}/policy`, { toleranceMinutes: 5 })).body.policy.toleranceMinutes).toBe(
      5,
    );
    expect((await ledger.post(`${path}/adjustments`, { minutes: -10, reason: 'errore' })).status).toBe(201);
    await ledger.reserve(packageId, activityId, 60);
    const work = await ledger.work(path, activityId, 75);
    expect([work.status, work.body]).toEqual([
      201,
      {
        workEntryId: expect.any(String),
        actualMinutes: 75,
        chargedMinutes: 65,
        overrunMinutes: 10,
        overrunId: expect.any(String),
      },
    ]);
    const closure = { residual: 'expire', reason: 'fine' };
    const early = await ledger.post(`${path}/closure`, closure);
    expect([early.status, early.body.code]).toEqual([409, 'ledger.overruns-open']);
    const decision = `${path}/overruns/${work.body.overrunId}/decision`;
    expect((await ledger.post(decision, { decision: 'absorb', reason: 'x' })).body).toEqual({
      overrunId: work.body.overrunId,
      state: 'absorbed',
      minutes: 0,
    });
    const entry = `${path}/work-entries/${work.body.workEntryId}/reversal`;
    expect((await ledger.post(entry, { reason: 'x' })).status).toBe(201);
    expect((await ledger.post(entry, { reason: 'x' })).body.code).toBe('ledger.already-reversed');
    const closed = await ledger.post(`${path}/closure`, closure);
    expect([closed.status, closed.body]).toEqual([
      200,
      { packageId, status: 'closed', closedOn: '2026-11-24', residual: { kind: 'expire', minutes: 170 } },
    ]);
    expect((await ledger.post(`${path}/lots`, { minutes: 1 })).body.code).toBe('ledger.package-closed');

    const entries = (await ledger.get(`${path}/entries?limit=200`)).body.items;
    let [posted, held, previousHash] = [0, 0, '0'.repeat(64)];
    entries.forEach((item: Record<string, never>, index: number) => {
      posted += item.postedDeltaMinutes!;
      held += item.heldDeltaMinutes!;
      expect(item).toMatchObject({
        sequence: index + 1,
        postedMinutes: posted,
        heldMinutes: held,
        availableMinutes: posted - held,
        previousHash,
      });
      previousHash = item.hash!;
    });
    const verification = (await ledger.get(`${path}/verification`)).body;
    expect(verification).toMatchObject({
      entries: entries.length,
      chain: 'intact',
      agrees: true,
      headHash: previousHash,
    });
  });

  it('shows balances as of a day they happened on and of an instant they were recorded at', async () => {
    clock.instant = '2026-11-20T09:00:00.000Z';
    const { path, packageId, activityId } = await ledger.open(120);
    await ledger.reserve(packageId, activityId, 60);
    clock.instant = '2026-11-24T09:00:00.000Z';
    await ledger.work(path, activityId, 20, '2026-11-21');
    await ledger.work(path, activityId, 10, '2026-11-19');
    const balances = async (query: string) => {
      const { body } = await ledger.get(`${path}?${query}`);
      const lots = body.lots.map((lot: { remainingMinutes: number }) => lot.remainingMinutes);
      return [body.grantedMinutes, body.postedMinutes, body.heldMinutes, body.availableMinutes, lots];
    };
    expect(await balances('occurredAsOf=2026-11-19')).toEqual([0, 0, 0, 0, []]);
    expect(await balances('occurredAsOf=2026-11-20')).toEqual([120, 110, 50, 60, [110]]);
    expect(await balances('occurredAsOf=2026-11-21')).toEqual([120, 90, 30, 60, [90]]);
    expect(await balances('recordedAsOf=2026-11-20T08:59:59.999Z')).toEqual([0, 0, 0, 0, []]);
    expect(await balances('recordedAsOf=2026-11-20T10:00:00%2B01:00')).toEqual([120, 120, 60, 60, [120]]);
    expect(await balances('recordedAsOf=2026-11-20T09:00:00Z&occurredAsOf=2026-11-21')).toEqual([
      120,
      120,
      60,
      60,
      [120],
    ]);
    expect((await ledger.get(`${path}?occurredAsOf=2026-02-30`)).status).toBe(400);
    expect((await ledger.get(`${path}?recordedAsOf=yesterday`)).status).toBe(400);
  });

  it('pages through its lists with opaque cursors', async () => {
    const { path } = await ledger.open(60);
    for (const minutes of [1, 2, 3]) await ledger.post(`${path}/lots`, { minutes });
    const first = (await ledger.get(`${path}/entries?limit=2`)).body;
    const second = (await ledger.get(`${path}/entries?limit=50&cursor=${first.nextCursor}`)).body;
    expect([...first.items, ...second.items].map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4, 5]);
    expect(second.nextCursor).toBeNull();
    const seen: string[] = [];
    for (let cursor = ''; ; ) {
      const page = (await ledger.get(`/v1/packages?limit=1${cursor}`)).body;
      seen.push(...page.items.map((item: { packageId: string }) => item.packageId));
      if (page.nextCursor === null) break;
      cursor = `&cursor=${page.nextCursor}`;
    }
    expect(new Set(seen).size).toBe(seen.length);
    expect(path).toContain(seen.at(-1));
    for (const query of ['limit=0', 'limit=201', 'limit=x', 'cursor=rubbish']) {
      expect((await ledger.get(`/v1/packages?${query}`)).status).toBe(400);
      expect((await ledger.get(`${path}/entries?${query}`)).status).toBe(400);
    }
  });
});

describe('R6 an overrun over REST', () => {
  it('is charged on behalf of an approver who is named, and both names are kept', async () => {
    const { path, activityId } = await ledger.open(120);
    const { overrunId } = (await ledger.work(path, activityId, 30)).body;
    const decision = `${path}/overruns/${overrunId}/decision`;
    const body = { decision: 'charge', reason: 'al telefono' };
    for (const contactId of [undefined, ledger.viewerId, randomUUID()]) {
      const refused = await ledger.post(decision, { ...body, contactId });
      expect([refused.status, refused.body.code]).toEqual([422, 'ledger.approver-required']);
    }
    const given = { ...body, contactId: ledger.approverId };
    const key = { 'idempotency-key': randomUUID() };
    const first = await ledger.post(decision, given, ledger.admin, key);
    expect([first.status, first.body]).toEqual([200, { overrunId, state: 'charged', minutes: 0 }]);
    expect((await ledger.post(decision, given, ledger.admin, key)).body).toEqual(first.body);
    const items = (await ledger.get(`${path}/entries`)).body.items;
    expect(items.find(({ type }: { type: string }) => type === 'OverrunDecided').actor).toEqual({
      subject: 'administrator',
      role: 'administrator',
      onBehalfOf: ledger.approverId,
    });
  });

  it('is decided by the approver itself, who cannot absorb it', async () => {
    const { path, activityId } = await ledger.open(120);
    const { overrunId } = (await ledger.work(path, activityId, 30)).body;
    const decision = `${path}/overruns/${overrunId}/decision`;
    const approver = ledger.service.token('approver', ledger.approverId);
    expect((await ledger.post(decision, { decision: 'absorb', reason: 'x' }, approver)).status).toBe(403);
    const forOther = { decision: 'charge', reason: 'x', contactId: ledger.viewerId };
    expect((await ledger.post(decision, forOther, approver)).status).toBe(403);
    const refused = await ledger.post(decision, { decision: 'refuse', reason: 'no' }, approver);
    expect(refused.body).toEqual({ overrunId, state: 'refused', minutes: 30 });
    const viewer = ledger.service.token('viewer', ledger.viewerId);
    expect((await ledger.post(decision, { decision: 'charge', reason: 'x' }, viewer)).status).toBe(403);
  });
});

describe('calls that are repeated or late', () => {
  it('the same key and body give the stored answer, another body 422, ten at once are one', async () => {
    const { path } = await ledger.open(60);
    const key = { 'idempotency-key': 'ordine-7' };
    const calls = await Promise.all(
      Array.from({ length: 10 }, () => ledger.post(`${path}/lots`, { minutes: 30 }, ledger.admin, key)),
    );
    expect(new Set(calls.map(({ status, text }) => `${status} ${text}`)).size).toBe(1);
    await ledger.post(`${path}/adjustments`, { minutes: -80, reason: 'x' });
    const again = await ledger.post(`${path}/lots`, { minutes: 30 }, ledger.admin, key);
    expect([again.status, again.text]).toEqual([201, calls[0]!.text]);
    const other = await ledger.post(`${path}/lots`, { minutes: 31 }, ledger.admin, key);
    expect([other.status, other.body.code]).toEqual([422, 'service.idempotency-key-reused']);
    expect((await ledger.get(path)).body.postedMinutes).toBe(10);
  });

  it('repeat what was answered, also when it could not be asked any more', async () => {
    const key = { 'idempotency-key': randomUUID() };
    const body = ledger.opening({ expiresOn: '2026-11-24' });
    const first = await ledger.post('/v1/packages', body, ledger.admin, key);
    clock.instant = '2026-11-25T09:00:00.000Z';
    const again = await ledger.post('/v1/packages', body, ledger.admin, key);
    clock.instant = '2026-11-24T09:00:00.000Z';
    expect([again.status, again.text]).toEqual([201, first.text]);
  });

  it('a changed policy is answered as it was answered first', async () => {
    const { path } = await ledger.open(60);
    const key = { 'idempotency-key': randomUUID() };
    const first = await ledger.post(`${path}/policy`, { toleranceMinutes: 5 }, ledger.admin, key);
    await ledger.post(`${path}/policy`, { toleranceMinutes: 9 });
    const again = await ledger.post(`${path}/policy`, { toleranceMinutes: 5 }, ledger.admin, key);
    expect(again.body).toEqual(first.body);
  });

  it('If-Match is honoured', async () => {
    const { path } = await ledger.open(60);
    const { etag } = (await ledger.get(path)).headers;
    const match = { 'if-match': String(etag) };
    expect((await ledger.post(`${path}/lots`, { minutes: 5 }, ledger.admin, match)).status).toBe(201);
    const late = await ledger.post(`${path}/lots`, { minutes: 5 }, ledger.admin, match);
    expect([late.status, late.body.code]).toEqual([412, 'service.changed-meanwhile']);
    const strange = { 'if-match': '"what"' };
    expect((await ledger.post(`${path}/lots`, { minutes: 5 }, ledger.admin, strange)).status).toBe(412);
  });

  it('a strange Idempotency-Key or Monteore-Position is refused', async () => {
    const { path } = await ledger.open(60);
    const key = { 'idempotency-key': 'è' };
    expect((await ledger.post(`${path}/lots`, { minutes: 5 }, ledger.admin, key)).status).toBe(400);
    expect((await ledger.get(path, ledger.admin, { 'monteore-position': 'x' })).status).toBe(400);
  });
});

describe('public events of the ledger', () => {
  it('keep their promise, member by member, and tell nothing that is the store’s business', async () => {
    const messages: { type: string; data: Record<string, unknown> }[] = [];
    const end = (await ledger.service.messaging.endOffsets('monteore.ledger.events.v1'))[0]!.next;
    let next = 0n;
    const done = Promise.withResolvers<void>();
    const consumption = await ledger.service.messaging.consume({
      group: 'spec',
      topics: ['monteore.ledger.events.v1'],
      startAt: async () => next,
      handle: async ({ deliveries }) => {
        messages.push(...deliveries.map(({ message: { type, data } }) => ({ type, data })));
        next = deliveries.at(-1)!.offset + 1n;
        if (next >= end) done.resolve();
      },
    });
    await done.promise;
    await consumption.stop();
    const schemas = integrationEvents.ledger as unknown as Record<
      string,
      { parse(data: unknown): unknown; shape: object }
    >;
    expect(messages.length).toBeGreaterThan(50);
    for (const { type, data } of messages) {
      schemas[type]!.parse(data);
      expect(Object.keys(schemas[type]!.shape)).toEqual(expect.arrayContaining(Object.keys(data)));
    }
    expect(JSON.stringify(messages)).not.toMatch(/Anna|@/);
  });
});
