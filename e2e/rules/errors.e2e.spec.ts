import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import {
  dayOf,
  eventually,
  type Instance,
  insistently,
  type Parsed,
  startInstance,
} from '../harness/index.ts';
import { type Client, Desk, type Opened } from './desk.ts';

jest.setTimeout(30_000);

let instance: Instance;
let desk: Desk;
let client: Client;
let opened: Opened;
let activityId: string;

beforeAll(async () => {
  instance = await startInstance({ clock: true });
  desk = await Desk.of(instance);
  client = await desk.client();
  opened = await desk.package(client, { agreed: [{ title: 'Sito nuovo', minutes: 60 }] });
  activityId = await opened.steps.agreed('Sito nuovo');
}, 90_000);

afterAll(() => instance?.stop());

const JSON_TYPE = { headers: { 'content-type': 'application/json' } };
const packagePath = (rest = '') => `/ledger/v1/packages/${opened.packageId}${rest}`;
const work = (more: Parsed) => ({
  activityId,
  minutes: 10,
  performedOn: dayOf(instance),
  performedBy: 'sviluppo@agenzia.example',
  ...more,
});

describe('Errors: problem details, with a pointer to the field, and nothing is stored', () => {
  const ESTIMATE = {
    minutes: 60,
    assignee: 'a@agenzia.example',
    due: { date: '2027-01-10', firmness: 'rigid' },
  };
  const BAD: readonly (readonly [string, () => string, () => unknown, string])[] = [
    ['zero minutes of work', () => packagePath('/work-entries'), () => work({ minutes: 0 }), '/minutes'],
    ['negative minutes', () => packagePath('/work-entries'), () => work({ minutes: -5 }), '/minutes'],
    ['half a minute', () => packagePath('/work-entries'), () => work({ minutes: 0.5 }), '/minutes'],
    ['a text for minutes', () => packagePath('/work-entries'), () => work({ minutes: '10' }), '/minutes'],
    ['600001 minutes', () => packagePath('/work-entries'), () => work({ minutes: 600_001 }), '/minutes'],
    ['1e300 minutes', () => packagePath('/lots'), () => ({ minutes: 1e300 }), '/minutes'],
    ['no minutes', () => packagePath('/lots'), () => ({}), '/minutes'],
    [
      '30 February',
      () => packagePath('/work-entries'),
      () => work({ performedOn: '2026-02-30' }),
      '/performedOn',
    ],
    [
      'a date of another form',
      () => packagePath('/lots'),
      () => ({ minutes: 5, expiresOn: '31/12/2027' }),
      '/expiresOn',
    ],
    ['null', () => packagePath('/work-entries'), () => work({ minutes: null }), '/minutes'],
    ['a list for an object', () => packagePath('/lots'), () => [], ''],
    [
      'an adjustment of nothing',
      () => packagePath('/adjustments'),
      () => ({ minutes: 0, reason: 'x' }),
      '/minutes',
    ],
    [
      'an adjustment out of range',
      () => packagePath('/adjustments'),
      () => ({ minutes: -600_001, reason: 'x' }),
      '/minutes',
    ],
    ['an empty reason', () => packagePath('/adjustments'), () => ({ minutes: 5, reason: '   ' }), '/reason'],
    ['a NUL in a text', () => packagePath('/adjustments'), () => ({ minutes: 5, reason: 'a\0b' }), '/reason'],
    [
      'a lone surrogate',
      () => packagePath('/adjustments'),
      () => ({ minutes: 5, reason: 'a\ud800b' }),
      '/reason',
    ],
    [
      'an unheard-of residual',
      () => packagePath('/closure'),
      () => ({ residual: 'keep', reason: 'x' }),
      '/residual',
    ],
    [
      'a rollover to nowhere',
      () => packagePath('/closure'),
      () => ({ residual: 'rollover', reason: 'x' }),
      '/rolloverPackageId',
    ],
    [
      'a policy of thirds',
      () => packagePath('/policy'),
      () => ({ urgentMultiplier: 1.5 }),
      '/urgentMultiplier',
    ],
    ['a policy of nothing', () => packagePath('/policy'), () => ({}), ''],
    [
      'thresholds that are no percentages',
      () => packagePath('/policy'),
      () => ({ thresholdsPercent: [50, -1] }),
      '/thresholdsPercent/1',
    ],
    [
      'an impossible closing day',
      () => packagePath('/policy'),
      () => ({ closingDays: ['2027-13-01'] }),
      '/closingDays/0',
    ],
    [
      'an unheard-of kind',
      () => '/estimation/v1/activities',
      () => ({ packageId: opened.packageId, title: 'x', kind: 'magic' }),
      '/kind',
    ],
    [
      'a title without end',
      () => '/estimation/v1/activities',
      () => ({ packageId: opened.packageId, title: 'x'.repeat(301), kind: 'other' }),
      '/title',
    ],
    [
      'an estimate of nothing',
      () => `/estimation/v1/activities/${activityId}/estimates`,
      () => ({ ...ESTIMATE, minutes: 0 }),
      '/minutes',
    ],
    [
      'a due date of no firmness',
      () => `/estimation/v1/activities/${activityId}/estimates`,
      () => ({ ...ESTIMATE, due: { date: '2027-01-10', firmness: 'soft' } }),
      '/due/firmness',
    ],
    [
      'a decision that is none',
      () => `/estimation/v1/activities/${activityId}/decisions`,
      () => ({ version: 1, decision: 'perhaps' }),
      '/decision',
    ],
    [
      'a version that is none',
      () => `/estimation/v1/activities/${activityId}/decisions`,
      () => ({ version: 0, decision: 'approve' }),
      '/version',
    ],
    [
      'an address that is none',
      () => '/ledger/v1/clients',
      () => ({ name: 'x', language: 'it', contacts: [{ name: 'x', email: 'x@', roles: ['viewer'] }] }),
      '/contacts/0/email',
    ],
    [
      'a role that is none',
      () => '/ledger/v1/clients',
      () => ({ name: 'x', language: 'it', contacts: [{ name: 'x', email: 'x@y.example', roles: ['boss'] }] }),
      '/contacts/0/roles/0',
    ],
    [
      'a language that is none',
      () => '/ledger/v1/clients',
      () => ({ name: 'x', language: 'fr' }),
      '/language',
    ],
    [
      'a request of no text',
      () => '/intake/v1/requests',
      () => ({ packageId: opened.packageId, fromEmail: client.approver.email, subject: 'x', text: '' }),
      '/text',
    ],
    [
      'a request for no package',
      () => '/intake/v1/requests',
      () => ({ packageId: 'x', fromEmail: client.approver.email, subject: 'x', text: 'y' }),
      '/packageId',
    ],
  ];

  test.each(BAD)('%s', async (_, path, body, pointer) => {
    const { status, headers, body: problem } = await desk.team.post(path(), body());
    expect(headers.get('content-type')).toMatch(/^application\/problem\+json/);
    expect(problem).toMatchObject({
      type: expect.stringMatching(/^https?:/),
      title: expect.any(String),
      status,
      detail: expect.any(String),
      code: 'service.invalid-input',
      traceId: expect.any(String),
    });
    expect(status).toBe(400);
    expect(problem.errors.map((error: { pointer: string }) => error.pointer)).toContain(pointer);
    expect(problem.errors[0].detail).toEqual(expect.any(String));
  });

  test.each([
    ['malformed JSON', '{"minutes": 5', 400, 'service.malformed'],
    ['no JSON at all', 'minutes=5', 400, 'service.malformed'],
    ['a prototype in disguise', '{"__proto__": {"minutes": 5}}', 400, undefined],
  ])('%s', async (_, raw, status, code) => {
    const answer = await desk.team.post(packagePath('/lots'), raw, JSON_TYPE);
    expect(answer.status).toBe(status);
    if (code !== undefined) expect(answer.body.code).toBe(code);
  });

  test.each(['ledger', 'estimation', 'intake', 'identity'])(
    '%s refuses a body over 10 MiB',
    async (service) => {
      const paths: Record<string, string> = {
        ledger: packagePath('/lots'),
        estimation: '/estimation/v1/activities',
        intake: '/intake/v1/requests',
        identity: '/identity/v1/people',
      };
      const large = JSON.stringify({ reason: 'x'.repeat(10 * 1024 * 1024 + 1) });
      const answer = await desk.team.post(paths[service]!, large, JSON_TYPE);
      expect([answer.status, answer.body.code]).toEqual([413, 'service.too-large']);
    },
  );

  test('a mail over 25 MiB is refused, one of 11 MiB is taken', async () => {
    const mail = (bytes: number) =>
      `From: ${client.requester.email}\r\nTo: ${opened.mailbox}\r\nSubject: Grande\r\nMessage-ID: <${randomUUID()}@c>\r\n\r\n${'x'.repeat(70)}\r\n${`${'y'.repeat(98)}\r\n`.repeat(bytes / 100)}`;
    expect((await desk.deliver(mail(25 * 1024 * 1024 + 100))).status).toBe(413);
    expect((await desk.deliver(mail(11 * 1024 * 1024))).status).toBe(202);
  });

  test.each(['text/plain', 'application/xml', 'multipart/form-data; boundary=x'])(
    '%s is no content type of ours',
    async (contentType) => {
      const answer = await desk.team.post(packagePath('/lots'), '{"minutes":5}', {
        headers: { 'content-type': contentType },
      });
      expect([answer.status, answer.body.code]).toEqual([415, 'service.unsupported-media-type']);
    },
  );

  test.each([
    ['GET /ledger/v1/packages/{id}', 'ledger.not-found'],
    ['GET /ledger/v1/clients/{id}', 'ledger.not-found'],
    ['GET /estimation/v1/activities/{id}', 'estimation.not-found'],
    ['GET /intake/v1/requests/{id}', 'intake.not-found'],
    ['GET /reporting/v1/boards/{id}', 'reporting.not-found'],
    ['GET /ledger/v1/nothing', 'service.no-such-route'],
    ['GET /nowhere/v1/nothing', 'monteore.not-found'],
  ])('%s does not exist', async (route, code) => {
    const { status, body } = await desk.team.get(route.split(' ')[1]!.replace('{id}', randomUUID()));
    expect({ status, code: body.code }).toEqual({ status: 404, code });
    expect(body).toMatchObject({ status: 404, title: expect.any(String), traceId: expect.any(String) });
  });

  test.each(['/ledger/v1/packages/7', '/reporting/v1/boards/x', '/estimation/v1/activities/%00'])(
    '%s is no id',
    async (path) => {
      expect((await desk.team.get(path)).status).toBe(400);
    },
  );

  test('after all this the books are as before', async () => {
    const entries = await opened.steps.entries();
    expect(entries.map(({ type }) => type)).toEqual(['PackageOpened', 'LotAdded']);
    await opened.steps.books({ grantedMinutes: 1200, availableMinutes: 1200, pendingMinutes: 60 });
    expect((await desk.activitiesOf(opened.packageId)).length).toBe(1);
  });
});

describe('Lists', () => {
  const LISTS = [
    '/ledger/v1/clients',
    '/ledger/v1/packages',
    '/ledger/v1/packages/{package}/entries',
    '/estimation/v1/activities?packageId={package}',
    '/intake/v1/requests',
    '/intake/v1/quarantine',
    '/intake/v1/outbound-mail',
    '/intake/v1/replies',
    '/reporting/v1/boards',
    '/reporting/v1/deadlines',
    '/identity/v1/people',
  ];
  const asked = (list: string, query: string) => {
    const path = list.replace('{package}', opened.packageId);
    return desk.team.get(`${path}${path.includes('?') ? '&' : '?'}${query}`);
  };

  test.each(LISTS)('%s', async (list) => {
    for (const query of [
      'limit=0',
      'limit=201',
      'limit=-1',
      'limit=x',
      'limit=1.5',
      'cursor=x',
      'cursor=W10',
    ]) {
      const { status, body } = await asked(list, query);
      expect([query, status]).toEqual([query, 400]);
      expect(body.errors[0].pointer).toBe(query.startsWith('limit') ? '/limit' : '/cursor');
    }
    for (const query of ['limit=1', 'limit=200']) {
      const { status, body } = await asked(list, query);
      expect([status, Array.isArray(body.items)]).toEqual([200, true]);
      expect([null, 'string']).toContain(body.nextCursor === null ? null : typeof body.nextCursor);
    }
  });

  test('page by page every item comes once', async () => {
    const first = (await asked('/ledger/v1/packages/{package}/entries', 'limit=1')).body;
    const next = (await asked('/ledger/v1/packages/{package}/entries', `limit=1&cursor=${first.nextCursor}`))
      .body;
    expect([first.items[0].sequence, next.items[0].sequence, next.nextCursor]).toEqual([1, 2, null]);
  });
});

describe('Idempotency-Key', () => {
  test('the same call gives the stored answer, another body 422', async () => {
    const key = randomUUID();
    const call = (minutes: number) => desk.team.post(packagePath('/lots'), { minutes }, { key });
    const answers = await Promise.all(Array.from({ length: 10 }, () => call(30)));
    expect(new Set(answers.map(({ body }) => body.lotId)).size).toBe(1);
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201]));
    expect((await call(31)).status).toBe(422);
    const mail = { subject: 'Chiave', text: 'Cambiare il logo.', packageId: opened.packageId };
    const send = (more: Parsed = {}) =>
      desk.team.post('/intake/v1/requests', { ...mail, fromEmail: client.approver.email, ...more }, { key });
    const [one, two] = await Promise.all([send(), send()]);
    expect(one.body.requestId).toBe(two.body.requestId);
    expect((await send({ urgent: true })).status).toBe(422);
    await opened.steps.books({ grantedMinutes: 1230 });
  });

  test('a key that is none', async () => {
    const answer = await desk.team.post(packagePath('/lots'), { minutes: 5 }, { key: 'x'.repeat(256) });
    expect(answer.status).toBe(400);
  });
});

describe('ETag and Monteore-Position', () => {
  test('an old tag is refused', async () => {
    const { headers } = await desk.team.get(packagePath());
    const tag = headers.get('etag')!;
    const change = (etag: string) =>
      desk.team.post(packagePath('/policy'), { toleranceMinutes: 5 }, { headers: { 'if-match': etag } });
    expect((await change(tag)).status).toBe(200);
    expect((await change(tag)).status).toBe(412);
    expect((await change('"never"')).status).toBe(412);
  });

  test('what carries the position of an answer sees at least its state, in every service', async () => {
    for (let minutes = 1; minutes <= 5; minutes += 1) {
      const before = (await desk.team.must(desk.team.get(packagePath()))).grantedMinutes;
      const { headers } = await desk.team.post(packagePath('/lots'), { minutes });
      const position = headers.get('monteore-position')!;
      const options = { headers: { 'monteore-position': position } };
      const seen = (path: string) => insistently(() => desk.team.get(path, options));
      const board = await seen(`/reporting/v1/boards/${opened.packageId}`);
      expect([board.status, board.body.balances?.grantedMinutes]).toEqual([200, before + minutes]);
      for (const path of [
        `/estimation/v1/activities?packageId=${opened.packageId}`,
        `/intake/v1/requests?packageId=${opened.packageId}`,
      ])
        expect((await seen(path)).status).toBe(200);
    }
  });

  test('a position that nobody gave out is refused, one that is far ahead is waited for, then 503', async () => {
    const { headers } = await desk.team.post(packagePath('/lots'), { minutes: 1 });
    const [source, key] = JSON.parse(
      Buffer.from(headers.get('monteore-position')!, 'base64url').toString(),
    ) as string[];
    const far = Buffer.from(JSON.stringify([source, key, '999999999'])).toString('base64url');
    const ask = (position: string) =>
      desk.team.get(`/reporting/v1/boards/${opened.packageId}`, {
        headers: { 'monteore-position': position },
      });
    expect((await ask('nonsense')).status).toBe(400);
    const late = await ask(far);
    expect([late.status, late.body.code]).toEqual([503, 'service.not-that-fresh-yet']);
    expect(Number(late.headers.get('retry-after'))).toBeGreaterThan(0);
  });

  test('a call that names what another service has just made waits for it', async () => {
    const { packageId } = await desk.team.must(
      desk.team.post('/ledger/v1/packages', {
        clientId: client.clientId,
        name: 'Appena aperto',
        referentEmail: opened.mailbox,
        grantedMinutes: 60,
        agreedActivities: [],
      }),
    );
    const [activity, request, board] = await Promise.all([
      desk.team.post('/estimation/v1/activities', { packageId, title: 'Subito', kind: 'other' }),
      desk.team.post('/intake/v1/requests', {
        packageId,
        fromEmail: client.approver.email,
        subject: 'Subito',
        text: 'Cambiare il logo.',
      }),
      desk.team.get(`/reporting/v1/boards/${packageId}`),
    ]);
    expect([activity.status, request.status, board.status]).toEqual([201, 201, 200]);
  });
});

describe('What operators and programs read', () => {
  const SERVICES = ['ledger', 'estimation', 'intake', 'reporting', 'identity'];
  const nobody = () => instance.rest();

  test.each(SERVICES)('%s describes its routes and says how it is', async (service) => {
    const anyone = await nobody();
    const { status, body } = await anyone.get(`/${service}/openapi.json`);
    expect(status).toBe(200);
    expect(body.openapi).toMatch(/^3\./);
    expect(Object.keys(body.paths).length).toBeGreaterThan(1);
    const described = Object.values(body.paths as Record<string, Record<string, Parsed>>).flatMap((path) =>
      Object.values(path),
    );
    for (const operation of described) expect(operation.responses).toBeDefined();
    for (const health of ['live', 'ready'])
      expect((await anyone.get(`/${service}/health/${health}`)).status).toBe(200);
  });

  test.each([
    [
      'ledger',
      '/v1/packages/{packageId}/work-entries',
      ['activityId', 'minutes', 'performedOn', 'performedBy'],
    ],
    ['estimation', '/v1/activities/{activityId}/estimates', ['minutes', 'assignee', 'due']],
    ['intake', '/v1/requests', ['packageId', 'subject', 'text']],
  ])('%s: the body of %s is described', async (service, path, required) => {
    const { body } = await (await nobody()).get(`/${service}/openapi.json`);
    const content = body.paths[path].post.requestBody.content['application/json'].schema;
    const schema =
      content.$ref === undefined ? content : body.components.schemas[content.$ref.split('/').at(-1)];
    expect(schema.required).toEqual(expect.arrayContaining(required));
  });

  test('metrics of every service, for Prometheus', async () => {
    const metrics = await eventually(async () => {
      const answer = await fetch(instance.metricsUrl);
      expect([answer.status, answer.headers.get('content-type')]).toEqual([
        200,
        expect.stringMatching(/^text\/plain; version=/),
      ]);
      const text = await answer.text();
      return SERVICES.every((service) => text.includes(`service="${service}"`)) ? text : null;
    }, 'metrics of every service');
    for (const name of [
      'monteore_consumer_lag_messages',
      'monteore_relay_lag_events',
      'monteore_parked_keys',
    ])
      expect(metrics).toMatch(new RegExp(`^${name}\\{[^}]*service="reporting"[^}]*\\} \\d+( \\d+)?$`, 'm'));
    expect(metrics).not.toContain(client.clientId);
  });
});
