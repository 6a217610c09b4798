import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { ROLES, randomId } from '@monteore/kernel';
import { eventually, type TestDatabase, testDatabase } from '@monteore/testing';
import { Module } from '@nestjs/common';
import { StreamRuntime } from '../command-handling/stream-runtime.js';
import type { ServiceDefinition } from '../service.js';
import { StartedService } from '../testing/started-service.js';
import { lagOf, type Operated } from './lag.js';

@Module({})
class Nothing {}

const TOPIC = 'monteore.estimation.events.v1';
let failing = false;
const definition: ServiceDefinition = {
  name: 'reporting',
  migrations: [],
  module: () => Nothing,
  publish: ({ type, data }) => ({ type, key: 'key', data }),
  handlers: () => ({
    [TOPIC]: {
      WorkStatusChanged: {
        project: async () => {
          if (failing) throw new Error('cannot fold this');
        },
      },
    },
  }),
};

let database: TestDatabase;
let started: StartedService;
let admin: string;
let said: string[] = [];
beforeAll(async () => {
  database = await testDatabase();
  started = await StartedService.start({ definition, databaseUrl: database.url });
  admin = started.token('administrator');
  let next = 0n;
  await started.messaging.consume({
    group: 'spec',
    topics: ['monteore.reporting.events.v1'],
    startAt: async () => next,
    handle: async ({ deliveries }) => {
      said.push(...deliveries.map(({ message }) => String(message.data.text)));
      next = deliveries.at(-1)!.offset + 1n;
    },
  });
}, 60_000);
afterAll(async () => {
  await started.stop();
  await database.drop();
});

const lag = async () => (await started.get('/v1/lag', admin)).body;
const republish = (from: unknown, token = admin) =>
  started.call('POST', '/v1/relay/republish', { token, body: { from } as object });

async function say(...texts: readonly string[]): Promise<void> {
  const { store, clock } = started.service.core;
  const runtime = new StreamRuntime({ store, clock, fold: { initial: null, evolve: () => null } });
  for (const text of texts) {
    await runtime.execute({
      commandId: randomId(),
      inputHash: text,
      actor: { subject: 'spec', role: 'system' },
      correlationId: randomId(),
      streamId: `said-${randomUUID()}`,
      decide: () => ({ events: [{ type: 'Said', data: { text }, occurredOn: '2026-03-02' }] }),
    });
  }
}

test('says what is not handled, what waits parked and what is not published, by topic', async () => {
  const before = await lag();
  expect(before).toMatchObject({
    service: 'reporting',
    published: { topic: 'monteore.reporting.events.v1', events: 0, checkpoint: '0' },
  });
  expect(before.consumed).toContainEqual({ topic: TOPIC, messages: 0, parkedKeys: 0 });
  await started.service.inbox.stop();
  const told = (key: string) => started.told('estimation', 'WorkStatusChanged', key, {});
  const messages = ['a', 'b', 'c'].map((key) => told(key).message);
  await started.messaging.publish(TOPIC, messages);
  expect((await lag()).consumed).toContainEqual({ topic: TOPIC, messages: 3, parkedKeys: 0 });
  failing = true;
  await started.service.inbox.start();
  await eventually(
    async () =>
      (await lag()).consumed.some(
        (each: { topic: string; parkedKeys: number }) => each.topic === TOPIC && each.parkedKeys === 3,
      ),
    'three parked keys',
  );
  failing = false;
});

test('hides nothing that is published while it is asked', async () => {
  await eventually(
    async () => (await lag()).consumed.every(({ messages }: { messages: number }) => messages === 0),
    'everything handled',
  );
  await started.service.inbox.stop();
  const { name, core } = started.service;
  const relay = {
    lag: async () => {
      await started.messaging.publish(TOPIC, [
        started.told('estimation', 'WorkStatusChanged', 'late', {}).message,
      ]);
      return 0n;
    },
    checkpoint: async () => 0n,
  } as unknown as Operated['relay'];
  const { database, messaging } = core;
  const { consumed, published } = await lagOf({ service: name, topics: [TOPIC], database, messaging, relay });
  expect([published.events, consumed[0]!.messages]).toEqual([0, 1]);
  await started.service.inbox.start();
});

test('publishes once more from a position, and no further than it had come', async () => {
  await say('one', 'two', 'three');
  await eventually(() => said.length === 3, 'what was said');
  const { checkpoint } = (await lag()).published;
  const beyond = await republish(String(BigInt(checkpoint) + 1n));
  expect([beyond.status, beyond.body.code]).toEqual([409, 'service.beyond-checkpoint']);
  expect(beyond.body.detail).toContain(`beyond ${checkpoint}`);
  said = [];
  const answer = await republish(checkpoint);
  expect([answer.status, answer.body]).toEqual([202, { from: checkpoint, checkpoint }]);
  await eventually(() => said.length === 1, 'the last once more');
  await republish('0');
  await eventually(() => said.length === 4, 'all of them once more');
  expect(said).toEqual(['three', 'one', 'two', 'three']);
});

test.each(['-1', 'x', '', 1, null, '9'.repeat(19)])('refuses %j as a position', async (from) => {
  const { status, body } = await republish(from);
  expect([status, body.errors[0].pointer]).toEqual([400, '/from']);
});

test('only an administrator or a machine with the scope may ask', async () => {
  const statusOf = async (token?: string) => [
    (await started.get('/v1/lag', token)).status,
    (await started.get('/v1/parked-messages/1', token)).status,
    (
      await started.call('POST', '/v1/relay/republish', {
        body: { from: '0' },
        ...(token === undefined ? {} : { token }),
      })
    ).status,
  ];
  expect(await statusOf()).toEqual([401, 401, 401]);
  const others = ROLES.filter((role) => role !== 'administrator');
  for (const role of others)
    expect([role, await statusOf(started.token(role))]).toEqual([role, [403, 403, 403]]);
  const machine = started.token('machine', 'operator', ['service:operate']);
  expect(await statusOf(machine)).not.toContain(403);
});
