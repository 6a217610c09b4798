import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { eventually } from '@monteore/testing';
import {
  type KafkaSecurity,
  type LocalKafka,
  missingForKafka,
  startKafka,
} from '../../../../infra/kafka-local/kafka.mjs';
import { Group, newMessages, newTopic } from '../conformance.js';
import type { Messaging } from '../port.js';
import { createKafkaMessaging } from './index.js';

/** Where no such broker can be started, it is not tested; only CI must have one. */
const canStart = process.env.CI !== undefined || missingForKafka({ secured: true }) === null;

let kafka: LocalKafka;
let security: KafkaSecurity;
const opened: Messaging[] = [];

beforeAll(async () => {
  if (!canStart) return;
  kafka = await startKafka({ secured: true });
  security = kafka.security!;
}, 120_000);

afterAll(async () => {
  await Promise.all(opened.map((messaging) => messaging.close()));
  await kafka?.stop();
}, 60_000);

type Sasl = NonNullable<Parameters<typeof createKafkaMessaging>[0]['sasl']>;

function open(sasl: Sasl | undefined, ssl: boolean | { readonly ca: readonly string[] }): Messaging {
  const messaging = createKafkaMessaging({ brokers: security.brokers, clientId: 'spec', sasl, ssl });
  opened.push(messaging);
  return messaging;
}

const user = (password = security.password) => ({ username: security.username, password });
const authority = () => ({ ca: [readFileSync(security.caFile, 'utf8')] });

(canStart ? describe : describe.skip)('a broker with TLS and passwords', () => {
  test.each(['plain', 'scram-sha-512'] as const)(
    'is published to and consumed from by %s',
    async (mechanism) => {
      const messaging = open({ mechanism, ...user() }, authority());
      const topic = newTopic();
      await messaging.ensureTopics([{ name: topic, compacted: false }]);
      const messages = newMessages('k', 3);
      await messaging.publish(topic, messages);
      const group = await new Group(messaging, topic).start();
      await eventually(() => group.messages.length === 3, 'the messages');
      expect(group.messages.map(({ id }) => id)).toEqual(messages.map(({ id }) => id));
      await group.stop();
    },
  );

  test.each([
    ['a wrong password', () => open({ mechanism: 'scram-sha-512', ...user('wrong') }, authority())],
    ['an authority that is not the one', () => open({ mechanism: 'plain', ...user() }, true)],
    ['no encryption', () => open({ mechanism: 'plain', ...user() }, false)],
  ])('refuses %s', async (_what, refused) => {
    await expect(refused().publish(newTopic(), newMessages('k', 1))).rejects.toThrow();
  });
});
