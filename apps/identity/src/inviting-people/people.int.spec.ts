import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { peopleTopicOf } from '@monteore/contracts';
import type { Role } from '@monteore/kernel';
import { StartedService } from '@monteore/service/testing';
import { eventually, type TestDatabase, testDatabase } from '@monteore/testing';
import pg from 'pg';
import { identityService } from '../identity.service.js';

let database: TestDatabase;
let started: StartedService;
let owner: pg.Client;

beforeAll(async () => {
  database = await testDatabase();
  owner = new pg.Client({ connectionString: database.url });
  await owner.connect();
  started = await StartedService.start({
    definition: identityService,
    databaseUrl: database.url,
    runtimeRole: await database.role(),
  });
}, 60_000);

afterAll(async () => {
  await started?.stop();
  await owner?.end();
  await database?.drop();
});

const call = (
  role: Role,
  method: 'GET' | 'POST' | 'PATCH',
  url: string,
  body?: object | string,
  headers: Record<string, string> = {},
) =>
  started.call(method, url, {
    token: started.token(role),
    headers,
    ...(body === undefined ? {} : { body }),
  });

describe('R17 people of the team', () => {
  test('an administrator invites, lists, changes the role', async () => {
    const invited = await call('administrator', 'POST', '/v1/people', {
      email: 'Anna@Agenzia.example',
      name: 'Anna',
      role: 'referent',
    });
    expect(invited.status).toBe(201);
    const { personId } = invited.body;
    const person = { personId, name: 'Anna', email: 'anna@agenzia.example', role: 'referent' };
    const listed = await call('team-member', 'GET', '/v1/people', undefined, {
      'monteore-position': String(invited.headers['monteore-position']),
    });
    expect(listed.body).toEqual({ items: [person], nextCursor: null });
    const changed = await call('administrator', 'PATCH', `/v1/people/${personId}`, { role: 'auditor' });
    expect(changed).toMatchObject({ status: 200, body: { ...person, role: 'auditor' } });
    const stale = await call(
      'administrator',
      'PATCH',
      `/v1/people/${personId}`,
      { role: 'referent' },
      { 'if-match': '"1"' },
    );
    expect(stale.status).toBe(412);
  });

  test('the same call twice is one; another for the same address is refused', async () => {
    const body = { email: 'bruno@agenzia.example', role: 'team-member' };
    const key = { 'idempotency-key': 'invite-bruno' };
    const first = await call('administrator', 'POST', '/v1/people', body, key);
    const repeated = await call('administrator', 'POST', '/v1/people', body, key);
    expect(repeated).toMatchObject({ status: 201, body: first.body });
    const again = await call('administrator', 'POST', '/v1/people', {
      ...body,
      email: 'BRUNO@agenzia.example',
    });
    expect(again).toMatchObject({ status: 409, body: { code: 'identity.already-invited' } });
  });

  test('a role that no team has and an address that is none are told with the field', async () => {
    const answer = await call('administrator', 'POST', '/v1/people', { email: 'nobody', role: 'approver' });
    expect(answer.status).toBe(400);
    expect(answer.body.errors.map((error: { pointer: string }) => error.pointer).sort()).toEqual([
      '/email',
      '/role',
    ]);
  });

  test('nobody else may invite, and no contact may look', async () => {
    const body = { email: 'carla@agenzia.example', role: 'team-member' };
    for (const role of ['referent', 'team-member', 'auditor', 'approver'] as const)
      expect((await call(role, 'POST', '/v1/people', body)).status).toBe(403);
    for (const role of ['auditor', 'approver', 'viewer'] as const)
      expect((await call(role, 'GET', '/v1/people')).status).toBe(403);
  });

  test('events hold no name and no address; the people topic does', async () => {
    const { rows: events } = await owner.query('SELECT * FROM identity_events.events');
    expect(JSON.stringify(events)).not.toMatch(/anna|agenzia/i);
    const known = await eventually(async () => {
      const { rows } = await owner.query('SELECT event FROM messaging.latest WHERE topic = $1', [
        peopleTopicOf('identity'),
      ]);
      return rows.length >= 2 && JSON.stringify(rows);
    }, 'the people topic');
    expect(known).toContain('anna@agenzia.example');
  });
});

test('the public keys are there for everybody', async () => {
  const answer = await started.get('/.well-known/jwks.json');
  expect(answer.status).toBe(200);
  expect(answer.body.keys).toEqual([expect.objectContaining({ crv: 'Ed25519', kty: 'OKP' })]);
  expect(answer.text).not.toContain('"d"');
});

test('what no route takes is told as a problem too', async () => {
  const post = (body: string, type = 'application/json') =>
    call('administrator', 'POST', '/v1/people', body, { 'content-type': type });
  const malformed = await post('{');
  expect([malformed.status, malformed.body.code]).toEqual([400, 'service.malformed']);
  const tooLarge = await post(`"${'x'.repeat(11 * 1024 * 1024)}"`);
  expect([tooLarge.status, tooLarge.body.code]).toEqual([413, 'service.too-large']);
  const unknown = await call('administrator', 'GET', '/v1/nothing');
  expect([unknown.status, unknown.body.code]).toEqual([404, 'service.no-such-route']);
  const otherType = await post('a,b', 'text/csv');
  expect([otherType.status, otherType.body.code]).toEqual([415, 'service.unsupported-media-type']);
});
