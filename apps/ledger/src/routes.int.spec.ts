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

const package_ = {
  clientId: '',
  name: 'P',
  referentEmail: 'luca@agenzia.example',
  grantedMinutes: 60,
};
const opening = (more: object = {}) => ({ ...package_, clientId: ledger.clientId, ...more });

describe('clients and contacts', () => {
  it('are registered, shown, added and changed', async () => {
    const { clientId, approverId } = ledger;
    const shown = await ledger.get(`/v1/clients/${clientId}`);
    expect(shown.status).toBe(200);
    expect(shown.body).toEqual({
      clientId,
      name: 'Comune di Prova',
      language: 'it',
      contacts: [
        {
          contactId: approverId,
          name: 'Anna Bianchi',
          email: 'anna@comune.example',
          roles: ['approver'],
          language: 'it',
          active: true,
        },
        {
          contactId: ledger.viewerId,
          name: 'Vera Rossi',
          email: 'v-anna@comune.example',
          roles: ['viewer'],
          language: 'en',
          active: true,
        },
      ],
    });
    const added = await ledger.post(`/v1/clients/${clientId}/contacts`, {
      name: 'Nuovo',
      email: 'Nuovo@Comune.Example',
      roles: ['requester', 'viewer'],
    });
    expect(added.status).toBe(201);
    const path = `/v1/clients/${clientId}/contacts/${added.body.contactId}`;
    const changed = await ledger.post(path, { active: false, name: 'Nuova' }, ledger.admin, {}, 'PATCH');
    expect(changed.body).toMatchObject({ name: 'Nuova', email: 'nuovo@comune.example', active: false });
  });

  it('keep nothing of a call that is refused', async () => {
    const path = `/v1/clients/${ledger.clientId}/contacts`;
    const key = { 'idempotency-key': randomUUID() };
    const contact = { name: 'Carla', email: 'carla@comune.example', roles: ['viewer'] };
    await ledger.post(path, contact, ledger.admin, key);
    const reused = await ledger.post(path, { ...contact, name: 'Altra' }, ledger.admin, key);
    expect([reused.status, reused.body.code]).toEqual([422, 'service.idempotency-key-reused']);
    const stale = await ledger.post(path, { ...contact, name: 'Terza' }, ledger.admin, { 'if-match': '"1"' });
    expect([stale.status, stale.body.code]).toEqual([412, 'service.changed-meanwhile']);
    const { body } = await ledger.get(`/v1/clients/${ledger.clientId}`);
    expect(body.contacts.find((one: { email: string }) => one.email === contact.email).name).toBe('Carla');
  });

  it('are erased by an administrator: nothing is known of them, and what they were stays', async () => {
    const path = `/v1/clients/${ledger.clientId}/contacts`;
    const body = { name: 'Ugo Verdi', email: 'ugo@comune.example', roles: ['approver'] };
    const { contactId } = (await ledger.post(path, body)).body;
    const erasure = `${path}/${contactId}/erasure`;
    expect((await ledger.post(erasure, {}, ledger.service.token('referent'))).status).toBe(403);
    expect((await ledger.post(`${path}/${randomUUID()}/erasure`, {})).status).toBe(404);
    expect((await ledger.post(erasure, {})).body).toEqual({ contactId, erased: true });
    const { contacts } = (await ledger.get(`/v1/clients/${ledger.clientId}`)).body;
    expect(contacts.find((one: { contactId: string }) => one.contactId === contactId)).toEqual({
      contactId,
      name: '',
      email: '',
      roles: [],
      language: 'it',
      active: false,
    });
  });

  it('refuse an address that is named twice, whatever its letter case', async () => {
    const contact = (email: string) => ({ name: 'X', email, roles: [] });
    const answer = await ledger.post('/v1/clients', {
      name: 'Doppio',
      contacts: [contact('x@y.example'), contact('X@Y.example')],
    });
    expect([answer.status, answer.body.errors]).toEqual([
      400,
      [{ pointer: '/contacts/1/email', detail: 'the same address is named twice' }],
    ]);
  });
});

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
    const refused = await ledger.post(decision, { decision: 'refuse', reason: 'no' }, approver);
    expect(refused.body).toEqual({ overrunId, state: 'refused', minutes: 30 });
    const viewer = ledger.service.token('viewer', ledger.viewerId);
    expect((await ledger.post(decision, { decision: 'charge', reason: 'x' }, viewer)).status).toBe(403);
  });
});

describe('bad input is told with a pointer, and nothing is stored', () => {
  it.each([
    ['/grantedMinutes', { grantedMinutes: 0 }],
    ['/grantedMinutes', { grantedMinutes: -5 }],
    ['/grantedMinutes', { grantedMinutes: 600_001 }],
    ['/grantedMinutes', { grantedMinutes: 1.5 }],
    ['/grantedMinutes', { grantedMinutes: '60' }],
    ['/expiresOn', { expiresOn: '2027-02-30' }],
    ['/endsOn', { endsOn: 'domani' }],
    ['/name', { name: '' }],
    ['/name', { name: 'a\u0000b' }],
    ['/name', { name: 'a\ud800b' }],
    ['/referentEmail', { referentEmail: 'nobody' }],
    ['/clientId', { clientId: 'nobody' }],
    ['/policy/roundUpToMinutes', { policy: { roundUpToMinutes: 0 } }],
    ['/agreedActivities/0/kind', { agreedActivities: [{ kind: 'magic' }] }],
  ])('%s of %j', async (pointer, wrong) => {
    const before = (await ledger.get('/v1/packages?limit=200')).body.items.length;
    const answer = await ledger.post('/v1/packages', opening(wrong));
    expect(answer.status).toBe(400);
    expect(answer.headers['content-type']).toContain('application/problem+json');
    expect(answer.body).toMatchObject({
      status: 400,
      code: 'service.invalid-input',
      traceId: expect.any(String),
    });
    expect(answer.body.errors.map((error: { pointer: string }) => error.pointer)).toContain(pointer);
    expect((await ledger.get('/v1/packages?limit=200')).body.items).toHaveLength(before);
  });

  it.each([
    ['/clientId', { clientId: randomUUID() }],
    ['/contacts/0/contactId', { contacts: [{ contactId: randomUUID(), roles: ['viewer'] }] }],
    ['/expiresOn', { expiresOn: '2026-11-23' }],
    ['/endsOn', { endsOn: '2026-11-23' }],
  ])('%s that a rule refuses: %j', async (pointer, wrong) => {
    const answer = await ledger.post('/v1/packages', opening(wrong));
    expect([answer.status, answer.body.errors[0].pointer]).toEqual([422, pointer]);
  });

  it.each([
    ['malformed JSON', '{"grantedMinutes": ', { 'content-type': 'application/json' }, 400],
    ['another content type', '<a/>', { 'content-type': 'application/xml' }, 415],
    ['a body over 10 MiB', `"${'x'.repeat(10 * 1024 * 1024)}"`, { 'content-type': 'application/json' }, 413],
    ['a list in the place of an object', '[]', { 'content-type': 'application/json' }, 400],
  ])('%s', async (_, body, headers, status) => {
    const answer = await ledger.post('/v1/packages', body, ledger.admin, headers);
    expect([answer.status, answer.body.status]).toEqual([status, status]);
  });

  it.each([
    ['lots', { minutes: 600_001 }, '/minutes'],
    ['adjustments', { minutes: 0, reason: 'x' }, '/minutes'],
    ['adjustments', { minutes: -600_001, reason: 'x' }, '/minutes'],
    ['adjustments', { minutes: 5 }, '/reason'],
    ['work-entries', { activityId: 'x' }, '/activityId'],
    ['closure', { residual: 'rollover', reason: 'x' }, '/rolloverPackageId'],
    ['policy', {}, ''],
  ])('on %s: %j', async (route, body, pointer) => {
    const { path } = await ledger.open(60);
    const answer = await ledger.post(`${path}/${route}`, body);
    expect(answer.status).toBe(400);
    expect(answer.body.errors.map((error: { pointer: string }) => error.pointer)).toContain(pointer);
  });

  it('an opening that no message could carry', async () => {
    const activity = {
      title: 'è'.repeat(300),
      kind: 'other',
      estimateMinutes: 5,
      assignee: 'luca@agenzia.example',
      due: { date: '2026-12-18', firmness: 'rigid' },
    };
    const answer = await ledger.post(
      '/v1/packages',
      opening({ agreedActivities: Array(400).fill(activity) }),
    );
    expect([answer.status, answer.body.code]).toEqual([422, 'ledger.too-large']);
  });

  it('work on an activity that the package does not have', async () => {
    const { path } = await ledger.open(60);
    const answer = await ledger.work(path, randomUUID(), 5);
    expect([answer.status, answer.body.code]).toEqual([404, 'ledger.not-found']);
  });
});

describe('R17 who may do what', () => {
  const problemOf = ({ body }: { body: Record<string, unknown> }) => {
    const { traceId: _, ...problem } = body;
    return problem;
  };

  it('answers another client’s ids as it answers unknown ones', async () => {
    const { path } = await ledger.open(60);
    const stranger = await ledger.register('Altro Ente', 'eva@altro.example');
    await ledger.get('/v1/clients', ledger.admin, {
      'monteore-position': String(stranger.headers['monteore-position']),
    });
    const eva = ledger.service.token('approver', stranger.body.contacts[0].contactId);
    const unknown = `/v1/packages/${randomUUID()}`;
    const decision = `/overruns/${randomUUID()}/decision`;
    for (const route of ['', '/entries', '/verification', '?occurredAsOf=2026-11-24']) {
      const [foreign, none] = [await ledger.get(path + route, eva), await ledger.get(unknown + route, eva)];
      expect([foreign.status, problemOf(foreign)]).toEqual([404, problemOf(none)]);
    }
    const body = { decision: 'charge', reason: 'x' };
    const [foreign, none] = [
      await ledger.post(path + decision, body, eva),
      await ledger.post(unknown + decision, body, eva),
    ];
    expect([foreign.status, problemOf(foreign)]).toEqual([404, problemOf(none)]);
    expect(problemOf(await ledger.get(`/v1/clients/${ledger.clientId}`, eva))).toEqual(
      problemOf(await ledger.get(`/v1/clients/${randomUUID()}`, eva)),
    );
    expect((await ledger.get('/v1/packages', eva)).body.items).toEqual([]);
    expect(
      (await ledger.get('/v1/clients', eva)).body.items.map((item: { name: string }) => item.name),
    ).toEqual(['Altro Ente']);
  });

  it('shows a package to the contacts it is shared with only', async () => {
    const { path } = await ledger.open(60, {
      contacts: [{ contactId: ledger.approverId, roles: ['viewer'] }],
    });
    expect((await ledger.get(path, ledger.service.token('viewer', ledger.approverId))).status).toBe(200);
    expect((await ledger.get(path, ledger.service.token('viewer', ledger.viewerId))).status).toBe(404);
  });

  it.each([
    ['without a token', undefined],
    ['with another kind of header', 'Basic eDp5'],
    ['with rubbish', 'Bearer rubbish'],
  ])('answers 401 %s', async (_, authorization) => {
    const answer = await ledger.service.call('GET', '/v1/packages', {
      headers: authorization === undefined ? {} : { authorization },
    });
    expect([answer.status, answer.body.code, answer.headers['www-authenticate']]).toEqual([
      401,
      'service.unauthorized',
      'Bearer',
    ]);
  });

  it.each([
    ['team-member', 'lots', { minutes: 5 }],
    ['team-member', 'adjustments', { minutes: 5, reason: 'x' }],
    ['team-member', 'closure', { residual: 'expire', reason: 'x' }],
    ['team-member', 'policy', { toleranceMinutes: 5 }],
    [
      'auditor',
      'work-entries',
      { activityId: randomUUID(), minutes: 5, performedOn: '2026-11-24', performedBy: 'x' },
    ],
    ['auditor', 'lots', { minutes: 5 }],
    ['approver', 'lots', { minutes: 5 }],
    [
      'requester',
      'work-entries',
      { activityId: randomUUID(), minutes: 5, performedOn: '2026-11-24', performedBy: 'x' },
    ],
  ] as const)('refuses a %s on %s', async (role, route, body) => {
    const { path } = await ledger.open(60);
    const answer = await ledger.post(`${path}/${route}`, body, ledger.service.token(role));
    expect([answer.status, answer.body.code]).toEqual([403, 'service.forbidden']);
  });

  it('lets a team member absorb nothing and reverse its own entries only, and an auditor read', async () => {
    const { path, activityId } = await ledger.open(60);
    const { workEntryId, overrunId } = (await ledger.work(path, activityId, 30)).body;
    const member = ledger.service.token('team-member', randomUUID());
    const reversal = await ledger.post(
      `${path}/work-entries/${workEntryId}/reversal`,
      { reason: 'x' },
      member,
    );
    expect([reversal.status, reversal.body.code]).toEqual([403, 'ledger.not-own-entry']);
    const absorb = { decision: 'absorb', reason: 'x' };
    expect((await ledger.post(`${path}/overruns/${overrunId}/decision`, absorb, member)).status).toBe(403);
    expect((await ledger.get(`${path}/verification`, ledger.service.token('auditor'))).status).toBe(200);
  });

  it('lets a machine do what its scopes say', async () => {
    const { path } = await ledger.open(60);
    const reader = ledger.service.token('machine', 'tracker', ['ledger:read']);
    expect((await ledger.get(path, reader)).status).toBe(200);
    expect((await ledger.post(`${path}/lots`, { minutes: 5 }, reader)).status).toBe(403);
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
    const body = opening({ expiresOn: '2026-11-24' });
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
