import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DEFAULT_POLICY } from '@monteore/kernel';
import { type TestDatabase, testDatabase } from '@monteore/testing';
import { Controller, Get, Module, Param } from '@nestjs/common';
import { AccessCopy } from '../access/access-copy.js';
import type { ServiceDefinition } from '../service.js';
import { StartedService } from '../testing/started-service.js';
import { Allow, CONTACTS, Public, TEAM } from './auth.guard.js';
import { type Caller, CallerOf, encodePosition } from './command-context.js';

@Controller('v1')
class Routes {
  @Get('team')
  @Allow('things:read', ...TEAM)
  team() {
    return { for: 'the team' };
  }

  @Get('me')
  @Allow('things:me', ...CONTACTS, 'auditor')
  me(@CallerOf() { principal }: Caller) {
    return principal;
  }

  @Get('forgotten/:id')
  forgotten(@Param('id') id: string) {
    return { id };
  }

  @Get('open')
  @Public()
  open() {
    return { for: 'everybody' };
  }
}

@Module({ controllers: [Routes] })
class RoutesModule {}

const definition: ServiceDefinition = {
  name: 'intake',
  migrations: [],
  module: () => RoutesModule,
  publish: () => null,
  handlers: () => ({}),
};

let database: TestDatabase;
let service: StartedService;
beforeAll(async () => {
  database = await testDatabase();
  service = await StartedService.start({ definition, databaseUrl: database.url });
}, 60_000);
afterAll(async () => {
  await service.stop();
  await database.drop();
});

const [clientId, otherId] = [randomUUID(), randomUUID()];
const contact = (
  contactId: string,
  of: string,
  roles: string[],
  previousRoles: string[] = [],
  active = true,
) =>
  service.told('ledger', 'ContactChanged', of, {
    clientId: of,
    contactId,
    roles,
    previousRoles,
    active,
    language: 'it',
  });
const opened = (packageId: string, of: string, contacts?: { contactId: string; roles: string[] }[]) =>
  service.told('ledger', 'PackageOpened', of, {
    packageId,
    clientId: of,
    name: 'Sito',
    referentId: 'luca',
    policy: DEFAULT_POLICY,
    ...(contacts === undefined ? {} : { contacts }),
  });

describe('R17 the guard', () => {
  const status = async (path: string, token?: string) =>
    (await service.call('GET', path, token === undefined ? {} : { token })).status;

  it.each([
    ['administrator', 200],
    ['referent', 200],
    ['team-member', 200],
    ['auditor', 403],
    ['approver', 403],
    ['viewer', 403],
    ['machine', 403],
  ] as const)('lets a %s into what is the team’s with %i', async (role, expected) => {
    expect(await status('/v1/team', service.token(role))).toBe(expected);
  });

  it('looks at a machine’s scopes and at nothing else of it', async () => {
    expect(await status('/v1/team', service.token('machine', 'key', ['things:read']))).toBe(200);
    expect(await status('/v1/team', service.token('machine', 'key', ['things:me', '*']))).toBe(403);
  });

  it('refuses everybody where a route says nothing, and nobody where it is public', async () => {
    expect(await status('/v1/forgotten/1', service.token('administrator'))).toBe(403);
    expect(await status('/v1/forgotten/1')).toBe(401);
    expect(await status('/v1/open')).toBe(200);
    expect(await status('/v1/open', 'rubbish')).toBe(200);
  });

  it('refuses a token that was changed, and a link in its place', async () => {
    const [header, payload, signature] = service.token('viewer').split('.') as [string, string, string];
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as object;
    const raised = Buffer.from(JSON.stringify({ ...claims, role: 'administrator' })).toString('base64url');
    const link = await service.links.sign(
      'board',
      { packageId: 'p', contactId: 'c' },
      new Date(Date.now() + 60_000),
    );
    for (const token of [[header, raised, signature].join('.'), link])
      expect(await status('/v1/team', token)).toBe(401);
  });

  it('knows a contact’s client from the service’s own copy, while the contact is active', async () => {
    const contactId = randomUUID();
    await service.publish(contact(contactId, clientId, ['viewer']));
    const me = async () =>
      (await service.call('GET', '/v1/me', { token: service.token('viewer', contactId) })).body;
    expect(await me()).toEqual({ subject: contactId, role: 'viewer', scopes: [], clientId });
    await service.publish(contact(contactId, clientId, ['viewer'], ['viewer'], false));
    expect(await me()).not.toHaveProperty('clientId');
  });

  it('answers a path and a method that do not exist as problems', async () => {
    const answer = await service.call('GET', '/v1/nothing', { token: service.token('administrator') });
    expect([answer.status, answer.body.code]).toEqual([404, 'service.no-such-route']);
  });
});

describe('R17 the copy of rights', () => {
  const rights = async (packageId: string, contactId: string, role: 'approver' | 'viewer' = 'approver') =>
    (await service.service.core.access.rightsOn({ subject: contactId, role, scopes: [] }, packageId))
      ?.roles ?? null;

  it('gives all contacts of the client their roles, unless the package names others', async () => {
    const [anna, vera, eva] = [randomUUID(), randomUUID(), randomUUID()];
    const [shared, named] = [randomUUID(), randomUUID()];
    await service.publish(
      contact(anna, clientId, ['approver']),
      contact(vera, clientId, ['viewer']),
      contact(eva, otherId, ['approver']),
      opened(shared, clientId),
      opened(named, clientId, [{ contactId: vera, roles: ['approver', 'viewer'] }]),
    );
    expect(await rights(shared, anna)).toEqual(['approver']);
    expect(await rights(shared, vera)).toEqual(['viewer']);
    expect(await rights(named, anna)).toBeNull();
    expect(await rights(named, vera)).toEqual(['approver', 'viewer']);
    expect(await rights(named, vera, 'viewer')).toEqual(['viewer']);
    for (const packageId of [shared, named, randomUUID()]) expect(await rights(packageId, eva)).toBeNull();
    const { access } = service.service.core;
    expect(await access.contactsOn(named, 'approver')).toEqual([vera]);
    const visible = await service.service.core.database.query<{ package_id: string }>(
      `SELECT package_id FROM packages l WHERE ${AccessCopy.visibleTo('l.package_id', '$1')}`,
      [anna],
    );
    expect(visible).toContainEqual({ package_id: shared });
    expect(visible).not.toContainEqual({ package_id: named });
  });

  it('takes a role that the client took away from every package, and all of them from who left', async () => {
    const [ida, packageId] = [randomUUID(), randomUUID()];
    await service.publish(
      contact(ida, clientId, ['approver', 'viewer']),
      opened(packageId, clientId, [{ contactId: ida, roles: ['approver', 'viewer'] }]),
    );
    await service.publish(contact(ida, clientId, ['viewer'], ['approver', 'viewer']));
    expect(await rights(packageId, ida)).toEqual(['viewer']);
    await service.publish(contact(ida, clientId, ['viewer'], ['viewer'], false));
    expect(await rights(packageId, ida)).toBeNull();
  });

  it('follows the package: policy, closing, closed', async () => {
    const packageId = randomUUID();
    await service.publish(opened(packageId, clientId));
    const stages = ['PackageClosing', 'PackageClosed'] as const;
    const seen = [];
    for (const type of stages) {
      await service.publish(service.told('ledger', type, clientId, { packageId, clientId }));
      seen.push((await service.service.core.access.packageOf(packageId))?.status);
    }
    expect(seen).toEqual(['closing', 'closed']);
  });
});

describe('freshness: a call that carries a position', () => {
  const call = (position: string) =>
    service.call('GET', '/v1/open', { headers: { 'monteore-position': position } });

  it('waits for what is on its way', async () => {
    const told = contact(randomUUID(), clientId, ['viewer']);
    const waiting = call(encodePosition(told.message));
    await service.publish(told);
    expect((await waiting).status).toBe(200);
  });

  it('gets 503 with Retry-After when it does not come', async () => {
    const { source, key, position } = contact(randomUUID(), randomUUID(), ['viewer']).message;
    const answer = await call(encodePosition({ source, key, position }));
    expect([answer.status, answer.body.code, answer.headers['retry-after']]).toEqual([
      503,
      'service.not-that-fresh-yet',
      '1',
    ]);
  });

  it.each([
    'x',
    Buffer.from('[1]').toString('base64url'),
    Buffer.from('["a","b","x"]').toString('base64url'),
  ])('gets 400 for %s, which no answer carried', async (position) => {
    expect((await call(position)).status).toBe(400);
  });
});
