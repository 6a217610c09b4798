import { setTimeout as pauseFor } from 'node:timers/promises';
import {
  type AppendOutcome,
  type EventStore,
  type Position,
  StoreUnavailableError,
  type StreamAppend,
  type Subscription,
} from '../port.js';
import { type OnProblem, startSubscription } from '../subscribing/subscription.js';
import { prepareAppend } from '../validation.js';
import { Appender } from './appender.js';
import { CallGate } from './call-gate.js';
import { Link } from './connection.js';
import { toDatabaseEvent } from './encoding.js';
import { namesOf } from './naming.js';
import { Reads } from './reads.js';
import { StoreIds } from './store-id.js';
import { FeedReader } from './subscribing.js';

export interface KurrentEventStoreOptions {
  /** `esdb://host:2113?tls=false` and the like, also as `kurrentdb://`; several hosts and `+discover` for a cluster. */
  readonly connectionString: string;
  /** Whose streams these are: they are called `<service>.<streamId>` in the database, which services may share. */
  readonly service: string;
  /** Appends that may be under way or wait; further ones are refused with StoreUnavailableError. */
  readonly queuedAppends?: number;
  /** Reads that may wait for a place on the connection; further ones are refused with StoreUnavailableError. */
  readonly queuedReads?: number;
  /** After this long a silent server counts as a lost connection. */
  readonly answerMilliseconds?: number;
  /** How long an append whose answer was lost is pursued before StoreUnavailableError. */
  readonly settleMilliseconds?: number;
  /** The longest that a subscription which has died without a word keeps an event back. */
  readonly livenessMilliseconds?: number;
  readonly firstRetryMilliseconds?: number;
  readonly longestRetryMilliseconds?: number;
  /** Told of outages and failing handlers, which the store rides out by itself. */
  readonly onProblem?: OnProblem;
}

const READS_AT_A_TIME = 80;
const DEFAULT_READ_LIMIT = 500;
const POSITIONS_PAUSE_MILLISECONDS = 100;

/**
 * The event store over KurrentDB (EventStoreDB 23.10 or newer). It connects on first use; what fails on one
 * connection is made good on the next. Failures that pass are StoreUnavailableError: no answer in
 * `answerMilliseconds`, a full queue, an append whose outcome stays unknown for `settleMilliseconds`. The database
 * cannot commit several streams together. Not checked is what one call cannot tell: that an event whose version fits
 * continues the hash of the one before.
 */
export function createKurrentEventStore(options: KurrentEventStoreOptions): EventStore {
  const onProblem = options.onProblem ?? (() => {});
  const { prefix } = namesOf(options.service);
  const settleMilliseconds = options.settleMilliseconds ?? 30_000;
  const { connectionString, answerMilliseconds, appender, reads, storeIds } = partsOf(options);
  const subscriptions = new Set<Subscription>();

  const append = async (appends: readonly StreamAppend[]): Promise<AppendOutcome> => {
    prepareAppend(appends);
    const [wanted, ...others] = appends as [StreamAppend, ...StreamAppend[]];
    if (others.length > 0) throw new TypeError('KurrentDB cannot commit several streams together');
    const { streamId, expectedVersion, events } = wanted;
    const version = expectedVersion + events.length;
    const answer = await appender.append({
      streamName: `${prefix}${streamId}`,
      expectedVersion,
      events: events.map(toDatabaseEvent),
    });
    if (answer.kind === 'conflict')
      return {
        appended: false,
        conflict: { streamId, expectedVersion, actualVersion: answer.actualVersion },
      };
    if (answer.version !== version)
      throw new Error(
        `stream ${streamId} was deleted in the database: its versions do not begin with 1 any more`,
      );
    const positions =
      events.length === 1 && answer.lastPosition !== undefined
        ? [answer.lastPosition]
        : await positionsOf(streamId, expectedVersion, events.length);
    return { appended: true, streams: [{ streamId, version, positions }] };
  };

  /** The server tells the last position only. What is stored stays stored, so this is asked until it is answered. */
  const positionsOf = async (
    streamId: string,
    after: number,
    count: number,
  ): Promise<readonly Position[]> => {
    const end = performance.now() + settleMilliseconds;
    for (;;) {
      try {
        const stored = await reads.stream(streamId, { fromVersion: after + 1, limit: count });
        if (stored.length < count) throw new StoreUnavailableError('the appended events cannot be read yet');
        return stored.map(({ position }) => position);
      } catch (error) {
        if (!(error instanceof StoreUnavailableError) || closing !== undefined || performance.now() > end)
          throw error;
      }
      await pauseFor(POSITIONS_PAUSE_MILLISECONDS);
    }
  };

  const close = async () => {
    await Promise.all([...subscriptions].map((subscription) => subscription.stop()));
    await appender.close();
    reads.close();
  };
  let closing: Promise<void> | undefined;

  return {
    commitsSeveralStreams: false,
    storeId: () => storeIds.current(),
    append,
    read: (streamId, reading = {}) => reads.stream(streamId, reading),
    readAll: (after, { filter, limit = DEFAULT_READ_LIMIT } = {}) =>
      reads.after(after, filter?.streamPrefixes, limit),
    subscribe: (after, { streamPrefixes }, handler) => {
      const { livenessMilliseconds = 5_000 } = options;
      const feed = new FeedReader(
        { connectionString, prefix, answerMilliseconds, livenessMilliseconds },
        streamPrefixes,
        reads,
      );
      const subscription = startSubscription(
        after,
        (position) => feed.next(position),
        handler,
        feed,
        onProblem,
        {
          pollMilliseconds: livenessMilliseconds,
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
    head: () => reads.head(),
    close: () => {
      closing ??= close();
      return closing;
    },
  };
}

/**
 * Gives the store of a service a new id, for after a restore of the database: a copy looks the same from inside. Its
 * consumers then stop and ask for a person.
 */
export async function renewKurrentStoreId(
  options: Pick<KurrentEventStoreOptions, 'connectionString' | 'service'>,
): Promise<string> {
  const { appender, reads, storeIds } = partsOf(options);
  try {
    return await storeIds.renew();
  } finally {
    await appender.close();
    reads.close();
  }
}

function partsOf(options: KurrentEventStoreOptions) {
  const { connectionString, answerMilliseconds = 5_000 } = options;
  const names = namesOf(options.service);
  const gate = new CallGate({
    calls: READS_AT_A_TIME,
    queued: options.queuedReads ?? 1_000,
    waitMilliseconds: answerMilliseconds,
  });
  const reads = new Reads(new Link(connectionString), gate, names.prefix, answerMilliseconds);
  const appender = new Appender(new Link(connectionString), {
    queuedAppends: options.queuedAppends ?? 2_000,
    answerMilliseconds,
    settleMilliseconds: options.settleMilliseconds ?? 30_000,
  });
  const storeIds = new StoreIds(appender, reads, names.storeIdStream);
  return { connectionString, answerMilliseconds, appender, reads, storeIds };
}
