import { once } from 'node:events';
import { createServer, type IncomingMessage, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { eventually, type TestDatabase, testDatabase } from '@monteore/testing';
import { Body, Controller, Get, Inject, Module, Param, Post, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import type { ServiceCore, ServiceDefinition } from '../service.js';
import { LogLines, StartedService } from '../testing/index.js';
import { Allow, Public, TEAM } from './auth.guard.js';

const CORE = Symbol('core');
const zMail = z.object({ from: z.email(), text: z.string(), minutes: z.int().min(1) });

@Controller('v1')
class Routes {
  constructor(@Inject(CORE) private readonly core: ServiceCore) {}

  /** Fails in the database, whose error repeats what it was given. */
  @Post('mails/:mailId')
  @Allow('mails:write', ...TEAM)
  async take(@Param('mailId') mailId: string, @Body({ schema: zMail }) body: z.infer<typeof zMail>) {
    if (mailId === 'broken')
      await this.core.database.query('SELECT $1::uuid, $2::text', [`${body.text} ${body.from}`, body.text]);
    return { taken: true };
  }

  @Get('stream')
  @Public()
  stream(@Res() reply: FastifyReply) {
    reply.hijack();
    reply.raw.writeHead(200, { 'content-type': 'text/event-stream' });
    reply.raw.write(': begun\n\n');
  }
}

const definition: ServiceDefinition = {
  name: 'intake',
  migrations: [],
  module: (core) => {
    @Module({ controllers: [Routes], providers: [{ provide: CORE, useValue: core }] })
    class RoutesModule {}
    return RoutesModule;
  },
  publish: () => null,
  handlers: () => ({}),
};

const lines = new LogLines();
let database: TestDatabase;
let service: StartedService;
beforeAll(async () => {
  database = await testDatabase();
  service = await StartedService.start({
    definition,
    databaseUrl: database.url,
    watched: { logLevel: 'debug', logTo: lines },
  });
}, 60_000);
afterAll(async () => {
  await service.stop();
  await database.drop();
});

const lineOf = (correlationId: unknown, msg = 'answered') =>
  eventually(
    () => lines.with(msg).find((line) => line.correlationId === correlationId),
    `${msg} of ${correlationId}`,
  );
const mail = { from: 'mario.rossi@comune.example', text: 'Il testo della mail', minutes: 5 };

test('the given correlation id is answered back, and one is made for what is none', async () => {
  const given = async (id: string) =>
    (await service.get('/v1/nothing', undefined, { 'x-correlation-id': id })).headers['x-correlation-id'];
  expect(await given('call-4711-of-the-tracker')).toBe('call-4711-of-the-tracker');
  for (const bad of ['short', 'mario@comune.example', 'a b c d e f g h', 'x'.repeat(65)])
    expect(await given(bad)).toMatch(/^[0-9a-f-]{36}$/);
});

test('the traceId of a problem is the correlation id, which leads to its lines', async () => {
  const token = service.token('team-member');
  const answer = await service.call('POST', '/v1/mails/broken', { token, body: mail });
  expect([answer.status, answer.body.traceId]).toEqual([500, answer.headers['x-correlation-id']]);
  expect(await lineOf(answer.body.traceId, 'a request failed')).toMatchObject({ level: 50 });
  expect(await lineOf(answer.body.traceId)).toMatchObject({ level: 30, status: 500 });
});

test.each([
  ['/v1/mails/:mailId', 'POST', '/v1/mails/1?from=mario@comune.example', 201, 30],
  ['none', 'GET', '/v1/nothing/mario@comune.example?q=Mario', 404, 30],
  ['/health/live', 'GET', '/health/live', 200, 20],
  ['/health/ready', 'GET', '/health/ready', 200, 20],
  ['/metrics', 'GET', '/metrics', 200, 20],
] as const)(
  'a request for %s leaves one line, at the level of its worth',
  async (route, method, url, status, level) => {
    const token = service.token('team-member');
    const answer = await service.call(method, url, { token, ...(method === 'POST' ? { body: mail } : {}) });
    const line = await lineOf(answer.headers['x-correlation-id']);
    expect(line).toEqual({
      level,
      time: expect.any(Number),
      pid: expect.any(Number),
      hostname: expect.any(String),
      name: 'intake',
      correlationId: answer.headers['x-correlation-id'],
      method,
      route,
      status,
      ms: expect.any(Number),
      msg: 'answered',
    });
  },
);

test('a stream that its reader leaves has its line when it ends', async () => {
  const server = createServer((incoming, response) => service.service.handle(incoming, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const sent = request({ host: '127.0.0.1', port, path: '/v1/stream' }).end();
  const [answer] = (await once(sent, 'response')) as [IncomingMessage];
  const correlationId = answer.headers['x-correlation-id'];
  await once(answer, 'data');
  expect(lines.with('answered').some((line) => line.correlationId === correlationId)).toBe(false);
  answer.on('error', () => {});
  sent.destroy();
  expect(await lineOf(correlationId)).toMatchObject({ route: '/v1/stream', status: 200, aborted: true });
  server.close();
});

test('no line holds a token, a mail’s text or an address, whatever went wrong', async () => {
  const token = service.token('team-member', 'mario.rossi@comune.example');
  const link = await service.links.sign(
    'board',
    { packageId: 'p', contactId: 'c' },
    new Date(Date.now() + 60_000),
  );
  const post = (url: string, body: object | string, headers = {}) =>
    service.call('POST', url, { token, body, headers });
  const statuses = [
    await post('/v1/mails/broken?from=mario.rossi@comune.example', mail),
    await post('/v1/mails/1', { ...mail, minutes: 0 }),
    await post('/v1/mails/1', `{"text": "Il testo della mail", "from": mario.rossi@comune.example`, {
      'content-type': 'application/json',
    }),
    await post('/v1/mails/1', 'Il testo della mail', { 'content-type': 'text/plain' }),
    await post('/v1/mails/1', { ...mail, text: 'Il testo della mail'.repeat(600_000) }),
    await service.call('POST', '/v1/mails/1', { token: `${token}x`, body: mail }),
    await service.get(`/v1/boards/${link}`),
    await post('/v1/mails/1', mail, { 'monteore-position': 'mario.rossi@comune.example' }),
  ].map(({ status }) => status);
  expect(statuses).toEqual([500, 400, 400, 415, 413, 401, 404, 400]);
  expect(lines.with('answered').length).toBeGreaterThanOrEqual(statuses.length);
  expect(lines.text).not.toMatch(/mario|rossi|comune|testo|eyJ|Bearer/i);
});
