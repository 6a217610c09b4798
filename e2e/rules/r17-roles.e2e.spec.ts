import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import {
  type Answer,
  dayOf,
  eventually,
  type Instance,
  linksIn,
  type Parsed,
  plainMail,
  type RestClient,
  startInstance,
} from '../harness/index.ts';
import { type Client, Desk, type Opened, unique } from './desk.ts';

jest.setTimeout(120_000);

let instance: Instance;
let desk: Desk;
let client: Client;
let opened: Opened;
/** What of the client there is, by what a path names. */
let ids: Record<string, string>;
const callers = new Map<string, RestClient>();

const SCOPES = [
  ...['ledger:read', 'ledger:write', 'ledger:work', 'ledger:adjust', 'ledger:overruns', 'ledger:close'],
  ...['estimation:read', 'estimation:write', 'estimation:decide'],
  ...['intake:read', 'intake:write', 'intake:mail', 'intake:quarantine'],
  ...['reporting:read', 'identity:read', 'identity:write'],
];

beforeAll(async () => {
  instance = await startInstance({ clock: true });
  desk = await Desk.of(instance);
  client = await desk.client();
  opened = await desk.package(client, { agreed: [{ title: 'Sito nuovo', minutes: 60 }] });
  const { packageId, steps, mailbox } = opened;
  const agreedId = await steps.agreed('Sito nuovo');
  const work = await steps.worked(agreedId, 10);
  const asked = await desk.ask(packageId, client.requester.email, 'Orari', 'Cambiare gli orari.');
  await desk.mail('ignoto@altrove.example', mailbox, { subject: 'Ignota', text: 'Chi siete?' });
  const waiting = await eventually(
    async () =>
      (await desk.team.all('/intake/v1/quarantine')).find(({ subject }: Parsed) => subject === 'Ignota'),
    'the mail in quarantine',
  );
  ids = {
    client: client.clientId,
    contact: client.viewer.contactId,
    package: packageId,
    activity: agreedId,
    entry: work.workEntryId,
    overrun: work.overrunId,
    request: asked.requestId,
    mail: waiting.mailId,
  };
  for (const role of ['administrator', 'referent', 'team-member', 'auditor'])
    callers.set(role, await instance.rest(role, { subject: unique(role) }));
  for (const role of ['approver', 'requester', 'viewer'] as const)
    callers.set(role, await desk.as(role, client[role]));
  callers.set('machine with every scope', await instance.rest('machine', { subject: 'm', scopes: SCOPES }));
  callers.set(
    'machine with another scope',
    await instance.rest('machine', { subject: 'n', scopes: ['x:y'] }),
  );
  callers.set('nobody', await instance.rest());
}, 300_000);

afterAll(() => instance?.stop());

const TEAM = ['administrator', 'referent', 'team-member'];
const REFERENTS = ['administrator', 'referent'];
const CONTACTS = ['approver', 'requester', 'viewer'];
const READERS = [...TEAM, 'auditor', ...CONTACTS];

/** Every route of api.md with who may call it. What may be called is called with a body that changes nothing. */
const ROUTES: readonly (readonly [call: string, roles: readonly string[]])[] = [
  ['POST /ledger/v1/clients', REFERENTS],
  ['GET /ledger/v1/clients', READERS],
  ['GET /ledger/v1/clients/{client}', READERS],
  ['POST /ledger/v1/clients/{client}/contacts', REFERENTS],
  ['PATCH /ledger/v1/clients/{client}/contacts/{contact}', REFERENTS],
  ['POST /ledger/v1/packages', REFERENTS],
  ['GET /ledger/v1/packages', READERS],
  ['GET /ledger/v1/packages/{package}', READERS],
  ['GET /ledger/v1/packages/{package}/entries', READERS],
  ['GET /ledger/v1/packages/{package}/verification', READERS],
  ['POST /ledger/v1/packages/{package}/policy', REFERENTS],
  ['POST /ledger/v1/packages/{package}/lots', REFERENTS],
  ['POST /ledger/v1/packages/{package}/work-entries', TEAM],
  ['POST /ledger/v1/packages/{package}/work-entries/{entry}/reversal', TEAM],
  ['POST /ledger/v1/packages/{package}/overruns/{overrun}/decision', [...TEAM, 'approver']],
  ['POST /ledger/v1/packages/{package}/adjustments', REFERENTS],
  ['POST /ledger/v1/packages/{package}/closure', REFERENTS],
  ['POST /estimation/v1/activities', TEAM],
  ['GET /estimation/v1/activities?packageId={package}', READERS],
  ['GET /estimation/v1/activities/{activity}', READERS],
  ['POST /estimation/v1/activities/{activity}/estimates', TEAM],
  ['POST /estimation/v1/activities/{activity}/decisions', [...TEAM, 'approver']],
  ['POST /estimation/v1/decisions', [...TEAM, 'approver']],
  ['POST /estimation/v1/activities/{activity}/work-status', TEAM],
  ['POST /estimation/v1/activities/{activity}/due-date', TEAM],
  ['POST /estimation/v1/activities/{activity}/assignee', TEAM],
  ['POST /estimation/v1/activities/{activity}/replica', TEAM],
  ['POST /intake/v1/requests', [...TEAM, 'approver', 'requester']],
  ['GET /intake/v1/requests', READERS],
  ['GET /intake/v1/requests/{request}', READERS],
  ['POST /intake/v1/inbound-mail', TEAM],
  ['POST /intake/v1/requests/{request}/split', TEAM],
  ['POST /intake/v1/requests/{request}/dismissal', TEAM],
  ['GET /intake/v1/take-in-charge-deadline?receivedAt=2027-01-04T10:00:00Z', READERS],
  ['GET /intake/v1/quarantine', TEAM],
  ['GET /intake/v1/replies', [...TEAM, 'auditor']],
  ['POST /intake/v1/quarantine/{mail}/discard', TEAM],
  ['GET /intake/v1/outbound-mail?packageId={package}', [...TEAM, ...CONTACTS]],
  ['GET /reporting/v1/boards', READERS],
  ['GET /reporting/v1/boards/{package}', READERS],
  ['GET /reporting/v1/boards/{package}/export.xlsx', READERS],
  ['GET /reporting/v1/deadlines', TEAM],
  ['GET /identity/v1/people', TEAM],
  ['POST /identity/v1/people', ['administrator']],
];

/** A body that every route refuses as malformed. */
const NOTHING = { unheardOf: true, reason: 7, minutes: 'x', decisions: 7, roles: 7, disposition: 7 };

const call = (caller: RestClient, route: string, named = ids): Promise<Answer> => {
  const [method, template] = route.split(' ') as ['GET' | 'POST' | 'PATCH', string];
  const path = template.replace(/\{(\w+)\}/g, (_, name) => named[name] ?? name);
  if (method === 'GET') return caller.get(path);
  return method === 'POST' ? caller.post(path, NOTHING) : caller.patch(path, NOTHING);
};

describe('R17 who may call which route', () => {
  test.each(ROUTES)('%s', async (route, roles) => {
    const isMail = route.endsWith('/inbound-mail');
    for (const [who, caller] of callers) {
      const { status, body } = await call(caller, route);
      const may = roles.includes(who) || who === 'machine with every scope';
      const expected = may
        ? route.startsWith('GET')
          ? 200
          : isMail
            ? 415
            : 400
        : who === 'nobody'
          ? 401
          : 403;
      expect([who, status]).toEqual([who, expected]);
      if (!may) expect(body).toMatchObject({ status: expected, code: expect.stringMatching(/^service\./) });
    }
  });

  test.each([
    ['no word', undefined],
    ['a forged signature', 'forged'],
    ['another scheme', 'basic'],
  ])('%s is nobody', async (_, how) => {
    const token = await instance.token('administrator');
    const authorization =
      how === undefined
        ? undefined
        : how === 'basic'
          ? `Basic ${token}`
          : `Bearer ${token.slice(0, -6)}${token.endsWith('AAAAAA') ? 'BBBBBB' : 'AAAAAA'}`;
    const nobody = callers.get('nobody')!;
    const answer = await nobody.get('/ledger/v1/clients', {
      headers: authorization === undefined ? {} : { authorization },
    });
    expect([answer.status, answer.headers.get('www-authenticate')]).toEqual([401, 'Bearer']);
  });

  test('nothing that was refused has changed anything', async () => {
    await opened.steps.books({
      grantedMinutes: 1200,
      postedMinutes: 1200,
      heldMinutes: 0,
      pendingMinutes: 60,
    });
  });
});

describe('R17 what a role may do with what it may call', () => {
  test('a team member reverses its own entries, a referent all', async () => {
    const work = (caller: string) =>
      callers.get(caller)!.post(`/ledger/v1/packages/${ids.package}/work-entries`, {
        activityId: ids.activity,
        minutes: 5,
        performedOn: dayOf(instance),
        performedBy: 'sviluppo@agenzia.example',
      });
    const reverse = (caller: string, entryId: string) =>
      callers.get(caller)!.post(`/ledger/v1/packages/${ids.package}/work-entries/${entryId}/reversal`, {
        reason: 'sbaglio',
      });
    const others = (await work('referent')).body.workEntryId;
    const own = (await work('team-member')).body.workEntryId;
    expect((await reverse('team-member', others)).status).toBe(403);
    expect((await reverse('team-member', own)).status).toBe(201);
    expect((await reverse('referent', others)).status).toBe(201);
  });

  test.each(['administrator', 'referent', 'team-member', 'machine with every scope'])(
    'a decision of %s needs the name of an approver',
    async (who) => {
      const caller = callers.get(who)!;
      const path = `/estimation/v1/activities/${ids.activity}/decisions`;
      for (const contactId of [
        undefined,
        client.viewer.contactId,
        client.requester.contactId,
        randomUUID(),
      ]) {
        const answer = await caller.post(path, { version: 1, decision: 'approve', contactId });
        expect(answer.body).toMatchObject({ status: 422, code: 'estimation.approver-required' });
        const together = {
          contactId,
          decisions: [{ activityId: ids.activity, version: 1, decision: 'approve' }],
        };
        expect((await caller.post('/estimation/v1/decisions', together)).body.code).toBe(
          'estimation.approver-required',
        );
      }
    },
  );

  test('a token that says approver decides nothing where its contact is none', async () => {
    const pretender = await instance.rest('approver', { contact: client.viewer.contactId });
    const decision = { version: 1, decision: 'approve' };
    const path = `/estimation/v1/activities/${ids.activity}/decisions`;
    expect((await pretender.post(path, decision)).status).toBe(403);
    expect((await pretender.post(path, { ...decision, contactId: client.approver.contactId })).status).toBe(
      403,
    );
    const sent = await pretender.post('/intake/v1/requests', {
      packageId: ids.package,
      subject: 'x',
      text: 'Cambiare il logo.',
    });
    expect(sent.status).toBe(403);
  });

  test('an approver decides as itself and in nobody’s name', async () => {
    const approver = callers.get('approver')!;
    const path = `/estimation/v1/activities/${ids.activity}/decisions`;
    const other = { version: 1, decision: 'reject', contactId: client.requester.contactId };
    expect((await approver.post(path, other)).status).toBe(403);
    const overrun = `/ledger/v1/packages/${ids.package}/overruns/${ids.overrun}/decision`;
    expect((await approver.post(overrun, { decision: 'absorb', reason: 'x' })).status).toBe(403);
    expect(
      (await callers.get('team-member')!.post(overrun, { decision: 'absorb', reason: 'x' })).status,
    ).toBe(403);
    expect((await opened.steps.activity(ids.activity!)).approval).toBe('waiting');
    expect((await approver.post(overrun, { decision: 'refuse', reason: 'troppo' })).body.state).toBe(
      'refused',
    );
    expect(
      (await callers.get('referent')!.post(overrun, { decision: 'absorb', reason: 'regalo' })).body.state,
    ).toBe('absorbed');
  });

  test('a contact sends requests as itself', async () => {
    const requester = callers.get('requester')!;
    const request = { packageId: ids.package, subject: unique('Mia'), text: 'Cambiare il logo.' };
    expect((await requester.post('/intake/v1/requests', request)).status).toBe(201);
    const other = { ...request, fromEmail: client.approver.email };
    expect((await requester.post('/intake/v1/requests', other)).status).toBe(403);
    const viewer = { ...request, fromEmail: client.viewer.email };
    expect((await desk.team.post('/intake/v1/requests', viewer)).body).toMatchObject({
      status: 422,
      errors: [{ pointer: '/fromEmail' }],
    });
  });

  test('contacts see only the mails written to themselves, the team no secret of a link', async () => {
    await desk.mailTo(client.approver.email, /Sito nuovo/);
    const mails = (who: string) => callers.get(who)!.all(`/intake/v1/outbound-mail?packageId=${ids.package}`);
    expect((await mails('viewer')).map(({ to }: Parsed) => to)).toEqual(
      expect.arrayContaining([client.viewer.email]),
    );
    for (const who of CONTACTS as ('approver' | 'requester' | 'viewer')[])
      expect(new Set((await mails(who)).map(({ to }: Parsed) => to))).toEqual(new Set([client[who].email]));
    const asking = (await mails('administrator')).find(({ kind }: Parsed) => kind === 'estimate-to-decide');
    const shown = (who: string) => callers.get(who)!.get(`/intake/v1/outbound-mail/${asking.mailId}`);
    expect(linksIn((await shown('approver')).body, 'decision-links')).toHaveLength(1);
    expect(linksIn((await shown('administrator')).body, 'decision-links')).toEqual([]);
    expect((await shown('viewer')).status).toBe(404);
  });

  test('a package shared with some is not there for the others; a role taken away is gone at once', async () => {
    const shared = await desk.package(client, {
      contacts: [{ contactId: client.approver.contactId, roles: ['approver', 'viewer'] }],
    });
    const path = `/ledger/v1/packages/${shared.packageId}`;
    const board = `/reporting/v1/boards/${shared.packageId}`;
    expect((await callers.get('approver')!.get(path)).status).toBe(200);
    for (const who of ['requester', 'viewer']) {
      for (const hidden of [path, board, `${path}/entries`])
        expect((await callers.get(who)!.get(hidden)).status).toBe(404);
      const list = await callers.get(who)!.all('/ledger/v1/packages');
      expect(list.map(({ packageId }: Parsed) => packageId)).toEqual([ids.package]);
    }
    await desk.team.must(
      desk.team.patch(`/ledger/v1/clients/${client.clientId}/contacts/${client.viewer.contactId}`, {
        active: false,
      }),
    );
    await eventually(
      async () => (await callers.get('viewer')!.get(`/reporting/v1/boards/${ids.package}`)).status === 404,
      'an inactive contact sees nothing',
    );
    expect((await callers.get('viewer')!.get(`/ledger/v1/packages/${ids.package}`)).status).toBe(404);
    await desk.team.must(
      desk.team.patch(`/ledger/v1/clients/${client.clientId}/contacts/${client.viewer.contactId}`, {
        active: true,
      }),
    );
  });
});

describe('R17 another client', () => {
  let other: Client;
  let theirs: Opened;
  let stranger: RestClient;

  beforeAll(async () => {
    other = await desk.client('en');
    theirs = await desk.package(other);
    stranger = await desk.as('approver', other.approver);
    await desk.mailTo(other.approver.email, new RegExp(theirs.name));
    await askAll();
  });

  /** What a caller may name of others, with a body that would do something if it were its own. */
  const CALLS: readonly (readonly [string, Parsed])[] = [
    ['GET /ledger/v1/clients/{client}', undefined],
    ['GET /ledger/v1/packages/{package}', undefined],
    ['GET /ledger/v1/packages/{package}?occurredAsOf=2026-12-01', undefined],
    ['GET /ledger/v1/packages/{package}/entries', undefined],
    ['GET /ledger/v1/packages/{package}/verification', undefined],
    ['POST /ledger/v1/packages/{package}/overruns/{overrun}/decision', { decision: 'charge', reason: 'x' }],
    ['GET /estimation/v1/activities?packageId={package}', undefined],
    ['GET /estimation/v1/activities/{activity}', undefined],
    ['POST /estimation/v1/activities/{activity}/decisions', { version: 1, decision: 'approve' }],
    ['POST /estimation/v1/activities/{activity}/withdrawal', {}],
    ['GET /intake/v1/requests/{request}', undefined],
    ['GET /intake/v1/requests/{request}/raw', undefined],
    ['GET /intake/v1/outbound-mail?packageId={package}', undefined],
    ['GET /intake/v1/take-in-charge-deadline?receivedAt=2027-01-04T10:00:00Z&packageId={package}', undefined],
    ['GET /reporting/v1/boards/{package}', undefined],
    ['GET /reporting/v1/boards/{package}/activities/{activity}', undefined],
    ['GET /reporting/v1/boards/{package}/export.xlsx', undefined],
    ['GET /reporting/v1/boards/{package}/events', undefined],
  ];

  /** Of each call, the answer about the other client and about ids that nobody has. */
  const answers = new Map<string, readonly Parsed[]>();

  /** All at once: an unknown id is waited for, since what has just come to be may be on its way. */
  const askAll = async () => {
    const unknown = Object.fromEntries(Object.keys(ids).map((name) => [name, randomUUID()]));
    const ask = async (route: string, body: Parsed, named: Record<string, string>) => {
      const [method, template] = route.split(' ');
      const path = template!.replace(/\{(\w+)\}/g, (_, name) => named[name]!);
      const answer = method === 'GET' ? await stranger.get(path) : await stranger.post(path, body);
      return { status: answer.status, body: { ...answer.body, traceId: '' } };
    };
    await Promise.all(
      CALLS.map(async ([route, body]) => {
        answers.set(route, await Promise.all([ids, unknown].map((named) => ask(route, body, named))));
      }),
    );
  };

  test.each(CALLS)('%s: the answer is that to an unknown id', (route) => {
    const [foreign, nothing] = answers.get(route)!;
    expect(foreign).toEqual(nothing);
    expect(foreign.status).toBe(404);
  });

  test.each([
    ['a request', '/intake/v1/requests', () => ({ packageId: ids.package, subject: 'x', text: 'y' })],
    [
      'decisions with one of its own among them',
      '/estimation/v1/decisions',
      () => ({ decisions: [{ activityId: ids.activity, version: 1, decision: 'approve' }] }),
    ],
  ])('named in a body: %s', async (_, path, body) => {
    const text = JSON.stringify(body());
    const unknown = text.replace(ids.package!, randomUUID()).replace(ids.activity!, randomUUID());
    const [foreign, nothing] = await Promise.all([
      stranger.post(path, body()),
      stranger.post(path, JSON.parse(unknown)),
    ]);
    expect(foreign.status).toBe(404);
    expect({ ...foreign.body, traceId: '' }).toEqual({ ...nothing.body, traceId: '' });
  });

  test('is in no list, no mail and no spreadsheet', async () => {
    const lists = [
      '/ledger/v1/clients',
      '/ledger/v1/packages',
      `/ledger/v1/packages?clientId=${client.clientId}`,
      '/intake/v1/requests',
      `/intake/v1/requests?packageId=${ids.package}`,
      `/intake/v1/requests?clientId=${client.clientId}`,
      '/intake/v1/outbound-mail',
      '/reporting/v1/boards',
      `/reporting/v1/boards?clientId=${client.clientId}`,
    ];
    const shown = await Promise.all(lists.map(async (path) => JSON.stringify(await stranger.all(path))));
    const sheet = (await stranger.bytes(`/reporting/v1/boards/${theirs.packageId}/export.xlsx`)).toString(
      'latin1',
    );
    const mails = (
      await Promise.all(
        [other.approver, other.requester, other.viewer].map(({ email }) => desk.mailsTo(email)),
      )
    ).flat();
    expect(mails.length).toBeGreaterThanOrEqual(3);
    const secrets = [
      client.name,
      client.clientId,
      opened.name,
      ids.package!,
      ids.request!,
      client.viewer.contactId,
    ];
    for (const text of [...shown, sheet, ...mails.flatMap((mail) => [mail.text, mail.html, mail.subject])])
      for (const secret of secrets) expect(text).not.toContain(secret);
    expect(shown[0]).toContain(other.name);
  });

  test('its thread, named by a stranger, is no thread', async () => {
    const confirmation = await desk.mailTo(client.requester.email, /Orari/);
    const raw = plainMail({
      from: other.requester.email,
      to: theirs.mailbox,
      subject: `Re: ${confirmation.subject}`,
      text: 'Che cosa avete deciso?',
      messageId: `<${unique('m')}@altrove.example>`,
      inReplyTo: confirmation.parsed.messageId!,
    });
    const { disposition, requestId } = (await desk.deliver(raw)).body;
    expect(disposition).toBe('request');
    expect(await desk.request(requestId)).toMatchObject({
      clientId: other.clientId,
      packageId: theirs.packageId,
    });
  });

  test('has books of its own, and both agree', async () => {
    await theirs.steps.books({ grantedMinutes: 1200, heldMinutes: 0 });
    await opened.steps.books();
  });
});
