import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually, type TestDatabase, testDatabase } from '@monteore/testing';
import pg from 'pg';
import { readMessage } from '../cloud-event.js';
import { newMessage } from '../conformance/fixtures.js';
import type {
  Consumption,
  Delivery,
  Message,
  MessageHandlers,
  SqlTransaction,
  Subscriber,
  TransactionRunner,
} from '../port.js';
import { TransientError } from '../port.js';
import { continueSources, Inbox, type InboxOptions, inboxTables } from './index.js';

const TOPIC = 'monteore.ledger.events.v1';
let database: TestDatabase;
let pool: pg.Pool;
let schemas = 0;
let schema: string;

beforeAll(async () => {
  database = await testDatabase();
  pool = new pg.Pool({ connectionString: database.url, max: 8 });
}, 60_000);
afterAll(async () => {
  await pool.end();
  await database.drop();
});

/** The service's database; `beforeCommit` stands between the effects of a transaction and its commit. */
class Database implements TransactionRunner {
  beforeCommit: () => Promise<void> = async () => {};

  async query<Row extends object>(text: string, parameters: readonly unknown[] = []): Promise<Row[]> {
    return (await pool.query<Row>(text, [...parameters])).rows;
  }

  async transaction<T>(work: (tx: SqlTransaction) => Promise<T>): Promise<T> {
    const client = await pool.connect();
    try {
      await client.query('BEGIN');
      const result = await work({
        query: async (text, parameters = []) => (await client.query(text, [...parameters])).rows,
      });
      await this.beforeCommit();
      await client.query('COMMIT');
      return result;
    } catch (error) {
      await client.query('ROLLBACK');
      throw error;
    } finally {
      client.release();
    }
  }
}

/** A log in memory whose batches a test hands out by itself, asking for the offset each time as a driver does. */
class HandedOut implements Subscriber {
  readonly log: Message[] = [];
  private options: Parameters<Subscriber['consume']>[0] | null = null;

  async consume(options: Parameters<Subscriber['consume']>[0]): Promise<Consumption> {
    this.options = options;
    return { stop: async () => {} };
  }

  /** One batch of what the group has not had; throws what its handler throws. */
  async deliver(from?: bigint): Promise<void> {
    const next = from ?? (await this.options!.startAt(TOPIC, 0));
    await this.options!.handle({
      topic: TOPIC,
      partition: 0,
      deliveries: this.log
        .map((message, place) => ({ topic: TOPIC, partition: 0, offset: BigInt(place + 1), message }))
        .filter(({ offset }) => offset >= next),
      isStale: () => false,
      heartbeat: async () => {},
    });
  }

  /** One delivery, wherever it stands. */
  async hand(delivery: Delivery): Promise<void> {
    const { topic, partition } = delivery;
    await this.options!.handle({
      topic,
      partition,
      deliveries: [delivery],
      isStale: () => false,
      heartbeat: async () => {},
    });
  }

  async close(): Promise<void> {}
}

let runner: Database;
let subscriber: HandedOut;
/** What happened, in order. */
let reactions: string[];
let failing: Set<string>;

beforeEach(async () => {
  schema = `service_${schemas++}`;
  await pool.query(`CREATE SCHEMA ${schema}; ${inboxTables(schema)}
    CREATE TABLE ${schema}.effects (place serial PRIMARY KEY, key text, text text);`);
  [runner, subscriber, reactions, failing] = [new Database(), new HandedOut(), [], new Set()];
});
afterEach(() => pool.query(`DROP SCHEMA ${schema} CASCADE`));

const textOf = (message: Message) => String(message.data.text);
const handlers = (): MessageHandlers => ({
  [TOPIC]: {
    WorkCharged: {
      project: async (message, tx) => {
        await tx.query(`INSERT INTO ${schema}.effects (key, text) VALUES ($1, $2)`, [
          message.key,
          textOf(message),
        ]);
        if (failing.has(textOf(message))) throw new Error(`«${textOf(message)}» cannot be taken`);
      },
    },
    Asked: {
      react: async (message) => {
        reactions.push(textOf(message));
        if (failing.has(textOf(message))) throw new Error('no');
      },
    },
  },
});
async function inboxOf(more: Partial<InboxOptions<SqlTransaction>> = {}): Promise<Inbox<SqlTransaction>> {
  const inbox = new Inbox<SqlTransaction>({
    database: runner,
    subscriber,
    schema,
    group: 'spec',
    handlers: handlers(),
    attempts: 2,
    firstDelayMillis: 1,
    ...more,
  });
  await inbox.start();
  return inbox;
}
const charged = (key: string, text: string, more: Partial<Message> = {}): Message => ({
  ...newMessage(key, { text }),
  ...more,
});
const asked = (key: string, text: string) => charged(key, text, { type: 'Asked' });
const effects = async () =>
  (await pool.query<{ text: string }>(`SELECT text FROM ${schema}.effects ORDER BY place`)).rows.map(
    ({ text }) => text,
  );
const rows = async (table: string) => (await pool.query(`SELECT * FROM ${schema}.${table}`)).rows;

describe('one mark per source and key', () => {
  it('is written in the transaction of the effect, and a repeat is ignored', async () => {
    await inboxOf();
    subscriber.log.push(charged('a', 'a1'), charged('b', 'b1'), charged('a', 'a2'));
    await subscriber.deliver();
    subscriber.log.push(...subscriber.log);
    await subscriber.deliver();
    expect(await effects()).toEqual(['a1', 'b1', 'a2']);
    expect(await rows('consumer_marks')).toEqual(
      expect.arrayContaining([
        { source: 'monteore.ledger/store', key: 'a', position: String(subscriber.log[2]!.position) },
        { source: 'monteore.ledger/store', key: 'b', position: String(subscriber.log[1]!.position) },
      ]),
    );
  });

  it('keeps an older message of the key from acting, and no message of another key', async () => {
    await inboxOf();
    const [early, late] = [charged('a', 'early'), charged('a', 'late')];
    subscriber.log.push(late, early, charged('b', 'other', { position: 0n }));
    await subscriber.deliver();
    expect(await effects()).toEqual(['late', 'other']);
  });

  it('and the offset are taken back with the effect when the process dies before the commit', async () => {
    await inboxOf();
    subscriber.log.push(charged('a', 'a1'));
    runner.beforeCommit = async () => {
      throw new TransientError('the process died');
    };
    await expect(subscriber.deliver()).rejects.toThrow(TransientError);
    expect([await effects(), await rows('consumer_offsets'), await rows('consumer_marks')]).toEqual([
      [],
      [],
      [],
    ]);
    runner.beforeCommit = async () => {};
    await subscriber.deliver();
    expect(await effects()).toEqual(['a1']);
    expect(await rows('consumer_offsets')).toEqual([{ topic: TOPIC, partition: 0, next_offset: '2' }]);
  });

  it('and the offset keep two instances that read the same batch from acting twice', async () => {
    await inboxOf();
    subscriber.log.push(charged('a', 'a1'), charged('b', 'b1'));
    await Promise.all([subscriber.deliver(), subscriber.deliver()]);
    expect(await effects()).toEqual(['a1', 'b1']);
  });

  it('can be waited for', async () => {
    const inbox = await inboxOf();
    const message = charged('a', 'a1');
    const { source, key, position } = message;
    expect(await inbox.waitFor({ source, key, position }, 0)).toBe(false);
    const waiting = inbox.waitFor({ source, key, position }, 10_000);
    subscriber.log.push(message);
    await subscriber.deliver();
    expect(await waiting).toBe(true);
    expect(await inbox.waitFor({ source, key: 'b', position }, 0)).toBe(false);
  });

  it('can be waited for while another instance handles the message', async () => {
    const [inbox, other] = [await inboxOf(), new HandedOut()];
    const message = charged('a', 'a1');
    const { source, key, position } = message;
    const waiting = [
      inbox.waitFor({ source, key, position }, 10_000),
      inbox.waitFor({ source, key: 'b', position }, 200),
    ];
    await inboxOf({ subscriber: other });
    other.log.push(message);
    await other.deliver();
    expect(await Promise.all(waiting)).toEqual([true, false]);
  });

  it('stands for a type that nobody handles too, which is noted with its first position', async () => {
    await inboxOf();
    const first = charged('a', 'x', { type: 'Novelty' });
    subscriber.log.push(first, charged('b', 'y', { type: 'Novelty' }));
    await subscriber.deliver();
    expect(await rows('ignored_types')).toMatchObject([
      { topic: TOPIC, type: 'Novelty', first_position: String(first.position) },
    ]);
    expect(await rows('consumer_marks')).toHaveLength(2);
  });
});

describe('messages that are projected at once', () => {
  const calls: string[][] = [];
  const together = (): MessageHandlers => {
    const projectAll = async (messages: readonly Message[], tx: SqlTransaction) => {
      calls.push(messages.map(textOf));
      for (const message of messages) await handlers()[TOPIC]!.WorkCharged!.project!(message, tx);
    };
    return {
      [TOPIC]: {
        ...handlers()[TOPIC],
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
    await inboxOf({ handlers: together() });
    subscriber.log.push(
      of('One', 'a', 'a1'),
      of('Novelty', 'b', 'unheard'),
      of('Other', 'b', 'b1'),
      charged('a', 'a2'),
      of('One', 'a', 'a3'),
      of('Alone', 'a', 'a4'),
      asked('a', 'q'),
      of('One', 'b', 'b2'),
    );
    await subscriber.deliver();
    expect(calls).toEqual([['a1', 'b1'], ['a3'], ['a4'], ['b2']]);
    expect(await effects()).toEqual(['a1', 'b1', 'a2', 'a3', 'a4', 'b2']);
  });

  it('have their effect once each: repeats and older ones are not among them', async () => {
    await inboxOf({ handlers: together() });
    const [a1, a2, b1] = [of('One', 'a', 'a1'), of('One', 'a', 'a2'), of('One', 'b', 'b1')];
    subscriber.log.push(a2, a1, b1, b1);
    await subscriber.deliver();
    expect(calls).toEqual([['a2', 'b1']]);
  });

  it('park the key of the one that fails by itself, and the others of the run go on', async () => {
    const inbox = await inboxOf({ handlers: together() });
    failing.add('bad');
    subscriber.log.push(
      of('One', 'a', 'a1'),
      of('One', 'b', 'bad'),
      of('One', 'a', 'a2'),
      of('One', 'b', 'b2'),
    );
    await subscriber.deliver();
    expect(await effects()).toEqual(['a1', 'a2']);
    expect((await inbox.parked.list()).map(({ message }) => textOf(message))).toEqual(['bad', 'b2']);
    failing.clear();
    await inbox.parked.retry(TOPIC, 'b');
    expect(await effects()).toEqual(['a1', 'a2', 'bad', 'b2']);
  });
});

describe('a reaction', () => {
  it('runs before the mark, and again when the process dies between', async () => {
    await inboxOf();
    subscriber.log.push(asked('a', 'q'));
    runner.beforeCommit = async () => {
      throw new TransientError('the process died');
    };
    await expect(subscriber.deliver()).rejects.toThrow(TransientError);
    runner.beforeCommit = async () => {};
    await subscriber.deliver();
    await subscriber.deliver(1n);
    expect(reactions).toEqual(['q', 'q']);
  });

  it('follows the effects of what came before it', async () => {
    const seen: string[][] = [];
    await inboxOf({
      handlers: {
        [TOPIC]: { ...handlers()[TOPIC], Asked: { react: async () => void seen.push(await effects()) } },
      },
    });
    subscriber.log.push(charged('a', 'a1'), asked('a', 'q'), charged('a', 'a2'));
    await subscriber.deliver();
    expect(seen).toEqual([['a1']]);
    expect(await effects()).toEqual(['a1', 'a2']);
  });
});

describe('a message that fails by itself', () => {
  const parkedTexts = async (inbox: Inbox<SqlTransaction>) =>
    (await inbox.parked.list()).map(({ message, error }) => [textOf(message), error]);

  it('parks its key after its attempts, while other keys go on', async () => {
    const told: string[] = [];
    const inbox = await inboxOf({ onParked: (_, message) => told.push(textOf(message)) });
    failing.add('bad');
    subscriber.log.push(charged('a', 'a1'), charged('a', 'bad'), charged('b', 'b1'), charged('a', 'a2'));
    await subscriber.deliver();
    subscriber.log.push(charged('b', 'b2'), asked('a', 'a3'));
    await subscriber.deliver();
    expect(await effects()).toEqual(['a1', 'b1', 'b2']);
    expect(reactions).toEqual([]);
    expect(told).toEqual(['bad']);
    expect(await parkedTexts(inbox)).toEqual([
      ['bad', 'Error: «bad» cannot be taken'],
      ['a2', null],
      ['a3', null],
    ]);
  });

  it('is released with what waits behind it, in order, once it can be taken', async () => {
    const inbox = await inboxOf();
    failing.add('bad');
    subscriber.log.push(charged('a', 'bad'), charged('a', 'a2'), asked('a', 'a3'));
    await subscriber.deliver();
    await expect(inbox.parked.retry(TOPIC, 'a')).rejects.toThrow('«bad» cannot be taken');
    expect(await effects()).toEqual([]);
    failing.clear();
    expect(await inbox.parked.retry(TOPIC, 'a')).toBe(3);
    subscriber.log.push(charged('a', 'a4'));
    await subscriber.deliver();
    expect([await effects(), reactions]).toEqual([['bad', 'a2', 'a4'], ['a3']]);
    expect(await inbox.parked.list()).toEqual([]);
  });

  it('is released in runs that share a transaction; one with a reaction stands alone', async () => {
    const inbox = await inboxOf();
    failing.add('bad');
    const texts = ['bad', 'a2', 'a3', 'a4', 'a5'];
    subscriber.log.push(...texts.map((text) => (text === 'a4' ? asked('a', text) : charged('a', text))));
    await subscriber.deliver();
    failing.clear();
    let commits = 0;
    runner.beforeCommit = async () => {
      commits += 1;
    };
    expect(await inbox.parked.retry(TOPIC, 'a')).toBe(5);
    expect([await effects(), reactions, commits]).toEqual([['bad', 'a2', 'a3', 'a5'], ['a4'], 3]);
  });

  it('is released without reading over and over what waits behind those that stand alone', async () => {
    let read = 0;
    const database: TransactionRunner = {
      transaction: (work) => runner.transaction(work),
      query: async <Row extends object>(text: string, parameters: readonly unknown[] = []) => {
        const found = await runner.query<Row>(text, parameters);
        if (text.includes('ORDER BY id LIMIT')) read += found.length;
        return found;
      },
    };
    const inbox = await inboxOf({ database });
    const texts = Array.from({ length: 20 }, (_, index) => `q${index}`);
    failing.add('q0');
    subscriber.log.push(...texts.map((text) => asked('a', text)));
    await subscriber.deliver();
    failing.clear();
    reactions = [];
    expect(await inbox.parked.retry(TOPIC, 'a')).toBe(20);
    expect(reactions).toEqual(texts);
    expect(read).toBeLessThan(4 * texts.length);
  });

  it('keeps what waits from it on, when it is reached behind others that can be taken', async () => {
    const inbox = await inboxOf();
    for (const text of ['bad', 'worse']) failing.add(text);
    subscriber.log.push(...['bad', 'a2', 'worse', 'a4'].map((text) => charged('a', text)));
    await subscriber.deliver();
    failing.delete('bad');
    await expect(inbox.parked.retry(TOPIC, 'a')).rejects.toThrow('«worse» cannot be taken');
    expect(await effects()).toEqual(['bad', 'a2']);
    expect((await parkedTexts(inbox)).map(([text]) => text)).toEqual(['worse', 'a4']);
  });

  it('has no effect when it is given up while a retry is about to handle it', async () => {
    const inbox = await inboxOf();
    failing.add('bad');
    subscriber.log.push(charged('a', 'bad'), charged('a', 'a2'), charged('a', 'a3'));
    await subscriber.deliver();
    failing.clear();
    const [, second] = await inbox.parked.list();
    let giveUp = async () => {
      giveUp = async () => {};
      await inbox.parked.drop(second!.id, 'written by hand');
    };
    const database: TransactionRunner = {
      query: (...query) => runner.query(...query),
      transaction: async (work) => {
        await giveUp();
        return runner.transaction(work);
      },
    };
    const retrying = await inboxOf({ database });
    expect(await retrying.parked.retry(TOPIC, 'a')).toBe(2);
    expect(await effects()).toEqual(['bad', 'a3']);
  });

  it('is listed with those that wait, so many from a place on', async () => {
    const inbox = await inboxOf();
    failing.add('bad');
    subscriber.log.push(...['bad', 'a2', 'a3', 'a4'].map((text) => charged('a', text)));
    await subscriber.deliver();
    const [first] = await inbox.parked.list();
    const page = await inbox.parked.list({ after: BigInt(first!.id), limit: 2 });
    expect(page.map(({ message }) => textOf(message))).toEqual(['a2', 'a3']);
  });

  it('is dropped with a reason, which releases what waits behind it', async () => {
    const inbox = await inboxOf();
    failing.add('bad');
    subscriber.log.push(charged('a', 'bad'), charged('a', 'a2'));
    await subscriber.deliver();
    const [first] = await inbox.parked.list();
    await inbox.parked.drop(first!.id, 'written by hand');
    await subscriber.deliver(1n);
    expect(await effects()).toEqual(['a2']);
    expect(await rows('parked_messages')).toMatchObject([
      { dropped_reason: 'written by hand' },
      { dropped_reason: null },
    ]);
  });

  it('is dropped with its repeats, whichever of them is named', async () => {
    const inbox = await inboxOf();
    failing.add('bad');
    const bad = charged('a', 'bad');
    subscriber.log.push(bad, charged('a', 'a2'), bad);
    await subscriber.deliver();
    failing.clear();
    const repeat = (await inbox.parked.list())[2];
    await inbox.parked.drop(repeat!.id, 'written by hand');
    expect(await effects()).toEqual(['a2']);
    const ended = await pool.query(`SELECT dropped_reason FROM ${schema}.parked_messages ORDER BY id`);
    expect(ended.rows.map((row) => row.dropped_reason)).toEqual(['written by hand', null, 'written by hand']);
    expect(await inbox.parked.list()).toEqual([]);
  });

  it('stays given up when it comes once more while its key waits for another', async () => {
    const inbox = await inboxOf();
    failing.add('bad');
    const wrong = charged('a', 'wrong');
    subscriber.log.push(charged('a', 'bad'), wrong);
    await subscriber.deliver();
    await inbox.parked.drop((await inbox.parked.list())[1]!.id, 'written by hand');
    subscriber.log.push(wrong, charged('a', 'a3'));
    await subscriber.deliver();
    failing.clear();
    await inbox.parked.retry(TOPIC, 'a');
    expect(await effects()).toEqual(['bad', 'a3']);
  });

  it('keeps no repeats of what was handled before it waiting', async () => {
    const inbox = await inboxOf();
    failing.add('bad');
    const first = charged('a', 'a1');
    subscriber.log.push(first, charged('a', 'bad'));
    await subscriber.deliver();
    subscriber.log.push(first);
    await subscriber.deliver();
    expect(await parkedTexts(inbox)).toEqual([['bad', 'Error: «bad» cannot be taken']]);
  });

  it('has its effect once when the process dies in the middle of a retry', async () => {
    const inbox = await inboxOf();
    failing.add('bad');
    subscriber.log.push(charged('a', 'bad'));
    await subscriber.deliver();
    failing.clear();
    runner.beforeCommit = async () => {
      throw new TransientError('the process died');
    };
    await expect(inbox.parked.retry(TOPIC, 'a')).rejects.toThrow(TransientError);
    runner.beforeCommit = async () => {};
    await inbox.parked.retry(TOPIC, 'a');
    expect(await effects()).toEqual(['bad']);
  });

  it('leaves no later message behind when one is parked while the key is being released', async () => {
    const inbox = await inboxOf();
    failing.add('bad');
    subscriber.log.push(charged('a', 'bad'));
    await subscriber.deliver();
    failing.clear();
    subscriber.log.push(charged('a', 'a2'));
    let meanwhile = Promise.resolve();
    runner.beforeCommit = async () => {
      runner.beforeCommit = async () => {};
      // The release holds the key's lock and has not committed: the consumer still sees the key parked, and waits.
      meanwhile = subscriber.deliver();
      await eventually(async () => {
        const { rows: locks } = await pool.query(
          "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted",
        );
        return locks.length > 0;
      }, 'the consumer at the lock');
    };
    await inbox.parked.retry(TOPIC, 'a');
    await meanwhile;
    await inbox.parked.retry(TOPIC, 'a');
    expect(await effects()).toEqual(['bad', 'a2']);
    expect(await inbox.parked.list()).toEqual([]);
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
    await inboxOf(watching(seen));
    const unheard = charged('a', 'unheard', { type: 'Novelty' });
    subscriber.log.push(charged('a', 'a1'), unheard, charged('b', 'b1'), asked('a', 'q'));
    runner.beforeCommit = async () => {
      seen.push(['commit']);
    };
    await subscriber.deliver();
    await subscriber.deliver(1n);
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
    const inbox = await inboxOf(watching(seen));
    failing.add('bad');
    subscriber.log.push(asked('a', 'bad'));
    await subscriber.deliver();
    const begin = `begin ${TOPIC}`;
    expect(seen).toEqual([
      [begin, 'bad'],
      ['retry', 'bad'],
      ['parked', 'bad'],
      ['end', 'bad'],
    ]);
    failing.clear();
    await inbox.parked.retry(TOPIC, 'a');
    expect(seen.slice(4)).toEqual([
      [begin, 'bad'],
      ['handled', 'bad'],
      ['end', 'bad'],
    ]);
  });

  it('is handed what the surroundings did, and so is the driver', async () => {
    const seen: Seen[] = [];
    await inboxOf(watching(seen));
    subscriber.log.push(asked('a', 'q'));
    runner.beforeCommit = async () => {
      throw new TransientError('the process died');
    };
    await expect(subscriber.deliver()).rejects.toThrow(TransientError);
    expect(seen).toEqual([
      [`begin ${TOPIC}`, 'q'],
      ['fail', 'q'],
    ]);
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
    const inbox = await inboxOf();
    await subscriber.hand(unreadable(TOPIC, 0, 7n));
    const [first] = await inbox.parked.list();
    await inbox.parked.drop(first!.id, 'written by hand');
    expect(await inbox.parked.list()).toEqual([]);
    await subscriber.hand(unreadable(topic, partition, 3n));
    expect(await places(inbox)).toEqual([[topic, 3n]]);
  });

  it.each([
    ['without a key', '', '{"no":"event"}'],
    ['of bytes that no table holds', '\u0000\u0001a', '\u0000\u0001bytes'],
  ])('is parked %s too, and keeps no other key waiting', async (_, key, text) => {
    const inbox = await inboxOf();
    await subscriber.hand(unreadable(TOPIC, 0, 7n, key, text));
    await subscriber.hand({ topic: TOPIC, partition: 0, offset: 8n, message: charged('a', 'a1') });
    expect([await places(inbox), await effects()]).toEqual([[[TOPIC, 7n]], ['a1']]);
  });
});

describe('a failure of the surroundings', () => {
  it('pauses, counts no attempt and parks nothing', async () => {
    let calls = 0;
    const inbox = await inboxOf({
      handlers: {
        [TOPIC]: {
          Asked: {
            react: async (message) => {
              calls += 1;
              if (calls <= 5) throw Object.assign(new Error('connect'), { code: 'ECONNREFUSED' });
              reactions.push(textOf(message));
            },
          },
        },
      },
    });
    subscriber.log.push(asked('a', 'q'));
    for (let round = 0; round < 5; round += 1) await expect(subscriber.deliver()).rejects.toThrow('connect');
    await subscriber.deliver();
    expect([reactions, await inbox.parked.list()]).toEqual([['q'], []]);
  });
});

describe('a source that nobody has accepted', () => {
  it('stops the consumer before any effect or reaction, and alerts, until an operator accepts it', async () => {
    const alerts: string[] = [];
    const inbox = await inboxOf({ onUnknownSource: (_, source) => alerts.push(source) });
    subscriber.log.push(charged('a', 'a1'));
    await subscriber.deliver();
    const source = 'monteore.ledger/restored';
    subscriber.log.push(
      { ...asked('a', 'q'), source },
      charged('b', 'b1', { source }),
      charged('c', 'known, but behind it'),
    );
    for (const _ of ['once', 'again']) await expect(subscriber.deliver()).rejects.toThrow(source);
    expect([await effects(), reactions, alerts]).toEqual([['a1'], [], [source, source]]);
    expect(await inbox.parked.list()).toEqual([]);
    await inbox.acceptSource(TOPIC, source);
    await subscriber.deliver();
    expect([await effects(), reactions]).toEqual([['a1', 'b1', 'known, but behind it'], ['q']]);
  });
});

describe('a source that was restored together with its consumer', () => {
  const [before, after] = ['monteore.ledger/before', 'monteore.ledger/after'];
  const from = (source: string, position: bigint, effect: string) =>
    charged('a', effect, { source, position });

  it('goes on under its new id: what was handled under the old one is a repeat, what comes next is not', async () => {
    const inbox = await inboxOf();
    subscriber.log.push(from(before, 1n, 'a1'), from(before, 2n, 'a2'));
    await subscriber.deliver();
    await inbox.stop();
    await continueSources(new Database(), schema, [{ topic: TOPIC, from: before, to: after }]);
    subscriber.log.push(from(after, 2n, 'a2 again'), from(after, 3n, 'a3'));
    await subscriber.deliver();
    expect(await effects()).toEqual(['a1', 'a2', 'a3']);
  });

  it('is accepted under both ids where nothing of it had come yet, in whichever order it comes', async () => {
    await inboxOf();
    await continueSources(new Database(), schema, [{ topic: TOPIC, from: before, to: after }]);
    subscriber.log.push(from(before, 1n, 'not taken before the backup'), from(after, 2n, 'next'));
    await subscriber.deliver();
    expect(await effects()).toEqual(['not taken before the backup', 'next']);
  });

  it('has no say about other sources', async () => {
    await inboxOf();
    await continueSources(new Database(), schema, [{ topic: TOPIC, from: before, to: after }]);
    subscriber.log.push(from('monteore.ledger/third', 1n, 'of another history'));
    await expect(subscriber.deliver()).rejects.toThrow('monteore.ledger/third');
  });
});
