import { expect, test } from '@jest/globals';
import type { Messaging } from '../port.js';
import { Group, type MessagingFixture, newMessage, newMessages, newTopic } from './fixtures.js';

export function describeConsuming(fixture: () => MessagingFixture): void {
  const messaging = () => fixture().messaging;
  const topicOf = async () => {
    const name = newTopic();
    await messaging().ensureTopics([{ name, compacted: false }]);
    return name;
  };
  const ids = (messages: readonly { id: string }[]) => messages.map(({ id }) => id);
  /** Proof that time has passed: a group begun now has been brought a message published now. */
  const theNextMessageArrives = async (by: Messaging, topic: string) => {
    const probe = newMessage('probe');
    const group = new Group(by, topic);
    const seen = Promise.withResolvers<void>();
    group.interfere = async ({ deliveries }) => {
      if (deliveries.some(({ message }) => message.id === probe.id)) seen.resolve();
    };
    await group.start();
    await by.publish(topic, [probe]);
    await seen.promise;
    await group.stop();
  };

  test('brings what was there and what comes, from any process, in batches with ascending offsets', async () => {
    const topic = await topicOf();
    const other = await fixture().reopen();
    const sent = newMessages('k', 450);
    await messaging().publish(topic, sent.slice(0, 300));
    const group = await new Group(messaging(), topic).start();
    await group.first(300);
    for (let place = 300; place < 450; place += 50) await other.publish(topic, sent.slice(place, place + 50));
    expect(ids(await group.first(450))).toEqual(ids(sent));
    const offsets = group.batches.flatMap((batch) => batch.offsets);
    expect(offsets).toEqual(offsets.map((_, index) => offsets[0]! + BigInt(index)));
    expect(group.batches.length).toBeLessThan(450);
    await group.stop();
  });

  test('begins where the group says, whatever another group has read', async () => {
    const topic = await topicOf();
    const sent = newMessages('k', 10);
    await messaging().publish(topic, sent);
    const first = await new Group(messaging(), topic).start();
    await first.first(10);
    await first.stop();
    const { partition, offsets } = first.batches[0]!;
    const second = new Group(messaging(), topic);
    second.next.set(partition, offsets[0]! + 6n);
    await second.start();
    expect(ids(await second.first(4))).toEqual(ids(sent.slice(6)));
    await second.stop();
  });

  test('goes on where the group has come when it starts anew', async () => {
    const topic = await topicOf();
    const sent = newMessages('k', 6);
    await messaging().publish(topic, sent.slice(0, 3));
    const group = await new Group(messaging(), topic).start();
    await group.first(3);
    await group.stop();
    await messaging().publish(topic, sent.slice(3));
    await group.start();
    expect(ids(await group.first(6))).toEqual(ids(sent));
    await group.stop();
  });

  test('brings a batch again until the handler has taken it', async () => {
    const topic = await topicOf();
    const sent = newMessages('k', 3);
    await messaging().publish(topic, sent);
    const group = new Group(messaging(), topic);
    const tries: string[][] = [];
    group.interfere = async ({ deliveries }) => {
      tries.push(ids(deliveries.map(({ message }) => message)));
      if (tries.length <= 2) throw new Error('not yet');
    };
    await group.start();
    expect(ids(await group.first(3))).toEqual(ids(sent));
    expect(tries.slice(0, 3)).toEqual([ids(sent), ids(sent), ids(sent)]);
    expect(group.errors.length).toBeGreaterThanOrEqual(2);
    await group.stop();
  });

  test('stop() waits for the running batch, of which it says that it is stale, and none follows', async () => {
    const topic = await topicOf();
    await messaging().publish(topic, [newMessage('k')]);
    const group = new Group(messaging(), topic);
    const [running, opened] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const stale: boolean[] = [];
    group.interfere = async (batch) => {
      stale.push(batch.isStale());
      await batch.heartbeat();
      running.resolve();
      await opened.promise;
      stale.push(batch.isStale());
    };
    await group.start();
    await running.promise;
    const stopped = group.stop().then(() => group.messages.length);
    await messaging().publish(topic, [newMessage('k')]);
    opened.resolve();
    expect(await stopped).toBe(1);
    expect(stale).toEqual([false, true]);
    await theNextMessageArrives(messaging(), topic);
    expect(group.messages).toHaveLength(1);
  });

  test('a handler that fails for ever does not keep stop() waiting', async () => {
    const topic = await topicOf();
    await messaging().publish(topic, [newMessage('k')]);
    const group = new Group(messaging(), topic);
    const twice = Promise.withResolvers<void>();
    let tries = 0;
    group.interfere = async () => {
      tries += 1;
      if (tries === 2) twice.resolve();
      throw new Error('never');
    };
    await group.start();
    await twice.promise;
    await group.stop();
    expect(group.messages).toEqual([]);
  });

  test('two groups get everything each', async () => {
    const topic = await topicOf();
    const groups = [
      await new Group(messaging(), topic).start(),
      await new Group(await fixture().reopen(), topic).start(),
    ];
    const sent = newMessages('k', 20);
    await messaging().publish(topic, sent);
    for (const group of groups) {
      expect(ids(await group.first(20))).toEqual(ids(sent));
      await group.stop();
    }
  });

  test('goes on by itself after an outage, and nothing is lost', async () => {
    const topic = await topicOf();
    const other = await fixture().reopen();
    const sent = newMessages('k', 6);
    await messaging().publish(topic, sent.slice(0, 3));
    const group = await new Group(messaging(), topic).start();
    await group.first(3);
    await fixture().beginOutage();
    await other.publish(topic, sent.slice(3));
    await fixture().endOutage();
    await group.first(6);
    const distinct = [...new Set(ids(group.messages))];
    expect(distinct).toEqual(ids(sent));
    await group.stop();
  });
}
