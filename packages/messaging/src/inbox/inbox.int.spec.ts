import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Message, MessageHandlers, SqlTransaction } from '../port.js';
import { TransientError } from '../port.js';
import { asked, charged, type InboxWorld, inboxWorlds, TOPIC, textOf } from '../testing/inbox-world.js';
import { type InboxOptions } from './index.js';

let world: InboxWorld;
inboxWorlds((next) => {
  world = next;
});

describe('messages that are projected at once', () => {
  const calls: string[][] = [];
  const together = (): MessageHandlers => {
    const projectAll = async (messages: readonly Message[], tx: SqlTransaction) => {
      calls.push(messages.map(textOf));
      for (const message of messages) await world.handlers()[TOPIC]!.WorkCharged!.project!(message, tx);
    };
    return {
      [TOPIC]: {
        ...world.handlers()[TOPIC],
        One: { projectAll },
        Other: { projectAll },
        Alone: { projectAll: (...given) => projectAll(...given) },
      },
    };
  };
  const of = (type: string, key: string, text: string) => charged(key, text, { type });
  beforeEach(() => {
    calls.length = 0;
  });

  it('follow one another and share the function; what stands between them keeps its place', async () => {
    await world.inbox({ handlers: together() });
    world.subscriber.log.push(
      of('One', 'a', 'a1'),
      of('Novelty', 'b', 'unheard'),
      of('Other', 'b', 'b1'),
      charged('a', 'a2'),
      of('One', 'a', 'a3'),
      of('Alone', 'a', 'a4'),
      asked('a', 'q'),
      of('One', 'b', 'b2'),
    );
    await world.subscriber.deliver();
    expect(calls).toEqual([['a1', 'b1'], ['a3'], ['a4'], ['b2']]);
    expect(await world.effects()).toEqual(['a1', 'b1', 'a2', 'a3', 'a4', 'b2']);
  });

  it('have their effect once each: repeats and older ones are not among them', async () => {
    await world.inbox({ handlers: together() });
    const [a1, a2, b1] = [of('One', 'a', 'a1'), of('One', 'a', 'a2'), of('One', 'b', 'b1')];
    world.subscriber.log.push(a2, a1, b1, b1);
    await world.subscriber.deliver();
    expect(calls).toEqual([['a2', 'b1']]);
  });

  it('park the key of the one that fails by itself, and the others of the run go on', async () => {
    const inbox = await world.inbox({ handlers: together() });
    world.failing.add('bad');
    world.subscriber.log.push(
      of('One', 'a', 'a1'),
      of('One', 'b', 'bad'),
      of('One', 'a', 'a2'),
      of('One', 'b', 'b2'),
    );
    await world.subscriber.deliver();
    expect(await world.effects()).toEqual(['a1', 'a2']);
    expect((await inbox.parked.list()).map(({ message }) => textOf(message))).toEqual(['bad', 'b2']);
    world.failing.clear();
    await inbox.parked.retry(TOPIC, 'b');
    expect(await world.effects()).toEqual(['a1', 'a2', 'bad', 'b2']);
  });
});

describe('a reaction', () => {
  it('runs before the mark, and again when the process dies between', async () => {
    await world.inbox();
    world.subscriber.log.push(asked('a', 'q'));
    world.runner.beforeCommit = async () => {
      throw new TransientError('the process died');
    };
    await expect(world.subscriber.deliver()).rejects.toThrow(TransientError);
    world.runner.beforeCommit = async () => {};
    await world.subscriber.deliver();
    await world.subscriber.deliver(1n);
    expect(world.reactions).toEqual(['q', 'q']);
  });

  it('follows the effects of what came before it', async () => {
    const seen: string[][] = [];
    await world.inbox({
      handlers: {
        [TOPIC]: {
          ...world.handlers()[TOPIC],
          Asked: { react: async () => void seen.push(await world.effects()) },
        },
      },
    });
    world.subscriber.log.push(charged('a', 'a1'), asked('a', 'q'), charged('a', 'a2'));
    await world.subscriber.deliver();
    expect(seen).toEqual([['a1']]);
    expect(await world.effects()).toEqual(['a1', 'a2']);
  });
});

describe('who watches', () => {
  type Seen = readonly [event: string, ...texts: string[]];
  const watching = (seen: Seen[]): Partial<InboxOptions<SqlTransaction>> => ({
    around: async (topic, messages, work) => {
      seen.push([`begin ${topic}`, ...messages.map(textOf)]);
      await work().catch((error: unknown) => {
        seen.push(['fail', ...messages.map(textOf)]);
        throw error;
      });
      seen.push(['end', ...messages.map(textOf)]);
    },
    onRetry: (_, message) => seen.push(['retry', textOf(message)]),
    onHandled: (_, messages) => seen.push(['handled', ...messages.map(textOf)]),
    onParked: (_, message) => seen.push(['parked', textOf(message)]),
  });

  it('is told of each message that somebody handles, and of effects only once they are committed', async () => {
    const seen: Seen[] = [];
    await world.inbox(watching(seen));
    const unheard = charged('a', 'unheard', { type: 'Novelty' });
    world.subscriber.log.push(charged('a', 'a1'), unheard, charged('b', 'b1'), asked('a', 'q'));
    world.runner.beforeCommit = async () => {
      seen.push(['commit']);
    };
    await world.subscriber.deliver();
    await world.subscriber.deliver(1n);
    const begin = `begin ${TOPIC}`;
    expect(seen.slice(0, 10)).toEqual([
      [begin, 'a1'],
      ['end', 'a1'],
      [begin, 'b1'],
      ['end', 'b1'],
      ['commit'],
      ['handled', 'a1', 'b1'],
      [begin, 'q'],
      ['commit'],
      ['handled', 'q'],
      ['end', 'q'],
    ]);
    expect(seen.slice(10).some(([event]) => event === 'handled')).toBe(false);
  });

  it('sees the attempts of one that fails by itself, and its parking, as one handling', async () => {
    const seen: Seen[] = [];
    const inbox = await world.inbox(watching(seen));
    world.failing.add('bad');
    world.subscriber.log.push(asked('a', 'bad'));
    await world.subscriber.deliver();
    const begin = `begin ${TOPIC}`;
    expect(seen).toEqual([
      [begin, 'bad'],
      ['retry', 'bad'],
      ['parked', 'bad'],
      ['end', 'bad'],
    ]);
    world.failing.clear();
    await inbox.parked.retry(TOPIC, 'a');
    expect(seen.slice(4)).toEqual([
      [begin, 'bad'],
      ['handled', 'bad'],
      ['end', 'bad'],
    ]);
  });

  it('is handed what the surroundings did, and so is the driver', async () => {
    const seen: Seen[] = [];
    await world.inbox(watching(seen));
    world.subscriber.log.push(asked('a', 'q'));
    world.runner.beforeCommit = async () => {
      throw new TransientError('the process died');
    };
    await expect(world.subscriber.deliver()).rejects.toThrow(TransientError);
    expect(seen).toEqual([
      [`begin ${TOPIC}`, 'q'],
      ['fail', 'q'],
    ]);
  });
});
