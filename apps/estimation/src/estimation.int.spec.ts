import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { eventsTopicOf } from '@monteore/contracts';
import { DEFAULT_POLICY, derivedId } from '@monteore/kernel';
import { type Answer, StartedService } from '@monteore/service/testing';
import { eventually, type TestDatabase, testDatabase } from '@monteore/testing';
import { estimationService } from './estimation.service.js';
import { BALANCES, FLEXIBLE, RIGID } from './testing/given-board.js';

const id = (name: string) => derivedId('test', name);
const [CLIENT, OTHER_CLIENT] = [id('client'), id('other-client')];
const [APPROVER, VIEWER, FOREIGN] = [id('approver'), id('viewer'), id('foreign')];
const [PACKAGE, OTHER_PACKAGE] = [id('package'), id('other-package')];
const AGREED = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i'].map(id);

let database: TestDatabase;
let started: StartedService;

const entry = {
  sequence: 1,
  occurredOn: '2026-11-24',
  postedDeltaMinutes: 0,
  heldDeltaMinutes: 0,
  chargedDeltaMinutes: 0,
  actor: { subject: 'system', role: 'system' },
  hash: '',
};
const contact = (clientId: string, contactId: string, roles: string[]) =>
  started.told('ledger', 'ContactChanged', clientId, {
    clientId,
    contactId,
    roles,
    previousRoles: [],
    active: true,
    language: 'it',
  });
const ledger = (type: string, data: object) =>
  started.told('ledger', type, CLIENT, {
    packageId: PACKAGE,
    clientId: CLIENT,
    balances: BALANCES,
    entry,
    lots: [],
    ...data,
  });
const opened = (packageId: string, clientId: string, activityIds: readonly string[]) =>
  started.told('ledger', 'PackageOpened', clientId, {
    packageId,
    clientId,
    balances: BALANCES,
    entry,
    lots: [],
    name: 'Assistenza 2026',
    referentId: id('referent'),
    openedOn: '2026-11-24',
    policy: DEFAULT_POLICY,
    agreedActivities: activityIds.map((activityId, index) => ({
      activityId,
      title: `Attività ${index}`,
      kind: 'site-assistance',
      estimateMinutes: 60,
      assigneeId: id('team'),
      due: index === 1 ? RIGID : FLEXIBLE,
      urgent: false,
    })),
  });
const minutes = (activityId: string, more: object = {}) => ({
  activityId,
  heldMinutes: 0,
  actualMinutes: 0,
  chargedMinutes: 0,
  overrunMinutes: 0,
  ...more,
});

/** The ledger's part, played by the test: it grants whatever the topic asks for, and says so in its own events. */
async function grant(activityId: string, version: number, reservationId: string): Promise<void> {
  await started.publish(
    ledger('HoursReserved', {
      reservationId,
      afterWaiting: false,
      items: [
        {
          activityId,
          version,
          multiplier: 1,
          weightedMinutes: 60,
          activity: minutes(activityId, { heldMinutes: 60, versionInForce: version }),
        },
      ],
    }),
  );
}

/** Reservations that estimation has asked for, read from its public topic as the ledger reads them. */
async function asked(type: string): Promise<Record<string, unknown>[]> {
  const seen: Record<string, unknown>[] = [];
  const consumption = await started.messaging.consume({
    group: `test-${type}`,
    topics: [eventsTopicOf('estimation')],
    startAt: async () => 0n,
    handle: async ({ deliveries }) => {
      for (const { message } of deliveries) if (message.type === type) seen.push({ ...message.data });
    },
  });
  await eventually(() => seen.length > 0, type);
  await consumption.stop();
  return seen;
}

const post = (
  url: string,
  body: object | string,
  more: { role?: 'team-member' | 'approver'; subject?: string; headers?: Record<string, string> } = {},
): Promise<Answer> =>
  started.call('POST', url, {
    token: started.token(more.role ?? 'team-member', more.subject),
    body,
    ...(more.headers === undefined ? {} : { headers: more.headers }),
  });

beforeAll(async () => {
  database = await testDatabase();
  started = await StartedService.start({ definition: estimationService, databaseUrl: database.url });
  await started.publish(
    started.told('ledger', 'ClientRegistered', CLIENT, { clientId: CLIENT, language: 'it' }),
    contact(CLIENT, APPROVER, ['approver']),
    contact(CLIENT, VIEWER, ['viewer']),
    contact(OTHER_CLIENT, FOREIGN, ['approver']),
    opened(PACKAGE, CLIENT, AGREED),
    opened(OTHER_PACKAGE, OTHER_CLIENT, [id('foreign-activity')]),
    started.told('ledger', 'PersonKnown', APPROVER, {
      personId: APPROVER,
      kind: 'contact',
      clientId: CLIENT,
      name: 'Carla Bini',
      email: 'carla@cliente.example',
      language: 'it',
    }),
  );
}, 60_000);

afterAll(async () => {
  await started?.stop();
  await database?.drop();
});

describe('R4 agreed activities', () => {
  test('are there from the opening, each waiting for a decision', async () => {
    const { status, body } = await started.call('GET', `/v1/activities?packageId=${PACKAGE}&limit=2`, {
      token: started.token('viewer', VIEWER),
    });
    expect(status).toBe(200);
    expect(body.items).toHaveLength(2);
    expect(body.items[0]).toMatchObject({
      activityId: AGREED[0],
      packageId: PACKAGE,
      title: 'Attività 0',
      displayTitle: 'Attività 0',
      origin: 'agreed',
      approval: 'waiting',
      workStatus: 'to-do',
      state: 'waiting-for-decision',
      estimate: { version: 1, minutes: 60, multiplier: 1, weightedMinutes: 60 },
      heldMinutes: 0,
      actualMinutes: 0,
    });
    const next = await started.call(
      'GET',
      `/v1/activities?packageId=${PACKAGE}&limit=200&cursor=${body.nextCursor}`,
      { token: started.token('auditor') },
    );
    expect(next.body.items).toHaveLength(AGREED.length - 2);
    expect(next.body.nextCursor).toBeNull();
  });
});

describe('R5 a decision through REST', () => {
  test('reserves, says so, and is one when repeated', async () => {
    const body = { version: 1, decision: 'approve' };
    const headers = { 'idempotency-key': 'decide-a' };
    const deciding = post(`/v1/activities/${AGREED[0]}/decisions`, body, {
      role: 'approver',
      subject: APPROVER,
      headers,
    });
    const [request] = await asked('ReservationRequested');
    expect(request).toMatchObject({ packageId: PACKAGE, whenLacking: 'wait', items: [{ version: 1 }] });
    await grant(AGREED[0]!, 1, String(request!.reservationId));
    const answer = await deciding;
    expect(answer.body).toEqual({
      activityId: AGREED[0],
      version: 1,
      approval: 'approved',
      outcome: 'reserved',
    });
    expect(answer.headers['monteore-position']).toBeDefined();
    const again = await post(`/v1/activities/${AGREED[0]}/decisions`, body, {
      role: 'approver',
      subject: APPROVER,
      headers,
    });
    expect(again.body).toEqual(answer.body);
    const other = await post(
      `/v1/activities/${AGREED[0]}/decisions`,
      { ...body, decision: 'reject' },
      { role: 'approver', subject: APPROVER, headers },
    );
    expect(other).toMatchObject({ status: 422, body: { code: 'service.idempotency-key-reused' } });
  });

  test('the team names an approver; both are kept', async () => {
    const url = `/v1/activities/${AGREED[1]}/decisions`;
    for (const contactId of [undefined, VIEWER, FOREIGN, id('nobody')]) {
      expect(await post(url, { version: 1, decision: 'reject', contactId })).toMatchObject({
        status: 422,
        body: { code: 'estimation.approver-required', errors: [{ pointer: '/contactId' }] },
      });
    }
    const answer = await post(url, { version: 1, decision: 'reject', reason: 'no', contactId: APPROVER });
    expect(answer.body).toMatchObject({ approval: 'not-approved', outcome: 'none' });
    const { body } = await started.call('GET', `/v1/activities/${AGREED[1]}`, {
      token: started.token('team-member'),
    });
    expect(body.decidedBy).toEqual({ subject: 'team-member', role: 'team-member', onBehalfOf: APPROVER });
  });

  test('without an answer of the ledger it is kept and told as pending', async () => {
    const answer = await post(
      `/v1/activities/${AGREED[2]}/decisions`,
      { version: 1, decision: 'approve' },
      { role: 'approver', subject: APPROVER },
    );
    expect(answer.body).toMatchObject({ approval: 'approved', outcome: 'pending' });
  });

  test('a viewer sees and does not decide', async () => {
    const answer = await started.call('POST', `/v1/activities/${AGREED[3]}/decisions`, {
      token: started.token('viewer', VIEWER),
      body: { version: 1, decision: 'approve' },
    });
    expect(answer).toMatchObject({ status: 403, body: { code: 'service.forbidden' } });
  });

  test('an approver names nobody but itself', async () => {
    const decide = (contactId: string) =>
      post(
        `/v1/activities/${AGREED[3]}/decisions`,
        { version: 1, decision: 'reject', contactId },
        { role: 'approver', subject: APPROVER },
      );
    expect((await decide(VIEWER)).status).toBe(403);
    expect((await decide(APPROVER)).status).toBe(200);
  });
});

describe('R17 another client', () => {
  const foreign = () => started.token('approver', FOREIGN);
  const body = { version: 1, decision: 'approve' };

  test.each([
    [
      'shown',
      () => started.call('GET', `/v1/activities/${AGREED[3]}`, { token: foreign() }),
      () => started.call('GET', `/v1/activities/${id('none')}`, { token: foreign() }),
    ],
    [
      'decided',
      () => started.call('POST', `/v1/activities/${AGREED[3]}/decisions`, { token: foreign(), body }),
      () => started.call('POST', `/v1/activities/${id('none')}/decisions`, { token: foreign(), body }),
    ],
    [
      'listed',
      () => started.call('GET', `/v1/activities?packageId=${PACKAGE}`, { token: foreign() }),
      () => started.call('GET', `/v1/activities?packageId=${id('none')}`, { token: foreign() }),
    ],
  ])('a foreign id and an unknown id are %s alike: not at all', async (_, ofForeign, ofUnknown) => {
    const [known, unknown] = await Promise.all([ofForeign(), ofUnknown()]);
    const { traceId: _a, ...first } = known.body;
    const { traceId: _b, ...second } = unknown.body;
    expect(known.status).toBe(404);
    expect(first).toEqual(second);
  });
});

describe('what is wrong is told with where', () => {
  const estimate = { minutes: 60, assignee: 'anna@agenzia.example', due: FLEXIBLE };

  test.each([
    ['negative minutes', { ...estimate, minutes: -5 }, '/minutes'],
    ['absurd minutes', { ...estimate, minutes: 600_001 }, '/minutes'],
    ['half minutes', { ...estimate, minutes: 1.5 }, '/minutes'],
    ['minutes in words', { ...estimate, minutes: 'sixty' }, '/minutes'],
    ['a date that does not exist', { ...estimate, due: { ...FLEXIBLE, date: '2026-02-30' } }, '/due/date'],
    ['no assignee', { ...estimate, assignee: '' }, '/assignee'],
  ])('%s', async (_, body, pointer) => {
    const answer = await post(`/v1/activities/${AGREED[4]}/estimates`, body);
    expect(answer).toMatchObject({
      status: 400,
      body: { code: 'service.invalid-input', errors: [{ pointer }] },
    });
  });

  test.each([
    ['malformed JSON', { 'content-type': 'application/json' }, '{"minutes":', 400],
    ['another content type', { 'content-type': 'text/plain' }, 'hello', 415],
  ])('%s', async (_, headers, body, status) => {
    expect((await post(`/v1/activities/${AGREED[4]}/estimates`, body, { headers })).status).toBe(status);
  });

  test('an id that is none', async () => {
    expect(await post('/v1/activities/not-an-id/estimates', estimate)).toMatchObject({
      status: 400,
      body: { errors: [{ pointer: '/activityId' }] },
    });
  });

  test('a request of nobody’s', async () => {
    const body = { packageId: PACKAGE, requestId: id('no-request'), title: 'x', kind: 'other' };
    expect(await post('/v1/activities', body)).toMatchObject({
      status: 422,
      body: { code: 'estimation.request-unknown', errors: [{ pointer: '/requestId' }] },
    });
  });

  test('an outdated view of the activity', async () => {
    const answer = await post(
      `/v1/activities/${AGREED[4]}/assignee`,
      { assignee: 'x' },
      { headers: { 'if-match': '"1"' } },
    );
    expect(answer).toMatchObject({ status: 412, body: { code: 'service.changed-meanwhile' } });
  });

  test('nothing of all that was stored', async () => {
    const { body, headers } = await started.call('GET', `/v1/activities/${AGREED[4]}`, {
      token: started.token('auditor'),
    });
    expect(body.estimate.version).toBe(1);
    expect(headers.etag).toBeDefined();
  });
});

describe('R2, R3 an extra from a request', () => {
  test('a minor urgent one that the client declared starts by itself, at three times', async () => {
    const requestId = id('urgent-request');
    const request = {
      requestId,
      number: 1,
      packageId: PACKAGE,
      clientId: CLIENT,
      state: 'received',
      channel: 'mail',
      urgent: true,
      possiblySeveral: false,
      receivedAt: '2026-11-24T08:00:00.000Z',
      takeInChargeBy: '2026-12-01T17:00:00.000Z',
      activityIds: [],
    };
    await started.publish(started.told('intake', 'RequestReceived', CLIENT, { request }));
    const { body: activity } = await post('/v1/activities', {
      packageId: PACKAGE,
      requestId,
      title: 'Avviso in home',
      kind: 'update',
    });
    expect(activity.origin).toBe('extra');
    const { body } = await post(`/v1/activities/${activity.activityId}/estimates`, {
      minutes: 20,
      assignee: 'anna@agenzia.example',
      due: FLEXIBLE,
    });
    expect(body).toEqual({ version: 1, weightedMinutes: 60, path: 'pending' });
    await started.publish(
      ledger('ReservationRefused', {
        reservationId: id('r'),
        code: 'hours-insufficient',
        items: [{ activityId: activity.activityId, version: 1, weightedMinutes: 60 }],
        missingMinutes: 10,
        waits: true,
      }),
    );
    const { body: shown } = await started.call('GET', `/v1/activities/${activity.activityId}`, {
      token: started.token('approver', APPROVER),
    });
    expect(shown).toMatchObject({
      displayTitle: 'Avviso in home (extra)',
      state: 'waiting-for-hours',
      missingMinutes: 10,
      urgent: true,
      assignee: 'anna@agenzia.example',
    });
  });
});

describe('R8 urgency said in a reply', () => {
  test('to an activity behind which no request stands counts for its next version', async () => {
    const estimate = { minutes: 10, assignee: 'anna@agenzia.example', due: FLEXIBLE, urgent: true };
    const propose = async (title: string) => {
      const { body } = await post('/v1/activities', { packageId: PACKAGE, title, kind: 'update' });
      return String(body.activityId);
    };
    const declared = await propose('Orari');
    await started.publish(
      started.told('intake', 'ActivityReplyReceived', CLIENT, {
        activityId: declared,
        packageId: PACKAGE,
        clientId: CLIENT,
        contactId: APPROVER,
        replyId: id('reply'),
        urgent: true,
      }),
    );
    const paths = await Promise.all(
      [declared, await propose('Contatti')].map(async (activityId) => {
        await post(`/v1/activities/${activityId}/estimates`, estimate);
        const { body } = await started.call('GET', `/v1/activities/${activityId}`, {
          token: started.token('auditor'),
        });
        return body.versions[0].path;
      }),
    );
    expect(paths).toEqual(['automatic', 'gate']);
  });
});

describe('R7 a replica needs work', () => {
  test('as the ledger tells it', async () => {
    const url = `/v1/activities/${AGREED[0]}/replica`;
    expect(await post(url, { reason: 'cestinato' })).toMatchObject({
      status: 422,
      body: { code: 'estimation.nothing-to-replicate' },
    });
    await started.publish(
      ledger('WorkCharged', {
        activityId: AGREED[0],
        activity: minutes(AGREED[0]!, { actualMinutes: 20, chargedMinutes: 20, heldMinutes: 40 }),
      }),
    );
    const { status, body } = await post(url, { reason: 'cestinato' });
    expect(status).toBe(201);
    const { body: replica } = await started.call('GET', `/v1/activities/${body.activityId}`, {
      token: started.token('auditor'),
    });
    expect(replica).toMatchObject({
      replicaOf: AGREED[0],
      origin: 'agreed',
      state: 'to-estimate',
      urgent: false,
    });
  });
});

describe('R5 the link in a mail', () => {
  const browser = { accept: 'text/html,application/xhtml+xml' };
  const form = { ...browser, 'content-type': 'application/x-www-form-urlencoded' };
  const soon = () => new Date(Date.now() + 60_000);
  const linkFor = (activityId: string, contactId = APPROVER, expires = soon()) =>
    started.links.sign('decision', { packageId: PACKAGE, activityId, version: 1, contactId }, expires);

  test('opening shows and decides nothing, however often', async () => {
    const token = await linkFor(AGREED[5]!);
    for (let opened_ = 0; opened_ < 3; opened_ += 1) {
      const page = await started.call('GET', `/v1/decision-links/${token}`, { headers: browser });
      expect(page.status).toBe(200);
      expect(page.text).toContain('Attività 5');
      expect(page.text).toContain('<form method="post"');
      expect(page.headers['content-security-policy']).toContain("default-src 'none'");
    }
    const { body } = await started.call('GET', `/v1/activities/${AGREED[5]}`, {
      token: started.token('auditor'),
    });
    expect(body.approval).toBe('waiting');
  });

  test('pressing decides once; the other button later changes nothing and shows who decided', async () => {
    const token = await linkFor(AGREED[5]!);
    const rejected = await started.call('POST', `/v1/decision-links/${token}`, {
      headers: form,
      body: 'decision=reject&reason=troppo',
    });
    expect(rejected.text).toContain('Non approvata');
    const other = await started.call('POST', `/v1/decision-links/${token}`, {
      headers: form,
      body: 'decision=approve',
    });
    expect(other.text).toContain('Non approvata');
    expect(other.text).toContain('Carla Bini');
    const asProgram = await started.call('POST', `/v1/decision-links/${token}`, {
      body: { decision: 'approve' },
    });
    expect(asProgram).toMatchObject({ status: 409, body: { code: 'estimation.already-decided' } });
  });

  test('a press without a decision, or with another word, is told', async () => {
    const token = await linkFor(AGREED[6]!);
    expect(
      await started.call('POST', `/v1/decision-links/${token}`, { body: { decision: 'maybe' } }),
    ).toMatchObject({
      status: 400,
      body: { errors: [{ pointer: '/decision' }] },
    });
  });

  test('expired, forged, another’s and taken away look alike', async () => {
    const lost = id('lost');
    await started.publish(contact(CLIENT, lost, ['viewer']));
    const good = await linkFor(AGREED[6]!);
    const tokens = [
      await linkFor(AGREED[6]!, APPROVER, new Date(Date.now() - 1000)),
      `${good.slice(0, -4)}AAAA`,
      await linkFor(AGREED[6]!, lost),
      await linkFor(AGREED[6]!, FOREIGN),
      await started.links.sign('board', { packageId: PACKAGE, contactId: APPROVER }, soon()),
      started.token('approver', APPROVER),
    ];
    const pages = await Promise.all(
      tokens.map((token) => started.call('GET', `/v1/decision-links/${token}`, { headers: browser })),
    );
    for (const page of pages) {
      expect(page.status).toBe(404);
      expect(page.text).toBe(pages[0]!.text);
      expect(page.text).not.toContain('Attività');
    }
  });
});

describe('R14 the end of a package', () => {
  test('closes every activity, and publishes that it is done', async () => {
    await started.publish(
      ledger('PackageClosed', {
        cause: 'decision',
        closedOn: '2026-11-24',
        residual: { kind: 'expire', minutes: 0 },
      }),
    );
    const [closed] = await asked('ActivitiesClosed');
    expect(closed).toMatchObject({ packageId: PACKAGE });
    expect(closed).not.toHaveProperty('activity');
    expect(await post('/v1/activities', { packageId: PACKAGE, title: 'tardi', kind: 'other' })).toMatchObject(
      { status: 409, body: { code: 'estimation.package-closed' } },
    );
  });

  test('R1 no published event holds a name or an address', async () => {
    const topics = JSON.stringify([
      ...(await asked('ActivityProposed')),
      ...(await asked('EstimateRejected')),
    ]);
    expect(topics).not.toMatch(/Carla|@/);
  });
});
