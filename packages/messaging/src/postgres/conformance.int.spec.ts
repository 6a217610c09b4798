import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type TestDatabase, tcpProxy, testDatabase } from '@monteore/testing';
import pg from 'pg';
import { describeMessaging, Group, newMessage, newTopic } from '../conformance.js';
import type { Messaging } from '../port.js';
import { createPostgresMessaging, installPostgresMessaging } from './index.js';

let database: TestDatabase;
let runtime: { name: string; url: string };

beforeAll(async () => {
  database = await testDatabase();
  runtime = await database.role();
  const owner = new pg.Client({ connectionString: database.url });
  await owner.connect();
  await installPostgresMessaging(owner, 'messaging', { runtimeRoles: [runtime.name] });
  await installPostgresMessaging(owner, 'messaging', { runtimeRoles: [runtime.name] });
  await owner.end();
}, 60_000);
afterAll(() => database.drop());

const open = (url: string): Messaging => createPostgresMessaging({ connectionString: url, pollMillis: 50 });

/** Installed by the owner, used by a role that may read and append only, through a line that can be cut. */
describeMessaging('postgres', async () => {
  const url = new URL(runtime.url);
  const proxy = await tcpProxy(Number(url.port));
  url.port = String(proxy.port);
  const opened = [open(url.toString())];
  return {
    messaging: opened[0]!,
    reopen: async () => {
      const other = open(runtime.url);
      opened.push(other);
      return other;
    },
    beginOutage: async () => {
      proxy.mode = 'swallow-requests';
      proxy.cut();
    },
    endOutage: async () => {
      proxy.mode = 'pass';
      proxy.cut();
    },
    destroy: async () => {
      await Promise.all(opened.map((messaging) => messaging.close()));
      await proxy.close();
    },
  };
});

test('the log refuses to be changed, also by its owner', async () => {
  const owner = new pg.Client({ connectionString: database.url });
  await owner.connect();
  for (const statement of [
    'UPDATE messaging.log SET event = NULL',
    'DELETE FROM messaging.log',
    'TRUNCATE messaging.log',
  ])
    await expect(owner.query(statement)).rejects.toThrow('append-only');
  await owner.end();
});

test('what cannot be read is handed on as a message of its key, and what follows comes too', async () => {
  const messaging = open(runtime.url);
  const topic = newTopic();
  await messaging.ensureTopics([{ name: topic, compacted: false }]);
  const owner = new pg.Client({ connectionString: database.url });
  await owner.connect();
  await owner.query('INSERT INTO messaging.log (topic, place, key, event) VALUES ($1, 1, $2, $3)', [
    topic,
    'k',
    '{"no":"event"}',
  ]);
  await owner.end();
  const next = newMessage('k');
  await messaging.publish(topic, [next]);
  const group = await new Group(messaging, topic).start();
  const [broken, whole] = await group.first(2);
  expect(broken).toMatchObject({
    type: 'Undecodable',
    key: 'k',
    source: `undecodable/${topic}/0`,
    position: 1n,
  });
  expect(whole).toEqual(next);
  await group.stop();
  await messaging.close();
});
