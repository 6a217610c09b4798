import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { eventually, type TestDatabase, testDatabase } from '@monteore/testing';
import { Module } from '@nestjs/common';
import type { ServiceDefinition } from '../service.js';
import { StartedService } from '../testing/started-service.js';

@Module({})
class Nothing {}

let isBroken = true;
let taken: unknown[] = [];
const definition: ServiceDefinition = {
  name: 'reporting',
  migrations: [],
  module: () => Nothing,
  publish: () => null,
  handlers: () => ({
    'monteore.estimation.events.v1': {
      WorkStatusChanged: {
        project: async ({ data }) => {
          if (isBroken && data.broken === true) throw new Error('cannot fold this');
          taken.push(data.n);
        },
      },
    },
  }),
};

let database: TestDatabase;
let started: StartedService;
let admin: string;
beforeAll(async () => {
  database = await testDatabase();
  started = await StartedService.start({ definition, databaseUrl: database.url });
  admin = started.token('administrator');
}, 60_000);
afterAll(async () => {
  await started.stop();
  await database.drop();
});
beforeEach(() => {
  [isBroken, taken] = [true, []];
});

const parked = async (key: string) =>
  (await started.call('GET', '/v1/parked-messages?limit=200', { token: admin })).body.items.filter(
    (item: { key: string }) => item.key === key,
  );
const act = (id: string, what: 'retry' | 'drop', body: object = {}) =>
  started.call('POST', `/v1/parked-messages/${id}/${what}`, { token: admin, body });

/** A key whose first message cannot be folded, with one behind it. */
async function parkedKey() {
  const key = randomUUID();
  const tell = (n: number, broken: boolean) => {
    const { topic, message } = started.told('estimation', 'WorkStatusChanged', key, { n, broken });
    return started.messaging.publish(topic, [message]);
  };
  await tell(1, true);
  await tell(2, false);
  return {
    key,
    items: await eventually(async () => ((await parked(key)).length === 2 ? parked(key) : null), 'parking'),
  };
}

test('what is parked is listed with its fault and not with what it says', async () => {
  const { key, items } = await parkedKey();
  expect(items).toEqual([
    {
      id: expect.any(String),
      topic: 'monteore.estimation.events.v1',
      key,
      messageId: expect.any(String),
      type: 'WorkStatusChanged',
      error: 'Error: cannot fold this',
      parkedAt: expect.any(String),
    },
    expect.objectContaining({ key, type: 'WorkStatusChanged' }),
  ]);
});

test('one that is parked is shown with its place and what it says', async () => {
  const { key, items } = await parkedKey();
  const { body } = await started.get(`/v1/parked-messages/${items[0].id}`, admin);
  expect(body).toEqual({
    ...items[0],
    source: 'monteore.estimation/test',
    position: expect.stringMatching(/^\d+$/),
    time: '2026-11-24T08:00:00.000Z',
    correlationId: expect.any(String),
    data: { n: 1, broken: true },
  });
  expect(body.key).toBe(key);
  expect((await started.get('/v1/parked-messages/999999', admin)).status).toBe(404);
});

test('one about a person is shown without what it says', async () => {
  const personId = randomUUID();
  const told = started.told('estimation', 'PersonKnown', personId, {
    personId,
    name: 'a name that no table holds: \u0000',
  });
  await started.messaging.publish(told.topic, [told.message]);
  const [item] = await eventually(async () => {
    const items = await parked(personId);
    return items.length === 1 ? items : null;
  }, 'parking');
  const { body } = await started.get(`/v1/parked-messages/${item.id}`, admin);
  expect(body.type).toBe('PersonKnown');
  expect(body).not.toHaveProperty('data');
});

test('a retry handles the whole key in order, or says that it still fails', async () => {
  const { key, items } = await parkedKey();
  const failing = await act(items[0].id, 'retry');
  expect([failing.status, failing.body.code]).toEqual([409, 'service.still-failing']);
  isBroken = false;
  expect((await act(items[0].id, 'retry')).body).toEqual({ handled: 2 });
  expect(taken).toEqual([1, 2]);
  expect(await parked(key)).toEqual([]);
});

test('a message is given up with a reason, and what waited behind it goes on', async () => {
  const { key, items } = await parkedKey();
  expect((await act(items[0].id, 'drop')).body.errors[0].pointer).toBe('/reason');
  expect((await act(items[0].id, 'drop', { reason: 'made by a mistake' })).status).toBe(200);
  expect(taken).toEqual([2]);
  expect(await parked(key)).toEqual([]);
  expect((await act(items[0].id, 'drop', { reason: 'again' })).status).toBe(404);
});

test('messages of a restored store are consumed once an administrator accepts it', async () => {
  const told = started.told('estimation', 'WorkStatusChanged', randomUUID(), { n: 7 });
  const message = { ...told.message, source: 'monteore.estimation/restored', position: 1n };
  await started.messaging.publish(told.topic, [message]);
  const accept = (source: string, token = admin) =>
    started.call('POST', '/v1/message-sources', { token, body: { topic: told.topic, source } });
  expect((await accept(message.source, started.token('referent'))).status).toBe(403);
  expect((await accept(message.source)).status).toBe(200);
  await eventually(() => taken.includes(7), 'the message of the new source');
});

test('only an administrator or a machine with the scope may look', async () => {
  const statuses = await Promise.all(
    ['referent', 'auditor', 'machine'].map(
      async (role) =>
        (await started.call('GET', '/v1/parked-messages', { token: started.token(role as never) })).status,
    ),
  );
  expect(statuses).toEqual([403, 403, 403]);
});
