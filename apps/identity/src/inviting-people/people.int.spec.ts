import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { peopleTopicOf } from '@monteore/contracts';
import { type Role, systemClock } from '@monteore/kernel';
import { installPostgresMessaging } from '@monteore/messaging';
import { installBlobs, type RunningService, startService } from '@monteore/service';
import { eventually, type TestDatabase, testDatabase } from '@monteore/testing';
import pg from 'pg';
import { identityService } from '../identity.service.js';
import { AccessTokenSigner } from '../signing-keys/access-tokens.js';
import { ensureSigningKey } from '../signing-keys/signing-key.js';

let database: TestDatabase;
let directory: string;
let signer: AccessTokenSigner;
let service: RunningService;
let owner: pg.Client;

beforeAll(async () => {
  database = await testDatabase();
  directory = await mkdtemp(join(tmpdir(), 'monteore-identity-'));
  const access = await ensureSigningKey(directory, 'access');
  const links = await ensureSigningKey(directory, 'links');
  signer = await AccessTokenSigner.fromFile(access.privateKeyFile);
  const role = await database.role();
  owner = new pg.Client({ connectionString: database.url });
  await owner.connect();
  await installPostgresMessaging(owner, 'messaging', { runtimeRoles: [role.name] });
  await installBlobs(owner, 'blobs', [role.name]);
  service = await startService(identityService, {
    databaseUrl: role.url,
    ownerDatabaseUrl: database.url,
    runtimeRole: role.name,
    messagingUrl: role.url,
    blobsUrl: role.url,
    installationSecret: 'x'.repeat(32),
    keys: { file: access.jwksFile },
    linkKeys: { file: links.jwksFile },
    publicUrl: 'http://127.0.0.1',
    clock: systemClock,
    sweepEveryMillis: 20,
    logLevel: 'silent',
  });
}, 60_000);

afterAll(async () => {
  await service?.stop();
  await owner?.end();
  await database?.drop();
  await rm(directory, { recursive: true, force: true });
});

async function call(
  role: Role,
  method: 'GET' | 'POST' | 'PATCH',
  url: string,
  payload?: object,
  headers: Record<string, string> = {},
) {
  const { token } = await signer.sign({ subject: `a-${role}`, role });
  const answer = await service.app.inject({
    method,
    url,
    ...(payload === undefined ? {} : { payload }),
    headers: { authorization: `Bearer ${token}`, ...headers },
  });
  return { status: answer.statusCode, body: answer.json(), headers: answer.headers };
}

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
  const answer = await service.app.inject({ method: 'GET', url: '/.well-known/jwks.json' });
  expect(answer.statusCode).toBe(200);
  expect(answer.json().keys).toEqual([expect.objectContaining({ crv: 'Ed25519', kty: 'OKP' })]);
  expect(answer.body).not.toContain('"d"');
});

test('what no route takes is told as a problem too', async () => {
  const { token } = await signer.sign({ subject: 'an-administrator', role: 'administrator' });
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const malformed = await service.app.inject({ method: 'POST', url: '/v1/people', headers, payload: '{' });
  expect([malformed.statusCode, malformed.json().code]).toEqual([400, 'service.malformed']);
  const large = `"${'x'.repeat(11 * 1024 * 1024)}"`;
  const tooLarge = await service.app.inject({ method: 'POST', url: '/v1/people', headers, payload: large });
  expect([tooLarge.statusCode, tooLarge.json().code]).toEqual([413, 'service.too-large']);
  const unknown = await service.app.inject({ method: 'GET', url: '/v1/nothing', headers });
  expect([unknown.statusCode, unknown.json().code]).toEqual([404, 'service.no-such-route']);
  const otherType = await service.app.inject({
    method: 'POST',
    url: '/v1/people',
    headers: { ...headers, 'content-type': 'text/csv' },
    payload: 'a,b',
  });
  expect([otherType.statusCode, otherType.json().code]).toEqual([415, 'service.unsupported-media-type']);
});
