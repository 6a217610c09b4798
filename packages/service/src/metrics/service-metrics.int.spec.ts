import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { eventsTopicOf, type ServiceName } from '@monteore/contracts';
import { inputHashOf, randomId, SYSTEM_ACTOR } from '@monteore/kernel';
import { eventually, type TcpProxy, type TestDatabase, tcpProxy, testDatabase } from '@monteore/testing';
import { Module } from '@nestjs/common';
import pg from 'pg';
import { StreamRuntime } from '../command-handling/stream-runtime.js';
import { scheduleDue } from '../due/due-things.js';
import type { RunningService, ServiceDefinition } from '../service.js';
import { MovedClock, StartedService } from '../testing/index.js';
import { mergedMetrics } from './service-metrics.js';

const FROM = eventsTopicOf('ledger');
const OWN = eventsTopicOf('estimation');

@Module({})
class Nothing {}

/** What the handler of a message waits for, and what fails. */
let held = Promise.resolve();
const failing = new Map<string, number>();
function failWhile(what: string): void {
  const left = failing.get(what) ?? 0;
  failing.set(what, left - 1);
  if (left > 0) throw new Error(`${what} fails`);
}

const definitionOf = (name: ServiceName): ServiceDefinition => ({
  name,
  migrations: [],
  module: () => Nothing,
  publish: ({ type, streamId, data }) => ({ type, key: streamId, data }),
  handlers: () => ({
    [FROM]: {
      Held: { project: () => held },
      Tried: { react: async ({ key }) => failWhile(key) },
    },
  }),
  projection: () => ({ project: async () => {} }),
  due: () => ({ thing: async ({ entityId }) => failWhile(entityId) }),
});

const clock = new MovedClock();
let database: TestDatabase;
let proxy: TcpProxy;
let started: StartedService;

beforeAll(async () => {
  database = await testDatabase();
  proxy = await tcpProxy(Number(new URL(database.url).port));
  const url = new URL(database.url);
  url.port = String(proxy.port);
  started = await StartedService.start({
    definition: definitionOf('estimation'),
    databaseUrl: url.toString(),
    clock,
  });
}, 60_000);
afterAll(async () => {
  proxy.mode = 'pass';
  await started.stop();
  await proxy.close();
  await database.drop();
});

type Samples = ReadonlyMap<string, number>;

/** What a text for Prometheus says, by name and labels without the service's own. */
function samplesIn(text: string, service = 'estimation'): Samples {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    lines.map((line) => {
      const [, name, labels = '', value] = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
      const rest = labels.split(',').filter((label) => label !== '' && label !== `service="${service}"`);
      return [rest.length === 0 ? name! : `${name}{${rest.sort().join(',')}}`, Number(value)];
    }),
  );
}

async function metrics(): Promise<Samples> {
  const { status, text } = await started.get('/metrics');
  expect(status).toBe(200);
  return samplesIn(text);
}

/** Until a sample is so, as the metrics are read. */
const until = (sample: string, value: number) =>
  eventually(async () => (await metrics()).get(sample) === value, `${sample} to be ${value}`);

const runtimeOf = ({ core: { store } }: RunningService) =>
  new StreamRuntime({ store, clock, fold: { initial: 0, evolve: (count: number) => count + 1 } });

const say = (runtime: StreamRuntime<number>, streamId: string) =>
  runtime.execute({
    streamId,
    commandId: randomId(),
    inputHash: inputHashOf(null),
    actor: SYSTEM_ACTOR,
    correlationId: randomId(),
    decide: () => ({ events: [{ type: 'Said', data: {}, occurredOn: '2026-11-24' }] }),
  });

const told = (type: string, key: string) => started.told('ledger', type, key, {}, clock.now());

describe('appends and effects', () => {
  test('are timed, by the service’s clock wherever a test has moved it', async () => {
    const runtime = runtimeOf(started.service);
    const own = 'monteore_projection_seconds_count{topic="own"}';
    await say(runtime, 'one');
    await until(own, 1);
    clock.moveBy(-30 * 86_400_000);
    await say(runtime, 'two');
    await started.publish(told('Tried', 'never fails'));
    await until(own, 2);
    const seen = await metrics();
    expect(seen.get('monteore_append_seconds_count')).toBe(2);
    expect(seen.get('monteore_append_seconds_bucket{le="30"}')).toBe(2);
    expect(seen.get(`monteore_projection_seconds_count{topic="${FROM}"}`)).toBe(1);
    for (const topic of ['own', FROM])
      expect(seen.get(`monteore_projection_seconds_bucket{le="60",topic="${topic}"}`)).toBe(
        seen.get(`monteore_projection_seconds_count{topic="${topic}"}`),
      );
  });

  test('recorded by a clock that was ahead took no time', async () => {
    const before = await metrics();
    const late = told('Tried', 'ahead');
    const message = { ...late.message, time: new Date(Date.parse(clock.now()) + 3_600_000).toISOString() };
    await started.publish({ ...late, message });
    const name = `monteore_projection_seconds_sum{topic="${FROM}"}`;
    const counted = `monteore_projection_seconds_count{topic="${FROM}"}`;
    const seen = await metrics();
    expect([seen.get(name), seen.get(counted)]).toEqual([before.get(name), before.get(counted)! + 1]);
  });
});

describe('what was tried once more', () => {
  const count = async (what: string) => (await metrics()).get(`monteore_retries_total{of="${what}"}`);

  test('is counted from the beginning, by what it was', async () => {
    for (const what of ['append', 'consume', 'relay', 'due', 'conflict']) expect(await count(what)).toBe(0);
  });

  test('a message that fails by itself', async () => {
    failing.set('message', 2);
    await started.publish(told('Tried', 'message'));
    expect(await count('consume')).toBe(2);
  });

  test('what became due and failed', async () => {
    failing.set('due', 3);
    const { core } = started.service;
    await core.database.transaction((tx) =>
      scheduleDue(tx, { kind: 'thing', entityId: 'due', dueAt: clock.now() }),
    );
    await until('monteore_retries_total{of="due"}', 3);
  });

  test('a decision that another instance was faster than', async () => {
    const [one, other] = [runtimeOf(started.service), runtimeOf(started.service)];
    await say(one, 'raced');
    await say(other, 'raced');
    expect(await count('conflict')).toBe(0);
    await say(one, 'raced');
    expect(await count('conflict')).toBe(1);
  });
});

test('an append whose answer is lost is sent again, and counted', async () => {
  const again = 'monteore_retries_total{of="append"}';
  expect((await metrics()).get(again)).toBe(0);
  const runtime = runtimeOf(started.service);
  await say(runtime, 'lost');
  const direct = new pg.Client({ connectionString: database.url });
  await direct.connect();
  proxy.mode = 'hold-answers';
  const saying = say(runtime, 'lost');
  await eventually(async () => {
    const text = 'SELECT 1 FROM estimation_events.events WHERE stream_id = $1 AND version = 2';
    return (await direct.query(text, ['lost'])).rows.length > 0;
  }, 'the commit');
  await direct.end();
  proxy.mode = 'pass';
  proxy.cut();
  await saying;
  expect((await metrics()).get(again)).toBeGreaterThan(0);
});

describe('what a service has before it', () => {
  const lag = (topic: string) => `monteore_consumer_lag_messages{topic="${topic}"}`;

  test('is told by topic, and the sum over topics is all of it', async () => {
    await started.publish(told('Tried', 'before'));
    const release = Promise.withResolvers<void>();
    held = release.promise;
    for (const { topic, message } of [told('Held', 'a'), told('Held', 'b'), told('Held', 'c')])
      await started.messaging.publish(topic, [message]);
    await until(lag(FROM), 3);
    const seen = await metrics();
    const all = [...seen].filter(([name]) => name.startsWith('monteore_consumer_lag_messages'));
    expect(all.length).toBeGreaterThan(5);
    expect(all.reduce((sum, [, value]) => sum + value, 0)).toBe(3);
    release.resolve();
    await until(lag(FROM), 0);
  });

  test('tells keys that wait behind a message that failed', async () => {
    const parked = `monteore_parked_keys{topic="${FROM}"}`;
    expect((await metrics()).get(parked)).toBe(0);
    failing.set('parked', 4);
    await started.publish(told('Tried', 'other'));
    const { topic, message } = told('Tried', 'parked');
    await started.messaging.publish(topic, [message]);
    await until(parked, 1);
    expect((await metrics()).get(`monteore_relay_lag_events{topic="${OWN}"}`)).toBe(0);
    await started.service.inbox.parked.retry(topic, 'parked');
    await until(parked, 0);
  }, 60_000);
});

describe('one process', () => {
  test('says what runs, and is measured once, whatever number of services it holds', async () => {
    const other = await StartedService.start({
      definition: definitionOf('reporting'),
      databaseUrl: database.url,
    });
    const { text } = await mergedMetrics([started.service.metrics, other.service.metrics]);
    const names = text.split('\n').filter((line) => line.startsWith('# TYPE'));
    expect(new Set(names).size).toBe(names.length);
    const lines = (name: string) => text.split('\n').filter((line) => line.startsWith(`${name}{`));
    for (const name of ['process_start_time_seconds', 'process_cpu_seconds_total', 'nodejs_version_info'])
      expect(lines(name)).toEqual([expect.stringContaining('service="monteore"')]);
    const version = expect.stringMatching(/version="\d+\.\d+\.\d+".* 1$/);
    expect(lines('monteore_build_info')).toEqual([version, version]);
    expect(lines('monteore_retries_total')).toHaveLength(10);
    await other.stop();
  });
});

test('while the database is away the metrics answer within 3 s, without what cannot be known', async () => {
  const gaugesIn = (seen: Samples) =>
    [...seen.keys()].filter((name) => /^monteore_(consumer_lag|relay_lag|parked)/.test(name));
  expect(gaugesIn(await metrics()).length).toBeGreaterThan(10);
  proxy.mode = 'swallow-requests';
  const begun = performance.now();
  await eventually(
    async () => {
      const asked = performance.now();
      const seen = await metrics();
      expect(performance.now() - asked).toBeLessThan(3000);
      return gaugesIn(seen).length === 0 ? seen : null;
    },
    'what is too old to be left out',
    50_000,
  );
  expect(performance.now() - begun).toBeGreaterThan(10_000);
  expect((await metrics()).get('monteore_append_seconds_count')).toBeGreaterThan(0);
  proxy.mode = 'pass';
  proxy.cut();
  await eventually(async () => gaugesIn(await metrics()).length > 10, 'them to come back', 30_000);
}, 120_000);
