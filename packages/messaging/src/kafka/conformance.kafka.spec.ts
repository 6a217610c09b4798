import { randomUUID } from 'node:crypto';
import { connect, createServer, Socket } from 'node:net';
import { afterAll, expect, test } from '@jest/globals';
import { eventually } from '@monteore/testing';
import { type ISocketFactory, Kafka, logLevel } from 'kafkajs';
import { describeMessaging, Group, newMessage, newMessages, newTopic } from '../conformance.js';
import { type Messaging, TransientError } from '../port.js';
import { createKafkaMessaging } from './index.js';

const brokers = process.env.KAFKA_BROKERS!.split(',');
const open = (socketFactory?: ISocketFactory) =>
  createKafkaMessaging({ brokers, clientId: 'monteore-spec', socketFactory });

/** Connections that can be cut and led into a hole, where every question is taken and none answered. */
async function cuttableLine() {
  const hole = createServer((socket) => socket.on('error', () => {}).resume());
  await new Promise<void>((resolve) => hole.listen(0, '127.0.0.1', resolve));
  const sockets = new Set<Socket>();
  let isAway = false;
  const socketFactory: ISocketFactory = ({ host, port, onConnect }) => {
    const target = isAway ? (hole.address() as { port: number }) : { port, host };
    const socket = connect({ host: '127.0.0.1', ...target }, onConnect);
    sockets.add(socket);
    return socket.once('close', () => sockets.delete(socket));
  };
  const setAway = (away: boolean) => {
    isAway = away;
    const reset = Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' });
    for (const socket of sockets) socket.destroy(reset);
  };
  /** Questions arrive and answers do not, on the connections there are. */
  const holdAnswers = () => {
    for (const socket of sockets) socket.pause();
  };
  return { socketFactory, setAway, holdAnswers, close: () => new Promise((resolve) => hole.close(resolve)) };
}

describeMessaging('kafka', async () => {
  const line = await cuttableLine();
  const opened = [open(line.socketFactory)];
  return {
    messaging: opened[0]!,
    reopen: async () => {
      const other = open();
      opened.push(other);
      return other;
    },
    beginOutage: async () => line.setAway(true),
    endOutage: async () => line.setAway(false),
    destroy: async () => {
      await Promise.all(opened.map((messaging) => messaging.close()));
      await line.close();
    },
  };
});

const opened: { close(): Promise<unknown> }[] = [];
afterAll(() => Promise.all(opened.map((each) => each.close())));
const openHere = (socketFactory?: ISocketFactory): Messaging => {
  const messaging = open(socketFactory);
  opened.push(messaging);
  return messaging;
};
const topicFor = async (messaging: Messaging) => {
  const name = newTopic();
  await messaging.ensureTopics([{ name, compacted: false }]);
  return name;
};
const kafka = new Kafka({ brokers, clientId: 'monteore-spec-operator', logLevel: logLevel.NOTHING });

test.each([
  ['a partition count of its own', 3, '-1', 'partitions'],
  ['messages that expire', 24, '604800000', 'retention.ms'],
])('refuses a topic with %s', async (_, numPartitions, retention, complaint) => {
  const name = newTopic();
  const admin = kafka.admin();
  await admin.connect();
  await admin.createTopics({
    topics: [{ topic: name, numPartitions, configEntries: [{ name: 'retention.ms', value: retention }] }],
  });
  await admin.disconnect();
  await expect(openHere().ensureTopics([{ name, compacted: false }])).rejects.toThrow(
    new RegExp(`${name}.*${complaint}`),
  );
});

test('a topic takes messages for each of its partitions as soon as it was made', async () => {
  const messaging = openHere();
  for (let round = 0; round < 10; round++) {
    const topic = await topicFor(messaging);
    await messaging.publish(
      topic,
      Array.from({ length: 200 }, () => newMessage(randomUUID())),
    );
  }
}, 60_000);

test('what cannot be read is handed on as a message of its key, and what follows comes too', async () => {
  const messaging = openHere();
  const topic = await topicFor(messaging);
  const producer = kafka.producer();
  await producer.connect();
  await producer.send({ topic, messages: [{ key: 'k', value: '{"no":"event"}' }] });
  await producer.disconnect();
  const next = newMessage('k');
  await messaging.publish(topic, [next]);
  const group = await new Group(messaging, topic).start();
  const [broken, whole] = await group.first(2);
  expect(broken).toMatchObject({
    type: 'Undecodable',
    key: 'k',
    source: `undecodable/${topic}/${group.batches[0]!.partition}`,
    position: 0n,
  });
  expect(whole).toEqual(next);
  await group.stop();
});

test('a message is a CloudEvent in structured mode under the key of its message', async () => {
  const messaging = openHere();
  const topic = await topicFor(messaging);
  const sent = newMessage('k');
  await messaging.publish(topic, [sent]);
  const consumer = kafka.consumer({ groupId: `monteore-operator-${randomUUID()}` });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  const { promise, resolve } = Promise.withResolvers<Record<string, unknown>>();
  await consumer.run({
    eachMessage: async ({ message }) =>
      resolve({
        key: message.key?.toString(),
        contentType: message.headers?.['content-type']?.toString(),
        event: JSON.parse(message.value!.toString()),
      }),
  });
  expect(await promise).toMatchObject({
    key: 'k',
    contentType: 'application/cloudevents+json; charset=UTF-8',
    event: { specversion: '1.0', id: sent.id, source: sent.source, type: sent.type, data: sent.data },
  });
  await consumer.disconnect();
});

test('takes more in one call than Kafka takes in one batch', async () => {
  const messaging = openHere();
  const topic = await topicFor(messaging);
  const sent = Array.from({ length: 12 }, () => newMessage('k', { text: 'x'.repeat(200 * 1024) }));
  await messaging.publish(topic, sent);
  const group = await new Group(messaging, topic).start();
  expect((await group.first(12)).map(({ id }) => id)).toEqual(sent.map(({ id }) => id));
  await group.stop();
});

test('offsets committed to Kafka show what was read, and are not where a group begins', async () => {
  const messaging = openHere();
  const topic = await topicFor(messaging);
  const group = `group-${randomUUID()}`;
  const sent = newMessages('k', 5);
  await messaging.publish(topic, sent);
  const admin = kafka.admin();
  await admin.connect();
  opened.push({ close: () => admin.disconnect() });
  const committed = async () => {
    const [offsets] = await admin.fetchOffsets({ groupId: `${group}.${topic}`, topics: [topic] });
    return offsets!.partitions.reduce((sum, { offset }) => sum + Math.max(0, Number(offset)), 0);
  };
  for (const _ of ['the first time', 'and anew']) {
    const read: string[] = [];
    const consumption = await messaging.consume({
      group,
      topics: [topic],
      startAt: async () => 0n,
      handle: async ({ deliveries }) => void read.push(...deliveries.map(({ message }) => message.id)),
    });
    await eventually(
      async () => read.length >= 5 && (await committed()) === 5,
      'all messages and their offset',
    );
    expect(read).toEqual(sent.map(({ id }) => id));
    await consumption.stop();
  }
});

test('when another instance joins, the running batch is stale at once, and every message finds one reader', async () => {
  const messaging = openHere();
  const topic = await topicFor(messaging);
  const group = `group-${randomUUID()}`;
  const next = new Map<number, bigint>();
  const read: { by: string; id: string }[] = [];
  const running = Promise.withResolvers<void>();
  const stale = Promise.withResolvers<void>();
  let isGivenUp = false;
  const join = (by: string, at: Messaging) =>
    at.consume({
      group,
      topics: [topic],
      startAt: async (_, partition) => next.get(partition) ?? 0n,
      handle: async (batch) => {
        if (!isGivenUp) {
          isGivenUp = true;
          running.resolve();
          await eventually(() => batch.isStale(), 'the batch to be stale');
          stale.resolve();
          return;
        }
        read.push(...batch.deliveries.map(({ message }) => ({ by, id: message.id })));
        next.set(batch.partition, batch.deliveries.at(-1)!.offset + 1n);
      },
    });
  const first = await join('first', messaging);
  const before = newMessage('k');
  await messaging.publish(topic, [before]);
  await running.promise;
  const second = await join('second', openHere());
  await stale.promise;
  await eventually(() => read.some(({ id }) => id === before.id), 'the message that was given up');
  const sent = Array.from({ length: 60 }, () => newMessage(randomUUID()));
  await messaging.publish(topic, sent);
  await eventually(() => new Set(read.map(({ id }) => id)).size === 61, 'all messages');
  expect(new Set(read.map(({ by }) => by))).toEqual(new Set(['first', 'second']));
  expect(read).toHaveLength(61);
  await Promise.all([first.stop(), second.stop()]);
});

test('a topic that was made anew under its readers is an error, not a silent gap', async () => {
  const messaging = openHere();
  const topic = await topicFor(messaging);
  await messaging.publish(topic, newMessages('k', 3));
  const errors: unknown[] = [];
  const handled: bigint[] = [];
  const consumption = await messaging.consume({
    group: `group-${randomUUID()}`,
    topics: [topic],
    startAt: async () => 1000n,
    handle: async ({ deliveries }) => void handled.push(...deliveries.map(({ offset }) => offset)),
    onError: (error) => errors.push(error),
  });
  await eventually(
    () => errors.some((error) => error instanceof Error && error.name === 'LostOffsetError'),
    'the error',
  );
  expect(handled).toEqual([]);
  await consumption.stop();
});

test('what follows a publication without an answer is not taken for its repeat', async () => {
  const line = await cuttableLine();
  opened.push(line);
  const messaging = openHere(line.socketFactory);
  const topic = await topicFor(messaging);
  const [before, unanswered, after] = newMessages('k', 3);
  await messaging.publish(topic, [before!]);
  line.holdAnswers();
  await expect(messaging.publish(topic, [unanswered!])).rejects.toThrow(TransientError);
  line.setAway(false);
  await messaging.publish(topic, [after!]);
  const group = await new Group(messaging, topic).start();
  await eventually(() => group.messages.some(({ id }) => id === after!.id), 'what was published last');
  expect(new Set(group.messages.map(({ id }) => id))).toEqual(
    new Set([before!.id, unanswered!.id, after!.id]),
  );
  await group.stop();
}, 60_000);

test('a link that is closed before it is up holds up publishing and consuming for a while only', async () => {
  let stillborn = 2;
  const messaging = openHere(({ host, port, onConnect }) => {
    if (stillborn === 0) return connect({ host, port }, onConnect);
    stillborn -= 1;
    const socket = new Socket();
    setImmediate(() => socket.emit('end'));
    return socket;
  });
  const topic = await topicFor(openHere());
  const messages = newMessages('k', 2);
  const publication = messaging.publish(topic, [messages[0]!]);
  const group = await new Group(messaging, topic).start();
  await expect(publication).rejects.toThrow(TransientError);
  expect(stillborn).toBe(0);
  await messaging.publish(topic, messages);
  await eventually(() => group.messages.length === 2, 'the messages', 60_000);
  await group.stop();
}, 120_000);
