import { afterAll, afterEach, beforeAll, beforeEach } from '@jest/globals';
import { type TestDatabase, testDatabase } from '@monteore/testing';
import pg from 'pg';
import { newMessage } from '../conformance/fixtures.js';
import { Inbox, type InboxOptions, inboxTables } from '../inbox/index.js';
import type {
  Consumption,
  Delivery,
  Message,
  MessageHandlers,
  SqlTransaction,
  Subscriber,
  TransactionRunner,
} from '../port.js';

export const TOPIC = 'monteore.ledger.events.v1';

/** The service's database; `beforeCommit` stands between the effects of a transaction and its commit. */
class Database implements TransactionRunner {
  beforeCommit: () => Promise<void> = async () => {};
  private readonly pool: pg.Pool;

  constructor(pool: pg.Pool) {
    this.pool = pool;
  }

  async query<Row extends object>(text: string, parameters: readonly unknown[] = []): Promise<Row[]> {
    return (await this.pool.query<Row>(text, [...parameters])).rows;
  }

  async transaction<T>(work: (tx: SqlTransaction) => Promise<T>): Promise<T> {
    const client = await this.pool.connect();
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
export class HandedOut implements Subscriber {
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

export const textOf = (message: Message) => String(message.data.text);
export const charged = (key: string, text: string, more: Partial<Message> = {}): Message => ({
  ...newMessage(key, { text }),
  ...more,
});
export const asked = (key: string, text: string) => charged(key, text, { type: 'Asked' });

/** One service's inbox in a schema of its own, with one type that has an effect and one that has a reaction. */
export class InboxWorld {
  readonly subscriber = new HandedOut();
  readonly runner: Database;
  readonly schema: string;
  readonly pool: pg.Pool;
  /** What happened, in order. */
  reactions: string[] = [];
  /** The texts of messages that cannot be taken. */
  readonly failing = new Set<string>();

  constructor(pool: pg.Pool, schema: string) {
    this.pool = pool;
    this.schema = schema;
    this.runner = new Database(pool);
  }

  handlers(): MessageHandlers {
    return {
      [TOPIC]: {
        WorkCharged: {
          project: async (message, tx) => {
            await tx.query(`INSERT INTO ${this.schema}.effects (key, text) VALUES ($1, $2)`, [
              message.key,
              textOf(message),
            ]);
            if (this.failing.has(textOf(message))) throw new Error(`«${textOf(message)}» cannot be taken`);
          },
        },
        Asked: {
          react: async (message) => {
            this.reactions.push(textOf(message));
            if (this.failing.has(textOf(message))) throw new Error('no');
          },
        },
      },
    };
  }

  /** A started inbox; two attempts, hardly a pause between them. */
  async inbox(more: Partial<InboxOptions<SqlTransaction>> = {}): Promise<Inbox<SqlTransaction>> {
    const inbox = new Inbox<SqlTransaction>({
      database: this.runner,
      subscriber: this.subscriber,
      schema: this.schema,
      group: 'spec',
      handlers: this.handlers(),
      attempts: 2,
      firstDelayMillis: 1,
      ...more,
    });
    await inbox.start();
    return inbox;
  }

  /** The texts of what had an effect, in order. */
  async effects(): Promise<string[]> {
    const { rows } = await this.pool.query<{ text: string }>(
      `SELECT text FROM ${this.schema}.effects ORDER BY place`,
    );
    return rows.map(({ text }) => text);
  }

  async rows(table: string) {
    return (await this.pool.query(`SELECT * FROM ${this.schema}.${table}`)).rows;
  }
}

/** Gives each test of a file a world of its own, in one database. */
export function inboxWorlds(use: (world: InboxWorld) => void): void {
  let database: TestDatabase;
  let pool: pg.Pool;
  let worlds = 0;
  let schema: string;

  beforeAll(async () => {
    database = await testDatabase();
    pool = new pg.Pool({ connectionString: database.url, max: 8 });
  }, 60_000);
  afterAll(async () => {
    await pool.end();
    await database.drop();
  });
  beforeEach(async () => {
    schema = `service_${worlds++}`;
    await pool.query(`CREATE SCHEMA ${schema}; ${inboxTables(schema)}
      CREATE TABLE ${schema}.effects (place serial PRIMARY KEY, key text, text text);`);
    use(new InboxWorld(pool, schema));
  });
  afterEach(() => pool.query(`DROP SCHEMA ${schema} CASCADE`));
}
