import { once } from 'node:events';
import { Agent, createServer, type IncomingMessage, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { eventsTopicOf, type ServiceName } from '@monteore/contracts';
import { inputHashOf, randomId, SYSTEM_ACTOR } from '@monteore/kernel';
import { eventually, type TestDatabase, testDatabase } from '@monteore/testing';
import { Body, Controller, Module, Param, Post } from '@nestjs/common';
import type { CommandEnvelope } from '../command-handling/stream-command.js';
import { StreamRuntime } from '../command-handling/stream-runtime.js';
import { Allow, TEAM } from '../http/auth.guard.js';
import { type Caller, CallerOf, envelopeOf } from '../http/command-context.js';
import type { ServiceCore, ServiceDefinition } from '../service.js';
import { type CollectedSpan, LogLines, linesOf, StartedService, TraceCollector } from '../testing/index.js';

/** Streams that hold one kind of event, as a service's own streams do. */
class Things {
  private readonly runtime: StreamRuntime<null>;

  constructor(core: ServiceCore) {
    const fold = { initial: null, evolve: () => null };
    this.runtime = new StreamRuntime({ store: core.store, clock: core.clock, fold });
  }

  say(thingId: string, type: string, envelope: CommandEnvelope) {
    const decide = () => ({ events: [{ type, data: {}, occurredOn: '2026-11-24' }] });
    return this.runtime.execute({ ...envelope, streamId: `thing-${thingId}`, decide });
  }
}

/** A service that says `says` when it is asked to, or when it hears `hears` from another. */
function serviceThat(
  name: ServiceName,
  says: string,
  hears?: readonly [from: ServiceName, type: string],
): ServiceDefinition {
  let things: Things;
  @Controller('v1/things')
  class Routes {
    @Post(':thingId')
    @Allow('things:write', ...TEAM)
    async say(@Param('thingId') thingId: string, @Body() body: object, @CallerOf() caller: Caller) {
      await things.say(thingId, says, envelopeOf(caller, body));
      if (thingId === 'broken') throw new Error('something of «Mario Rossi» broke');
      return { said: says };
    }
  }
  @Module({ controllers: [Routes] })
  class Routed {}
  return {
    name,
    migrations: [],
    module: (core) => {
      things = new Things(core);
      return Routed;
    },
    publish: ({ type, streamId, data }) => ({ type, key: streamId, data }),
    handlers: (core) =>
      hears === undefined
        ? {}
        : {
            [eventsTopicOf(hears[0])]: {
              [hears[1]]: {
                react: async ({ key, id, data, correlationId, traceparent }) => {
                  core.logger.info('heard it');
                  const envelope = { commandId: id, inputHash: inputHashOf(data), actor: SYSTEM_ACTOR };
                  await things.say(key, says, {
                    ...envelope,
                    correlationId,
                    ...(traceparent && { traceparent }),
                  });
                },
                project: async () => {},
              },
            },
          },
  };
}

const logs = { estimation: new LogLines(), ledger: new LogLines(), reporting: new LogLines() };
const services: StartedService[] = [];
let database: TestDatabase;
let collector: TraceCollector;
let estimation: StartedService;

beforeAll(async () => {
  [database, collector] = [await testDatabase(), await TraceCollector.start()];
  const start = async (definition: ServiceDefinition, logTo: LogLines) => {
    const watched = { tracesEndpoint: collector.endpoint, logLevel: 'debug', logTo };
    services.push(await StartedService.start({ definition, databaseUrl: database.url, watched }));
  };
  await start(serviceThat('estimation', 'Asked'), logs.estimation);
  await start(serviceThat('ledger', 'Answered', ['estimation', 'Asked']), logs.ledger);
  await start(serviceThat('reporting', 'Reported', ['ledger', 'Answered']), logs.reporting);
  estimation = services[0]!;
}, 60_000);
afterAll(async () => {
  for (const service of services) await service.stop();
  await collector.stop();
  await database.drop();
});

const CALLER = 'b7ad6b7169203331';
const traceparentOf = (traceId: string, flags = '01') => `00-${traceId}-${CALLER}-${flags}`;
const newTraceId = () => randomId().replaceAll('-', '');

const askFrom = (service: StartedService, thingId: string, headers: Readonly<Record<string, string>> = {}) =>
  service.call('POST', `/v1/things/${thingId}?who=mario.rossi@comune.example`, {
    token: service.token('team-member'),
    body: { text: 'Buongiorno, il sito è fermo' },
    headers,
  });
const ask = (thingId: string, headers?: Readonly<Record<string, string>>) =>
  askFrom(estimation, thingId, headers);

const spansOf = (traceId: string, number: number): Promise<readonly CollectedSpan[]> =>
  eventually(() => {
    const spans = collector.of(traceId);
    return spans.length >= number ? spans : null;
  }, `${number} spans of ${traceId}`);

/** The trace of the request that was answered with this correlation id. */
const traceOf = (correlationId: unknown): Promise<string> =>
  eventually(() => {
    const line = logs.estimation.with('answered').find((one) => one.correlationId === correlationId);
    return line?.traceId as string | undefined;
  }, 'the line of the request');

const tree = (spans: readonly CollectedSpan[]) => linesOf(spans, { [CALLER]: 'the caller' });

const ROUTE = 'estimation: POST /v1/things/:thingId';
const WHOLE = (before: string) =>
  [
    `server ${ROUTE} < ${before}`,
    `client estimation: append < ${ROUTE}`,
    `producer estimation: publish Asked < ${ROUTE}`,
    'consumer ledger: consume Asked < estimation: publish Asked',
    'client ledger: append < ledger: consume Asked',
    'producer ledger: publish Answered < ledger: consume Asked',
    'consumer reporting: consume Answered < ledger: publish Answered',
    'client reporting: append < reporting: consume Answered',
    'producer reporting: publish Reported < reporting: consume Answered',
  ].sort();

describe('one trace', () => {
  test('goes on from the caller’s, through every service that the effects of the request reach', async () => {
    const traceId = newTraceId();
    const answer = await ask('one', { traceparent: traceparentOf(traceId) });
    expect(answer.status).toBe(201);
    expect(tree(await spansOf(traceId, 9))).toEqual(WHOLE('the caller'));
  });

  test('is kept when the body arrives after the headers, on a connection that was used before', async () => {
    const server = createServer((incoming, response) => estimation.service.handle(incoming, response));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const traceIds = [newTraceId(), newTraceId()];
    for (const traceId of traceIds) {
      const sent = request({
        agent,
        port: (server.address() as AddressInfo).port,
        host: '127.0.0.1',
        method: 'POST',
        path: '/v1/things/slow',
        headers: {
          authorization: `Bearer ${estimation.token('team-member')}`,
          'content-type': 'application/json',
          traceparent: traceparentOf(traceId),
        },
      });
      const handled = once(server, 'request');
      sent.write('{"text":');
      await handled;
      sent.end('"Buongiorno"}');
      const [answer] = (await once(sent, 'response')) as [IncomingMessage];
      answer.resume();
      await once(answer, 'end');
      expect(answer.statusCode).toBe(201);
    }
    for (const traceId of traceIds) expect(tree(await spansOf(traceId, 9))).toEqual(WHOLE('the caller'));
    agent.destroy();
    server.close();
  });

  test('is whole for each of the commands that share a commit', async () => {
    const traceIds = Array.from({ length: 5 }, newTraceId);
    await Promise.all(traceIds.map((traceId) => ask('shared', { traceparent: traceparentOf(traceId) })));
    for (const traceId of traceIds) expect(tree(await spansOf(traceId, 9))).toEqual(WHOLE('the caller'));
  });

  test.each([
    ['nothing', undefined],
    ['what is no traceparent', 'mario.rossi@comune.example'],
    ['a trace id of zeros', traceparentOf('0'.repeat(32))],
    ['more than a traceparent', `${traceparentOf('a'.repeat(32))}-${'b'.repeat(4000)}`],
  ])('begins with the request that brings %s', async (_, traceparent) => {
    const { status, headers } = await ask('begun', traceparent === undefined ? {} : { traceparent });
    expect(status).toBe(201);
    const traceId = await traceOf(headers['x-correlation-id']);
    expect(tree(await spansOf(traceId, 9))).toEqual(WHOLE('nothing known'));
  });

  test('is not made where the caller says that nobody looks', async () => {
    const [unseen, seen] = [newTraceId(), newTraceId()];
    await ask('unseen', { traceparent: traceparentOf(unseen, '00') });
    await ask('unseen', { traceparent: traceparentOf(seen) });
    await spansOf(seen, 9);
    expect(collector.of(unseen)).toEqual([]);
  });

  test('tells what failed, and holds nothing of what was asked', async () => {
    const traceId = newTraceId();
    expect((await ask('broken', { traceparent: traceparentOf(traceId) })).status).toBe(500);
    const spans = await spansOf(traceId, 9);
    expect(spans.filter(({ isFailure }) => isFailure).map(({ name }) => name)).toEqual([
      'POST /v1/things/:thingId',
    ]);
    expect(collector.text).not.toMatch(/mario|rossi|who=|Buongiorno|Bearer|eyJ|127\.0\.0\.1/i);
  });

  test('is not begun by those who ask whether the service is well', async () => {
    await estimation.get('/health/ready');
    await estimation.get('/metrics');
    const traceId = newTraceId();
    await ask('later', { traceparent: traceparentOf(traceId) });
    await spansOf(traceId, 9);
    expect(collector.text).not.toMatch(/health|\/metrics/);
  });
});

test('every line that is written on the way names the request and its trace', async () => {
  const traceId = newTraceId();
  const correlationId = `spec-${traceId}`;
  const headers = { traceparent: traceparentOf(traceId), 'x-correlation-id': correlationId };
  expect((await ask('logged', headers)).headers['x-correlation-id']).toBe(correlationId);
  const spans = await spansOf(traceId, 9);
  const idOf = (name: string) => spans.find((span) => span.name === name)?.spanId;
  const lineOf = (lines: LogLines, msg: string) =>
    lines.with(msg).find((line) => line.correlationId === correlationId);
  expect(lineOf(logs.estimation, 'answered')).toMatchObject({
    name: 'estimation',
    method: 'POST',
    route: '/v1/things/:thingId',
    status: 201,
    ms: expect.any(Number),
    traceId,
    spanId: idOf('POST /v1/things/:thingId'),
  });
  expect(lineOf(logs.ledger, 'heard it')).toMatchObject({ traceId, spanId: idOf('consume Asked') });
  expect(lineOf(logs.reporting, 'handling a message')).toMatchObject({
    topic: eventsTopicOf('ledger'),
    type: 'Answered',
    traceId,
  });
  expect(lineOf(logs.reporting, 'heard it')).toMatchObject({ traceId, spanId: idOf('consume Answered') });
});

test('a collector that is away costs the service nothing but a warning', async () => {
  const other = await testDatabase();
  const gone = await TraceCollector.start();
  const tracesEndpoint = gone.endpoint;
  await gone.stop();
  const logTo = new LogLines();
  const definition = serviceThat('estimation', 'Asked');
  const watched = { tracesEndpoint, logLevel: 'info', logTo };
  const service = await StartedService.start({ definition, databaseUrl: other.url, watched });
  expect((await askFrom(service, 'one')).status).toBe(201);
  const warnings = () => logTo.with('the collector does not take traces');
  await eventually(() => warnings().length > 0, 'the warning');
  expect((await askFrom(service, 'two')).status).toBe(201);
  const begun = performance.now();
  await service.stop();
  expect(performance.now() - begun).toBeLessThan(10_000);
  expect(warnings()).toMatchObject([
    { level: 40, lostSpans: expect.any(Number), err: { code: 'ECONNREFUSED' } },
  ]);
  await other.drop();
}, 60_000);

test('without a collector nothing is traced, and a trace that others began is passed on', async () => {
  const other = await testDatabase();
  const definition = serviceThat('ledger', 'Answered', ['estimation', 'Asked']);
  const logTo = new LogLines();
  const service = await StartedService.start({
    definition,
    databaseUrl: other.url,
    watched: { logLevel: 'info', logTo },
  });
  await askFrom(service, 'one', { traceparent: traceparentOf('a'.repeat(32)) });
  const traceparent = traceparentOf('b'.repeat(32));
  const { topic, message } = service.told('estimation', 'Asked', 'two', {});
  await service.publish({ topic, message: { ...message, traceparent } });
  const { events } = await service.service.core.store.readAll(0n);
  expect(events.map(({ metadata }) => metadata.traceparent)).toEqual([undefined, traceparent]);
  expect(logTo.with('heard it')).toMatchObject([{ correlationId: message.correlationId }]);
  expect(logTo.text).not.toContain('traceId');
  await service.stop();
  await other.drop();
}, 60_000);
