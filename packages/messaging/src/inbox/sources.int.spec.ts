import { describe, expect, it } from '@jest/globals';
import { asked, charged, type InboxWorld, inboxWorlds, TOPIC } from '../testing/inbox-world.js';
import { continueSources } from './index.js';

let world: InboxWorld;
inboxWorlds((next) => {
  world = next;
});

describe('a source that nobody has accepted', () => {
  it('stops the consumer before any effect or reaction, and alerts, until an operator accepts it', async () => {
    const alerts: string[] = [];
    const inbox = await world.inbox({ onUnknownSource: (_, source) => alerts.push(source) });
    world.subscriber.log.push(charged('a', 'a1'));
    await world.subscriber.deliver();
    const source = 'monteore.ledger/restored';
    world.subscriber.log.push(
      { ...asked('a', 'q'), source },
      charged('b', 'b1', { source }),
      charged('c', 'known, but behind it'),
    );
    for (const _ of ['once', 'again']) await expect(world.subscriber.deliver()).rejects.toThrow(source);
    expect([await world.effects(), world.reactions, alerts]).toEqual([['a1'], [], [source, source]]);
    expect(await inbox.parked.list()).toEqual([]);
    await inbox.acceptSource(TOPIC, source);
    await world.subscriber.deliver();
    expect([await world.effects(), world.reactions]).toEqual([['a1', 'b1', 'known, but behind it'], ['q']]);
  });
});

describe('a source that was restored together with its consumer', () => {
  const [before, after] = ['monteore.ledger/before', 'monteore.ledger/after'];
  const from = (source: string, position: bigint, effect: string) =>
    charged('a', effect, { source, position });

  it('goes on under its new id: what was handled under the old one is a repeat, what comes next is not', async () => {
    const inbox = await world.inbox();
    world.subscriber.log.push(from(before, 1n, 'a1'), from(before, 2n, 'a2'));
    await world.subscriber.deliver();
    await inbox.stop();
    await continueSources(world.runner, world.schema, [{ topic: TOPIC, from: before, to: after }]);
    world.subscriber.log.push(from(after, 2n, 'a2 again'), from(after, 3n, 'a3'));
    await world.subscriber.deliver();
    expect(await world.effects()).toEqual(['a1', 'a2', 'a3']);
  });

  it('is accepted under both ids where nothing of it had come yet, in whichever order it comes', async () => {
    await world.inbox();
    await continueSources(world.runner, world.schema, [{ topic: TOPIC, from: before, to: after }]);
    world.subscriber.log.push(from(before, 1n, 'not taken before the backup'), from(after, 2n, 'next'));
    await world.subscriber.deliver();
    expect(await world.effects()).toEqual(['not taken before the backup', 'next']);
  });

  it('has no say about other sources', async () => {
    await world.inbox();
    await continueSources(world.runner, world.schema, [{ topic: TOPIC, from: before, to: after }]);
    world.subscriber.log.push(from('monteore.ledger/third', 1n, 'of another history'));
    await expect(world.subscriber.deliver()).rejects.toThrow('monteore.ledger/third');
  });
});
