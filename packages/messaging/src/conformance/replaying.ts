import { expect, test } from '@jest/globals';
import { eventually } from '@monteore/testing';
import { type Message, TransientError } from '../port.js';
import { ReleasedMeanwhileError, Replay, type Taken } from '../replaying/index.js';
import { type MessagingFixture, newMessage, newMessages, newTopic } from './fixtures.js';

export function describeReplaying(fixture: () => MessagingFixture): void {
  const topicWith = async (messages: readonly Message[]) => {
    const topic = newTopic();
    await fixture().messaging.ensureTopics([{ name: topic, compacted: false }]);
    await publish(topic, messages);
    return topic;
  };
  /** As a relay does: a broker that has just made a topic may not know it for a moment. */
  const publish = (topic: string, messages: readonly Message[]) =>
    eventually(
      () =>
        fixture()
          .messaging.publish(topic, messages)
          .then(
            () => true,
            (error: unknown) => {
              if (!(error instanceof TransientError)) throw error;
              return false;
            },
          ),
      'the publication',
    );
  /** A consumer that has come to the end. */
  const allOf = async (topic: string, without: readonly string[] = []): Promise<Taken> => {
    const ends = await fixture().messaging.endOffsets(topic);
    const next = new Map(ends.map((end) => [end.partition, end.next]));
    return { next: new Map([[topic, next]]), without: new Set(without) };
  };
  const replayInto = (folded: Message[], more: { patienceMillis?: number; signal?: AbortSignal } = {}) =>
    new Replay({
      subscriber: fixture().messaging,
      group: 'replay',
      fold: async (_, messages) => {
        folded.push(...messages);
      },
      ...more,
    });
  const ids = (messages: readonly Message[], key: string) =>
    messages.filter((message) => message.key === key).map(({ id }) => id);
  const KEYS = ['a', 'b', 'c', 'd', 'e'];

  test('brings what a consumer has taken, once and in the order of each key, and later what came since', async () => {
    const first = KEYS.flatMap((key) => newMessages(key, 100));
    const topic = await topicWith([...first, ...first.slice(50, 150)]);
    const folded: Message[] = [];
    const replay = replayInto(folded);
    const taken = await allOf(topic);
    const since = KEYS.flatMap((key) => newMessages(key, 3));
    await publish(topic, since);
    await replay.catchUp(taken);
    for (const key of KEYS) expect(ids(folded, key)).toEqual(ids(first, key));
    expect(replay.behind(taken)).toBe(0n);
    folded.length = 0;
    await replay.catchUp(await allOf(topic));
    for (const key of KEYS) expect(ids(folded, key)).toEqual(ids(since, key));
  });

  test('leaves out what had no effect, and is of no use once that had it', async () => {
    const messages = newMessages('a', 3);
    const topic = await topicWith(messages);
    const folded: Message[] = [];
    const replay = replayInto(folded);
    await replay.catchUp(await allOf(topic, [messages[1]!.id]));
    expect(ids(folded, 'a')).toEqual([messages[0]!.id, messages[2]!.id]);
    await expect(replay.catchUp(await allOf(topic))).rejects.toThrow(ReleasedMeanwhileError);
  });

  test('gives up when nothing comes, when it is told to, and when a fold fails', async () => {
    const topic = await topicWith([newMessage('a')]);
    const { next, without } = await allOf(topic);
    const beyond = new Map(
      [...next].map(([name, ends]) => [
        name,
        new Map([...ends].map(([partition, end]) => [partition, end + 5n])),
      ]),
    );
    const impatient = replayInto([], { patienceMillis: 1500 });
    await expect(impatient.catchUp({ next: beyond, without })).rejects.toThrow(
      'no message could be read for 1.5 s',
    );
    const stop = new AbortController();
    stop.abort(new Error('the service stops'));
    const stopped = replayInto([], { signal: stop.signal });
    await expect(stopped.catchUp({ next, without })).rejects.toThrow('the service stops');
    const failing = new Replay({
      subscriber: fixture().messaging,
      group: 'replay',
      fold: () => Promise.reject(new Error('no such table')),
    });
    await expect(failing.catchUp({ next, without })).rejects.toThrow('no such table');
  });
}
