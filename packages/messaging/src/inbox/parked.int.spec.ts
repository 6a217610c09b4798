import { describe, expect, it } from '@jest/globals';
import { eventually } from '@monteore/testing';
import { readMessage } from '../cloud-event.js';
import type { Delivery, SqlTransaction, TransactionRunner } from '../port.js';
import { TransientError } from '../port.js';
import { asked, charged, type InboxWorld, inboxWorlds, TOPIC, textOf } from '../testing/inbox-world.js';
import type { Inbox } from './index.js';

let world: InboxWorld;
inboxWorlds((next) => {
  world = next;
});

describe('a message that fails by itself', () => {
  const parkedTexts = async (inbox: Inbox<SqlTransaction>) =>
    (await inbox.parked.list()).map(({ message, error }) => [textOf(message), error]);

  it('parks its key after its attempts, while other keys go on', async () => {
    const told: string[] = [];
    const inbox = await world.inbox({ onParked: (_, message) => told.push(textOf(message)) });
    world.failing.add('bad');
    world.subscriber.log.push(
      charged('a', 'a1'),
      charged('a', 'bad'),
      charged('b', 'b1'),
      charged('a', 'a2'),
    );
    await world.subscriber.deliver();
    world.subscriber.log.push(charged('b', 'b2'), asked('a', 'a3'));
    await world.subscriber.deliver();
    expect(await world.effects()).toEqual(['a1', 'b1', 'b2']);
    expect(world.reactions).toEqual([]);
    expect(told).toEqual(['bad']);
    expect(await parkedTexts(inbox)).toEqual([
      ['bad', 'Error: «bad» cannot be taken'],
      ['a2', null],
      ['a3', null],
    ]);
  });

  it('is released with what waits behind it, in order, once it can be taken', async () => {
    const inbox = await world.inbox();
    world.failing.add('bad');
    world.subscriber.log.push(charged('a', 'bad'), charged('a', 'a2'), asked('a', 'a3'));
    await world.subscriber.deliver();
    await expect(inbox.parked.retry(TOPIC, 'a')).rejects.toThrow('«bad» cannot be taken');
    expect(await world.effects()).toEqual([]);
    world.failing.clear();
    expect(await inbox.parked.retry(TOPIC, 'a')).toBe(3);
    world.subscriber.log.push(charged('a', 'a4'));
    await world.subscriber.deliver();
    expect([await world.effects(), world.reactions]).toEqual([['bad', 'a2', 'a4'], ['a3']]);
    expect(await inbox.parked.list()).toEqual([]);
  });

  it('is released in runs that share a transaction; one with a reaction stands alone', async () => {
    const inbox = await world.inbox();
    world.failing.add('bad');
    const texts = ['bad', 'a2', 'a3', 'a4', 'a5'];
    world.subscriber.log.push(
      ...texts.map((text) => (text === 'a4' ? asked('a', text) : charged('a', text))),
    );
    await world.subscriber.deliver();
    world.failing.clear();
    let commits = 0;
    world.runner.beforeCommit = async () => {
      commits += 1;
    };
    expect(await inbox.parked.retry(TOPIC, 'a')).toBe(5);
    expect([await world.effects(), world.reactions, commits]).toEqual([['bad', 'a2', 'a3', 'a5'], ['a4'], 3]);
  });

  it('is released without reading over and over what waits behind those that stand alone', async () => {
    let read = 0;
    const database: TransactionRunner = {
      transaction: (work) => world.runner.transaction(work),
      query: async <Row extends object>(text: string, parameters: readonly unknown[] = []) => {
        const found = await world.runner.query<Row>(text, parameters);
        if (text.includes('ORDER BY id LIMIT')) read += found.length;
        return found;
      },
    };
    const inbox = await world.inbox({ database });
    const texts = Array.from({ length: 20 }, (_, index) => `q${index}`);
    world.failing.add('q0');
    world.subscriber.log.push(...texts.map((text) => asked('a', text)));
    await world.subscriber.deliver();
    world.failing.clear();
    world.reactions = [];
    expect(await inbox.parked.retry(TOPIC, 'a')).toBe(20);
    expect(world.reactions).toEqual(texts);
    expect(read).toBeLessThan(4 * texts.length);
  });

  it('keeps what waits from it on, when it is reached behind others that can be taken', async () => {
    const inbox = await world.inbox();
    for (const text of ['bad', 'worse']) world.failing.add(text);
    world.subscriber.log.push(...['bad', 'a2', 'worse', 'a4'].map((text) => charged('a', text)));
    await world.subscriber.deliver();
    world.failing.delete('bad');
    await expect(inbox.parked.retry(TOPIC, 'a')).rejects.toThrow('«worse» cannot be taken');
    expect(await world.effects()).toEqual(['bad', 'a2']);
    expect((await parkedTexts(inbox)).map(([text]) => text)).toEqual(['worse', 'a4']);
  });

  it('has no effect when it is given up while a retry is about to handle it', async () => {
    const inbox = await world.inbox();
    world.failing.add('bad');
    world.subscriber.log.push(charged('a', 'bad'), charged('a', 'a2'), charged('a', 'a3'));
    await world.subscriber.deliver();
    world.failing.clear();
    const [, second] = await inbox.parked.list();
    let giveUp = async () => {
      giveUp = async () => {};
      await inbox.parked.drop(second!.id, 'written by hand');
    };
    const database: TransactionRunner = {
      query: (...query) => world.runner.query(...query),
      transaction: async (work) => {
        await giveUp();
        return world.runner.transaction(work);
      },
    };
    const retrying = await world.inbox({ database });
    expect(await retrying.parked.retry(TOPIC, 'a')).toBe(2);
    expect(await world.effects()).toEqual(['bad', 'a3']);
  });

  it('is listed with those that wait, so many from a place on', async () => {
    const inbox = await world.inbox();
    world.failing.add('bad');
    world.subscriber.log.push(...['bad', 'a2', 'a3', 'a4'].map((text) => charged('a', text)));
    await world.subscriber.deliver();
    const [first] = await inbox.parked.list();
    const page = await inbox.parked.list({ after: BigInt(first!.id), limit: 2 });
    expect(page.map(({ message }) => textOf(message))).toEqual(['a2', 'a3']);
  });

  it('is dropped with a reason, which releases what waits behind it', async () => {
    const inbox = await world.inbox();
    world.failing.add('bad');
    world.subscriber.log.push(charged('a', 'bad'), charged('a', 'a2'));
    await world.subscriber.deliver();
    const [first] = await inbox.parked.list();
    await inbox.parked.drop(first!.id, 'written by hand');
    await world.subscriber.deliver(1n);
    expect(await world.effects()).toEqual(['a2']);
    expect(await world.rows('parked_messages')).toMatchObject([
      { dropped_reason: 'written by hand' },
      { dropped_reason: null },
    ]);
  });

  it('is dropped with its repeats, whichever of them is named', async () => {
    const inbox = await world.inbox();
    world.failing.add('bad');
    const bad = charged('a', 'bad');
    world.subscriber.log.push(bad, charged('a', 'a2'), bad);
    await world.subscriber.deliver();
    world.failing.clear();
    const repeat = (await inbox.parked.list())[2];
    await inbox.parked.drop(repeat!.id, 'written by hand');
    expect(await world.effects()).toEqual(['a2']);
    const ended = await world.pool.query(
      `SELECT dropped_reason FROM ${world.schema}.parked_messages ORDER BY id`,
    );
    expect(ended.rows.map((row) => row.dropped_reason)).toEqual(['written by hand', null, 'written by hand']);
    expect(await inbox.parked.list()).toEqual([]);
  });

  it('stays given up when it comes once more while its key waits for another', async () => {
    const inbox = await world.inbox();
    world.failing.add('bad');
    const wrong = charged('a', 'wrong');
    world.subscriber.log.push(charged('a', 'bad'), wrong);
    await world.subscriber.deliver();
    await inbox.parked.drop((await inbox.parked.list())[1]!.id, 'written by hand');
    world.subscriber.log.push(wrong, charged('a', 'a3'));
    await world.subscriber.deliver();
    world.failing.clear();
    await inbox.parked.retry(TOPIC, 'a');
    expect(await world.effects()).toEqual(['bad', 'a3']);
  });

  it('keeps no repeats of what was handled before it waiting', async () => {
    const inbox = await world.inbox();
    world.failing.add('bad');
    const first = charged('a', 'a1');
    world.subscriber.log.push(first, charged('a', 'bad'));
    await world.subscriber.deliver();
    world.subscriber.log.push(first);
    await world.subscriber.deliver();
    expect(await parkedTexts(inbox)).toEqual([['bad', 'Error: «bad» cannot be taken']]);
  });

  it('has its effect once when the process dies in the middle of a retry', async () => {
    const inbox = await world.inbox();
    world.failing.add('bad');
    world.subscriber.log.push(charged('a', 'bad'));
    await world.subscriber.deliver();
    world.failing.clear();
    world.runner.beforeCommit = async () => {
      throw new TransientError('the process died');
    };
    await expect(inbox.parked.retry(TOPIC, 'a')).rejects.toThrow(TransientError);
    world.runner.beforeCommit = async () => {};
    await inbox.parked.retry(TOPIC, 'a');
    expect(await world.effects()).toEqual(['bad']);
  });

  it('leaves no later message behind when one is parked while the key is being released', async () => {
    const inbox = await world.inbox();
    world.failing.add('bad');
    world.subscriber.log.push(charged('a', 'bad'));
    await world.subscriber.deliver();
    world.failing.clear();
    world.subscriber.log.push(charged('a', 'a2'));
    let meanwhile = Promise.resolve();
    world.runner.beforeCommit = async () => {
      world.runner.beforeCommit = async () => {};
      // The release holds the key's lock and has not committed: the consumer still sees the key parked, and waits.
      meanwhile = world.subscriber.deliver();
      await eventually(async () => {
        const { rows: locks } = await world.pool.query(
          "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted",
        );
        return locks.length > 0;
      }, 'the consumer at the lock');
    };
    await inbox.parked.retry(TOPIC, 'a');
    await meanwhile;
    await inbox.parked.retry(TOPIC, 'a');
    expect(await world.effects()).toEqual(['bad', 'a2']);
    expect(await inbox.parked.list()).toEqual([]);
  });
});

describe('a message that cannot be read', () => {
  const unreadable = (
    topic: string,
    partition: number,
    offset: bigint,
    key = 'a',
    text = '{"no":"event"}',
  ): Delivery => ({
    topic,
    partition,
    offset,
    message: readMessage(text, key, { topic, partition, offset }),
  });
  const places = async (inbox: Inbox<SqlTransaction>) =>
    (await inbox.parked.list()).map(({ topic, message }) => [topic, message.position]);

  it.each([
    ['another topic', 'monteore.intake.events.v1', 0],
    ['another partition, where a foreign writer put the same key,', TOPIC, 1],
  ])('is no repeat of one from %s that stood further on and was dropped', async (_, topic, partition) => {
    const inbox = await world.inbox();
    await world.subscriber.hand(unreadable(TOPIC, 0, 7n));
    const [first] = await inbox.parked.list();
    await inbox.parked.drop(first!.id, 'written by hand');
    expect(await inbox.parked.list()).toEqual([]);
    await world.subscriber.hand(unreadable(topic, partition, 3n));
    expect(await places(inbox)).toEqual([[topic, 3n]]);
  });

  it.each([
    ['without a key', '', '{"no":"event"}'],
    ['of bytes that no table holds', '\u0000\u0001a', '\u0000\u0001bytes'],
  ])('is parked %s too, and keeps no other key waiting', async (_, key, text) => {
    const inbox = await world.inbox();
    await world.subscriber.hand(unreadable(TOPIC, 0, 7n, key, text));
    await world.subscriber.hand({ topic: TOPIC, partition: 0, offset: 8n, message: charged('a', 'a1') });
    expect([await places(inbox), await world.effects()]).toEqual([[[TOPIC, 7n]], ['a1']]);
  });
});

describe('a failure of the surroundings', () => {
  it('pauses, counts no attempt and parks nothing', async () => {
    let calls = 0;
    const inbox = await world.inbox({
      handlers: {
        [TOPIC]: {
          Asked: {
            react: async (message) => {
              calls += 1;
              if (calls <= 5) throw Object.assign(new Error('connect'), { code: 'ECONNREFUSED' });
              world.reactions.push(textOf(message));
            },
          },
        },
      },
    });
    world.subscriber.log.push(asked('a', 'q'));
    for (let round = 0; round < 5; round += 1)
      await expect(world.subscriber.deliver()).rejects.toThrow('connect');
    await world.subscriber.deliver();
    expect([world.reactions, await inbox.parked.list()]).toEqual([['q'], []]);
  });
});
