import { Bell } from '@monteore/kernel';
import pg from 'pg';
import { encodeMessage, readMessage } from '../cloud-event.js';
import { asTransient } from '../errors.js';
import {
  BATCH,
  type Consumption,
  type Delivery,
  type Message,
  type Messaging,
  type PartitionEnds,
  type Subscriber,
} from '../port.js';
import { WakeUp } from './wake-up.js';

export { installPostgresMessaging } from './install.js';

export interface PostgresMessagingOptions {
  readonly connectionString: string;
  /** Default `messaging`. */
  readonly schema?: string;
  /** Connections of the pool; one more listens. Default 2. */
  readonly maxConnections?: number;
  /** How often a consumer looks by itself, for notices that were lost, in milliseconds. Default 1000. */
  readonly pollMillis?: number;
}

interface Publication {
  readonly messages: readonly { readonly key: string; readonly text: string }[];
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** The messaging port over a log table: the default where no Kafka runs. One partition a topic, offsets from 1. */
export function createPostgresMessaging(options: PostgresMessagingOptions): Messaging {
  return new PostgresMessaging(options);
}

class PostgresMessaging implements Messaging {
  private readonly schema: string;
  private readonly pool: pg.Pool;
  private readonly wakeUp: WakeUp;
  private readonly bells = new Map<string, Set<Bell>>();
  private readonly outgoing = new Map<string, Publication[]>();
  private readonly compacted = new Map<string, boolean>();
  private readonly running = new Set<Consumption>();
  private listening: Promise<void> | null = null;
  private readonly topicsToTell = new Set<string>();

  constructor(private readonly options: PostgresMessagingOptions) {
    this.schema = options.schema ?? 'messaging';
    this.pool = new pg.Pool({
      connectionString: options.connectionString,
      max: options.maxConnections ?? 2,
      connectionTimeoutMillis: 2000,
      statement_timeout: 5000,
    });
    // An idle connection that the server closes is replaced at the next use.
    this.pool.on('error', () => {});
    // One that dies in the packet that opens it is nobody's yet: without a listener it would end the process.
    this.pool.on('connect', (client) => client.on('error', () => {}));
    this.wakeUp = new WakeUp(options.connectionString, `${this.schema}_log`, (topic) => this.ring(topic));
  }

  async ensureTopics(
    topics: readonly { readonly name: string; readonly compacted: boolean }[],
  ): Promise<void> {
    for (const { name, compacted } of topics) {
      await this.query(
        `INSERT INTO ${this.schema}.topics (name, compacted) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING`,
        [name, compacted],
      );
      if ((await this.isCompacted(name)) !== compacted) {
        throw new Error(
          `topic ${name} exists with other settings: it should ${compacted ? '' : 'not '}be compacted`,
        );
      }
    }
  }

  async publish(topic: string, messages: readonly Message[]): Promise<void> {
    if (messages.length === 0) return;
    const encoded = messages.map((message) => ({ key: message.key, text: encodeMessage(message) }));
    return new Promise((resolve, reject) => {
      const publication = { messages: encoded, resolve, reject };
      const waiting = this.outgoing.get(topic);
      if (waiting !== undefined) waiting.push(publication);
      else {
        this.outgoing.set(topic, [publication]);
        void this.publishWaiting(topic);
      }
    });
  }

  /** Takes all that waits for a topic in one transaction; what comes meanwhile shares the next. */
  private async publishWaiting(topic: string): Promise<void> {
    for (;;) {
      await Promise.resolve();
      const waiting = this.outgoing.get(topic)!;
      if (waiting.length === 0) {
        this.outgoing.delete(topic);
        return;
      }
      this.outgoing.set(topic, []);
      try {
        await this.write(
          topic,
          waiting.flatMap((publication) => publication.messages),
        );
        for (const { resolve } of waiting) resolve();
      } catch (error) {
        for (const { reject } of waiting) reject(asTransient(error));
      }
    }
  }

  private async write(topic: string, messages: readonly { key: string; text: string }[]): Promise<void> {
    const isCompacted = await this.isCompacted(topic);
    // Within one statement a key may be written once only; the last value is the one that counts.
    const rows = isCompacted
      ? [...new Map(messages.map((message) => [message.key, message])).values()]
      : messages;
    const table = `${this.schema}.${isCompacted ? 'latest' : 'log'}`;
    const replace = isCompacted
      ? 'ON CONFLICT (topic, key) DO UPDATE SET place = EXCLUDED.place, event = EXCLUDED.event'
      : '';
    const client = await this.pool.connect();
    let failure: Error | undefined;
    // Without a listener, a connection that breaks between two statements would end the process.
    const onError = (error: Error) => {
      failure ??= error;
    };
    client.on('error', onError);
    try {
      await client.query('BEGIN');
      // Places are drawn under a lock, so that their order is the order of commits and no reader skips one.
      await client.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 1))', [
        `${this.schema}.${topic}`,
      ]);
      await client.query(
        `INSERT INTO ${table} (topic, place, key, event)
         SELECT $1, (SELECT coalesce(max(place), 0) FROM ${table} WHERE topic = $1) + n, key, event
         FROM unnest($2::text[], $3::text[]) WITH ORDINALITY AS given (key, event, n) ${replace}`,
        [topic, rows.map((row) => row.key), rows.map((row) => row.text)],
      );
      await client.query('COMMIT');
    } catch (error) {
      failure ??= error as Error;
      await client.query('ROLLBACK').catch(() => {});
      throw error;
    } finally {
      // One that failed is thrown away, and may have more to say until it is gone.
      if (failure === undefined) client.off('error', onError);
      client.release(failure);
    }
    this.tellOthers(topic);
    this.ring(topic);
  }

  /** After the commit and coalesced: inside the transaction NOTIFY would take a lock of the whole cluster. */
  private tellOthers(topic: string): void {
    this.topicsToTell.add(topic);
    if (this.topicsToTell.size > 1) return;
    setImmediate(() => {
      const topics = [...this.topicsToTell];
      this.topicsToTell.clear();
      this.pool
        .query('SELECT pg_notify($1, topic) FROM unnest($2::text[]) AS topic', [`${this.schema}_log`, topics])
        .catch(() => {});
    });
  }

  /** Wakes whoever reads this topic here; without one, every reader. */
  private ring(topic?: string): void {
    const bells = topic === undefined ? [...this.bells.values()] : [this.bells.get(topic) ?? []];
    for (const bell of bells.flatMap((some) => [...some])) bell.ring();
  }

  consume(options: Parameters<Subscriber['consume']>[0]): Promise<Consumption> {
    this.listening ??= this.wakeUp.start();
    let stopped = false;
    const loops = options.topics.map((topic) => this.readTopic(topic, options, () => stopped));
    const consumption: Consumption = {
      stop: async () => {
        stopped = true;
        this.ring();
        await Promise.all(loops);
        this.running.delete(consumption);
      },
    };
    this.running.add(consumption);
    return Promise.resolve(consumption);
  }

  private async readTopic(
    topic: string,
    { startAt, handle, batchSize = BATCH, onError }: Parameters<Subscriber['consume']>[0],
    isStopped: () => boolean,
  ): Promise<void> {
    const bell = new Bell();
    const bells = this.bells.get(topic) ?? new Set();
    this.bells.set(topic, bells.add(bell));
    let next: bigint | null = null;
    let pauseMillis = 0;
    while (!isStopped()) {
      try {
        next ??= await startAt(topic, 0);
        const deliveries = await this.readFrom(topic, next, batchSize);
        const last = deliveries.at(-1);
        if (last !== undefined) {
          await handle({ topic, partition: 0, deliveries, isStale: isStopped, heartbeat: async () => {} });
          next = last.offset + 1n;
        }
        pauseMillis = 0;
        if (deliveries.length < batchSize && !isStopped()) await bell.wait(this.options.pollMillis ?? 1000);
      } catch (error) {
        onError?.(error);
        // How much of the batch was handled is known to whoever handles it.
        next = null;
        pauseMillis = Math.min(2000, pauseMillis * 2 || 100);
        if (!isStopped()) await bell.wait(pauseMillis);
      }
    }
    bells.delete(bell);
  }

  private async readFrom(topic: string, next: bigint, limit: number): Promise<Delivery[]> {
    const table = (await this.isCompacted(topic)) ? 'latest' : 'log';
    const rows = await this.query<{ place: string; key: string; event: string }>(
      `SELECT place, key, event FROM ${this.schema}.${table} WHERE topic = $1 AND place >= $2 ORDER BY place LIMIT $3`,
      [topic, next, limit],
    );
    return rows.map(({ place, key, event }) => {
      const at = { topic, partition: 0, offset: BigInt(place) };
      return { ...at, message: readMessage(event, key, at) };
    });
  }

  async endOffsets(topic: string): Promise<PartitionEnds[]> {
    const table = (await this.isCompacted(topic)) ? 'latest' : 'log';
    const rows = await this.query<{ first: string; next: string }>(
      `SELECT coalesce(min(place), 0) AS first, coalesce(max(place) + 1, 0) AS next FROM ${this.schema}.${table} WHERE topic = $1`,
      [topic],
    );
    const { first, next } = rows[0]!;
    return [{ partition: 0, first: BigInt(first), next: BigInt(next) }];
  }

  async close(): Promise<void> {
    await Promise.all([...this.running].map((consumption) => consumption.stop()));
    await this.wakeUp.stop();
    await this.pool.end();
  }

  private async isCompacted(topic: string): Promise<boolean> {
    const known = this.compacted.get(topic);
    if (known !== undefined) return known;
    const rows = await this.query<{ compacted: boolean }>(
      `SELECT compacted FROM ${this.schema}.topics WHERE name = $1`,
      [topic],
    );
    if (rows[0] === undefined) return false;
    this.compacted.set(topic, rows[0].compacted);
    return rows[0].compacted;
  }

  private async query<Row extends object>(text: string, parameters: readonly unknown[]): Promise<Row[]> {
    try {
      const result = await this.pool.query<Row>(text, [...parameters]);
      return result.rows;
    } catch (error) {
      throw asTransient(error);
    }
  }
}
