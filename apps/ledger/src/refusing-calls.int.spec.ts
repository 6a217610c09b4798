import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SetClock, StartedLedger } from './testing/started-ledger.js';

/** Tuesday 24 November 2026, 10:00 in Rome. */
const clock = new SetClock('2026-11-24T09:00:00.000Z');
let ledger: StartedLedger;
beforeAll(async () => {
  ledger = await StartedLedger.start(clock);
}, 60_000);
afterAll(() => ledger.stop());

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
    const answer = await ledger.post('/v1/packages', ledger.opening(wrong));
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
    const answer = await ledger.post('/v1/packages', ledger.opening(wrong));
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
      ledger.opening({ agreedActivities: Array(400).fill(activity) }),
    );
    expect([answer.status, answer.body.code]).toEqual([422, 'service.too-much-at-once']);
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
