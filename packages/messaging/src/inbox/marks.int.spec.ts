import { describe, expect, it } from '@jest/globals';
import { TransientError } from '../port.js';
import { charged, HandedOut, type InboxWorld, inboxWorlds, TOPIC } from '../testing/inbox-world.js';

let world: InboxWorld;
inboxWorlds((next) => {
  world = next;
});

describe('one mark per source and key', () => {
  it('is written in the transaction of the effect, and a repeat is ignored', async () => {
    await world.inbox();
    world.subscriber.log.push(charged('a', 'a1'), charged('b', 'b1'), charged('a', 'a2'));
    await world.subscriber.deliver();
    world.subscriber.log.push(...world.subscriber.log);
    await world.subscriber.deliver();
    expect(await world.effects()).toEqual(['a1', 'b1', 'a2']);
    expect(await world.rows('consumer_marks')).toEqual(
      expect.arrayContaining([
        { source: 'monteore.ledger/store', key: 'a', position: String(world.subscriber.log[2]!.position) },
        { source: 'monteore.ledger/store', key: 'b', position: String(world.subscriber.log[1]!.position) },
      ]),
    );
  });

  it('keeps an older message of the key from acting, and no message of another key', async () => {
    await world.inbox();
    const [early, late] = [charged('a', 'early'), charged('a', 'late')];
    world.subscriber.log.push(late, early, charged('b', 'other', { position: 0n }));
    await world.subscriber.deliver();
    expect(await world.effects()).toEqual(['late', 'other']);
  });

  it('and the offset are taken back with the effect when the process dies before the commit', async () => {
    await world.inbox();
    world.subscriber.log.push(charged('a', 'a1'));
    world.runner.beforeCommit = async () => {
      throw new TransientError('the process died');
    };
    await expect(world.subscriber.deliver()).rejects.toThrow(TransientError);
    expect([
      await world.effects(),
      await world.rows('consumer_offsets'),
      await world.rows('consumer_marks'),
    ]).toEqual([[], [], []]);
    world.runner.beforeCommit = async () => {};
    await world.subscriber.deliver();
    expect(await world.effects()).toEqual(['a1']);
    expect(await world.rows('consumer_offsets')).toEqual([{ topic: TOPIC, partition: 0, next_offset: '2' }]);
  });

  it('and the offset keep two instances that read the same batch from acting twice', async () => {
    await world.inbox();
    world.subscriber.log.push(charged('a', 'a1'), charged('b', 'b1'));
    await Promise.all([world.subscriber.deliver(), world.subscriber.deliver()]);
    expect(await world.effects()).toEqual(['a1', 'b1']);
  });

  it('can be waited for', async () => {
    const inbox = await world.inbox();
    const message = charged('a', 'a1');
    const { source, key, position } = message;
    expect(await inbox.waitFor({ source, key, position }, 0)).toBe(false);
    const waiting = inbox.waitFor({ source, key, position }, 10_000);
    world.subscriber.log.push(message);
    await world.subscriber.deliver();
    expect(await waiting).toBe(true);
    expect(await inbox.waitFor({ source, key: 'b', position }, 0)).toBe(false);
  });

  it('can be waited for while another instance handles the message', async () => {
    const [inbox, other] = [await world.inbox(), new HandedOut()];
    const message = charged('a', 'a1');
    const { source, key, position } = message;
    const waiting = [
      inbox.waitFor({ source, key, position }, 10_000),
      inbox.waitFor({ source, key: 'b', position }, 200),
    ];
    await world.inbox({ subscriber: other });
    other.log.push(message);
    await other.deliver();
    expect(await Promise.all(waiting)).toEqual([true, false]);
  });

  it('stands for a type that nobody handles too, which is noted with its first position', async () => {
    await world.inbox();
    const first = charged('a', 'x', { type: 'Novelty' });
    world.subscriber.log.push(first, charged('b', 'y', { type: 'Novelty' }));
    await world.subscriber.deliver();
    expect(await world.rows('ignored_types')).toMatchObject([
      { topic: TOPIC, type: 'Novelty', first_position: String(first.position) },
    ]);
    expect(await world.rows('consumer_marks')).toHaveLength(2);
  });
});
