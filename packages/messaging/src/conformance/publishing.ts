import { randomUUID } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { eventually } from '@monteore/testing';
import { MessageTooLargeError } from '../cloud-event.js';
import { MAX_MESSAGE_BYTES, type Message, TransientError } from '../port.js';
import { Group, type MessagingFixture, newMessage, newMessages, newTopic } from './fixtures.js';

export function describePublishing(fixture: () => MessagingFixture): void {
  const messaging = () => fixture().messaging;
  const topicOf = async (compacted = false) => {
    const name = newTopic();
    await messaging().ensureTopics([{ name, compacted }]);
    return name;
  };

  test('a message arrives as it was, member by member', async () => {
    const topic = await topicOf();
    const {
      causationId: _,
      traceparent: __,
      ...bare
    } = newMessage('k', { text: 'città “è” \u2028 🏛', none: null });
    const sent: Message[] = [newMessage('k', { nested: [{ minutes: 1 }], flag: true }), bare];
    await messaging().publish(topic, sent);
    const group = await new Group(messaging(), topic).start();
    expect(await group.first(2)).toEqual(sent);
    await group.stop();
  });

  test('keeps the order of each key, of one call and of calls that share a connection', async () => {
    const topic = await topicOf();
    const keys = Array.from({ length: 5 }, () => randomUUID());
    const sent = Array.from({ length: 40 }, () => keys.flatMap((key) => newMessages(key, 2)));
    await Promise.all(sent.map((messages) => messaging().publish(topic, messages)));
    const group = await new Group(messaging(), topic).start();
    const arrived = await group.first(400);
    for (const key of keys) {
      const of = (messages: readonly Message[]) =>
        messages.filter((message) => message.key === key).map(({ position }) => position);
      expect(of(arrived)).toEqual(of(sent.flat()));
    }
    await group.stop();
  });

  test('takes a message of 256 KiB, and nothing of a call with a larger one', async () => {
    const topic = await topicOf();
    const overhead = 1024;
    const large = newMessage('k', { text: 'x'.repeat(MAX_MESSAGE_BYTES - overhead) });
    const tooLarge = newMessage('k', { text: 'x'.repeat(MAX_MESSAGE_BYTES) });
    await expect(messaging().publish(topic, [newMessage('k'), tooLarge])).rejects.toThrow(
      MessageTooLargeError,
    );
    await messaging().publish(topic, []);
    await messaging().publish(topic, [large]);
    const group = await new Group(messaging(), topic).start();
    expect((await group.first(1))[0]!.id).toBe(large.id);
    await group.stop();
  });

  test('topics may be asked for again, and are refused with other settings', async () => {
    const [log, latest] = [await topicOf(false), await topicOf(true)];
    const other = await fixture().reopen();
    await other.ensureTopics([
      { name: log, compacted: false },
      { name: latest, compacted: true },
    ]);
    await expect(other.ensureTopics([{ name: log, compacted: true }])).rejects.toThrow(log);
    await expect(other.ensureTopics([{ name: latest, compacted: false }])).rejects.toThrow(latest);
  });

  test('a compacted topic tells a newcomer the latest of each key, and later ones as they come', async () => {
    const topic = await topicOf(true);
    const [a, b] = [newMessages('a', 3), newMessages('b', 2)];
    await messaging().publish(topic, a);
    await messaging().publish(topic, b);
    const group = new Group(messaging(), topic);
    const latest = new Map<string, string>();
    const complete = Promise.withResolvers<void>();
    const newer = newMessage('a');
    group.interfere = async ({ deliveries }) => {
      for (const { message } of deliveries) latest.set(message.key, message.id);
      if (latest.get('a') === a[2]!.id && latest.get('b') === b[1]!.id)
        await messaging().publish(topic, [newer]);
      if (latest.get('a') === newer.id) complete.resolve();
    };
    await group.start();
    await complete.promise;
    expect(latest.get('b')).toBe(b[1]!.id);
    await group.stop();
  });

  test('says how far a topic goes', async () => {
    const topic = await topicOf();
    const held = async () =>
      (await messaging().endOffsets(topic)).reduce((sum, { first, next }) => sum + (next - first), 0n);
    const end = async () => (await messaging().endOffsets(topic)).reduce((sum, { next }) => sum + next, 0n);
    expect([await held(), await end()]).toEqual([0n, 0n]);
    await messaging().publish(topic, newMessages('k', 1));
    expect(await held()).toBe(1n);
    const before = await end();
    await messaging().publish(topic, newMessages('k', 3));
    expect(await held()).toBe(4n);
    expect((await end()) - before).toBe(3n);
  });

  test('fails as something that passes while the system is away', async () => {
    const topic = await topicOf();
    await fixture().beginOutage();
    await expect(messaging().publish(topic, [newMessage('k')])).rejects.toThrow(TransientError);
    await fixture().endOutage();
    const sent = newMessage('k');
    const publish = () => messaging().publish(topic, [sent]);
    await eventually(
      () =>
        publish().then(
          () => true,
          () => false,
        ),
      'a publication after the outage',
    );
    const group = await new Group(messaging(), topic).start();
    expect((await group.first(1)).at(-1)!.id).toBe(sent.id);
    await group.stop();
  });
}
