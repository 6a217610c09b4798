import pg from 'pg';
import { APPEND_SENT_AGAIN, type EventStore, type Subscription } from '../port.js';
import { BATCH_EVENTS, type OnProblem, startSubscription } from '../subscribing/subscription.js';
import { Appender, NotSentError } from './appender.js';
import { asStoreError } from './errors.js';
import { namesOf } from './naming.js';
import { type Ask, readAfter, readStream, statementsFor } from './reads.js';
import { Signals } from './signals.js';

export interface PostgresEventStoreOptions {
  /** Where the tables are (`installPostgresEventStore` made them). */
  readonly schema: string;
  /** Either this, as the runtime role... */
  readonly connectionString?: string;
  /** ...or a pool of the caller, who then sets its time-outs, shares it, and ends it after the store's `close`. */
  readonly pool?: pg.Pool;
  /** Connections of the store's own pool; one more listens. */
  readonly maxConnections?: number;
  /** Appends that may wait to be sent; further ones are refused with StoreUnavailableError. */
  readonly queuedAppends?: number;
  /** Batches that are under way together; 2 keeps the server busy while answers travel. */
  readonly batchesInFlight?: number;
  /** After this the server gives a statement up; a second later its silence counts as a lost connection. */
  readonly statementMilliseconds?: number;
  /** How long an append whose answer was lost is pursued before StoreUnavailableError. */
  readonly settleMilliseconds?: number;
  /** The longest an event waits for a subscription when its signal was lost. */
  readonly pollMilliseconds?: number;
  readonly firstRetryMilliseconds?: number;
  readonly longestRetryMilliseconds?: number;
  /** Told of outages and failing handlers, which the store rides out by itself. */
  readonly onProblem?: OnProblem;
}

const CONNECT_TIMEOUT_MILLISECONDS = 2_000;
const STATEMENT_TIMEOUT_MILLISECONDS = 5_000;
/** Beyond the server's own limit: only a server or network that is silent gets here. */
const ANSWER_MARGIN_MILLISECONDS = 1_000;
const DEFAULT_READ_LIMIT = 500;

/**
 * The event store over Postgres. It connects on first use. Failures that pass are StoreUnavailableError: no
 * connection in 2 s, no answer in 5 s, a full queue; an append whose outcome stays unknown for `settleMilliseconds` too.
 */
export function createPostgresEventStore(options: PostgresEventStoreOptions): EventStore {
  const names = namesOf(options.schema);
  const statements = statementsFor(names.schema);
  const onProblem = options.onProblem ?? (() => {});
  const { statementMilliseconds = STATEMENT_TIMEOUT_MILLISECONDS } = options;
  const answerMilliseconds = statementMilliseconds + ANSWER_MARGIN_MILLISECONDS;
  const pool = options.pool ?? ownPool(options, statementMilliseconds);
  // An idle connection that the server closes is an event that nobody waits for: the pool has dropped it already.
  const onIdleError = (error: Error) => onProblem('an idle connection was lost', error);
  pool.on('error', onIdleError);
  // One that dies in the packet that opens it is nobody's yet: without a listener it would end the process.
  const listenFromTheStart = (client: pg.PoolClient) => void client.on('error', () => {});
  pool.on('connect', listenFromTheStart);

  const ask = askThrough(pool, answerMilliseconds);
  const signals = new Signals(signalConfig(pool, answerMilliseconds), names.channel, onProblem);
  const appender = new Appender(
    ask,
    statements,
    {
      queuedAppends: options.queuedAppends ?? 2_000,
      queueMilliseconds: statementMilliseconds,
      settleMilliseconds: options.settleMilliseconds ?? 30_000,
      batchesInFlight: options.batchesInFlight ?? 2,
    },
    () => signals.announce(),
    (error) => onProblem(APPEND_SENT_AGAIN, error),
  );
  const subscriptions = new Set<Subscription>();

  const close = async () => {
    await Promise.all([...subscriptions].map((subscription) => subscription.stop()));
    await appender.close();
    await signals.close();
    pool.off('error', onIdleError);
    pool.off('connect', listenFromTheStart);
    if (options.pool === undefined) {
      pool.on('error', () => {});
      await pool.end();
    }
  };
  let closing: Promise<void> | undefined;

  return {
    commitsSeveralStreams: true,
    storeId: () =>
      guarded(async () => {
        const [row] = await ask<{ store_id: string }>(statements.storeId, []);
        if (row === undefined) throw new Error(`the event store in schema ${names.schema} has no id`);
        return row.store_id;
      }),
    append: (appends) => appender.append(appends),
    read: (streamId, reading = {}) => guarded(() => readStream(ask, statements, streamId, reading)),
    readAll: (after, { filter, limit = DEFAULT_READ_LIMIT } = {}) =>
      guarded(() => readAfter(ask, statements, after, filter?.streamPrefixes, limit)),
    subscribe: (after, filter, handler) => {
      const subscription = startSubscription(
        after,
        (position) => readAfter(ask, statements, position, filter.streamPrefixes, BATCH_EVENTS),
        handler,
        signals,
        onProblem,
        {
          pollMilliseconds: options.pollMilliseconds ?? 500,
          firstRetryMilliseconds: options.firstRetryMilliseconds ?? 100,
          longestRetryMilliseconds: options.longestRetryMilliseconds ?? 10_000,
        },
      );
      subscriptions.add(subscription);
      return {
        stop: async () => {
          await subscription.stop();
          subscriptions.delete(subscription);
        },
      };
    },
    head: () =>
      guarded(async () => {
        const [row] = await ask<{ position: string }>(statements.head, []);
        return BigInt(row!.position);
      }),
    close: () => {
      closing ??= close();
      return closing;
    },
  };
}

function ownPool(
  { connectionString, maxConnections = 5 }: PostgresEventStoreOptions,
  statementMilliseconds: number,
): pg.Pool {
  if (connectionString === undefined) throw new TypeError('a connectionString or a pool is needed');
  return new pg.Pool({
    connectionString,
    max: maxConnections,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MILLISECONDS,
    statement_timeout: statementMilliseconds,
    keepAlive: true,
    application_name: 'monteore-event-store',
  });
}

/** The pool's own configuration, without what is the pool's. */
function signalConfig(pool: pg.Pool, answerMilliseconds: number): pg.ClientConfig {
  const { Client: _, max: __, min: ___, ...config } = pool.options as pg.PoolOptions & { Client?: unknown };
  return {
    ...config,
    // The pool hides it from enumeration.
    ...(pool.options.password !== undefined && { password: pool.options.password }),
    connectionTimeoutMillis: CONNECT_TIMEOUT_MILLISECONDS,
    query_timeout: answerMilliseconds,
    keepAlive: true,
    application_name: 'monteore-event-signals',
  };
}

/** One statement on one connection of the pool. Throws NotSentError when there was no connection to send it on. */
function askThrough(pool: pg.Pool, answerMilliseconds: number): Ask {
  return async <Row>(
    statement: { name: string; text: string },
    values: readonly unknown[],
  ): Promise<Row[]> => {
    let client: pg.PoolClient;
    try {
      client = await pool.connect();
    } catch (cause) {
      throw new NotSentError('no connection', { cause });
    }
    let failure: Error | undefined;
    // Without a listener, a connection that breaks between two messages would end the process.
    const onError = (error: Error) => {
      failure ??= error;
    };
    client.on('error', onError);
    try {
      const query = { ...statement, values: [...values], query_timeout: answerMilliseconds };
      const { rows } = await client.query(query);
      return rows as Row[];
    } catch (error) {
      failure ??= error as Error;
      throw error;
    } finally {
      // One that failed is thrown away, and may have more to say until it is gone.
      if (failure === undefined) client.off('error', onError);
      client.release(failure);
    }
  };
}

async function guarded<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw asStoreError(error instanceof NotSentError ? error.cause : error);
  }
}
