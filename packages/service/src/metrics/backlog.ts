import { eventsTopicOf, type ServiceName } from '@monteore/contracts';
import type { Messaging, Relay } from '@monteore/messaging';
import { Gauge } from 'prom-client';
import type { ServiceDatabase } from '../database/service-database.js';
import { KeptReading } from './kept-reading.js';
import type { MetricsRegistry } from './registry.js';

/** What a service has before it: asked of the broker and the database when the metrics are read. */
export interface Backlog {
  readonly service: ServiceName;
  readonly topics: readonly string[];
  readonly database: ServiceDatabase;
  readonly messaging: Messaging;
  readonly relay: Relay;
}

/** Gauges by topic. A value that cannot be had in time is left out. */
export function measureBacklog(registry: MetricsRegistry, backlog: Backlog): void {
  const gauge = (name: string, help: string, read: () => Promise<readonly TopicValue[]>) =>
    new Gauge({
      name,
      help,
      labelNames: ['topic'],
      registers: [registry],
      async collect() {
        const values = await read();
        this.reset();
        for (const { topic, value } of values) this.set({ topic }, value);
      },
    });
  gauge(
    'monteore_consumer_lag_messages',
    'Messages of other services not handled yet.',
    consumerLagOf(backlog),
  );
  gauge(
    'monteore_relay_lag_events',
    'Stored events not published yet, counted in positions.',
    relayLagOf(backlog),
  );
  gauge(
    'monteore_parked_keys',
    'Keys whose messages wait because one of them failed.',
    parkedKeysOf(backlog),
  );
}

interface TopicValue {
  readonly topic: string;
  readonly value: number;
}

function consumerLagOf({ topics, database, messaging }: Backlog) {
  const offsets = new KeptReading(async () => {
    const rows = await database.query<{ topic: string; partition: number; next_offset: string }>(
      'SELECT topic, partition, next_offset FROM consumer_offsets',
    );
    return new Map(rows.map((row) => [`${row.topic}/${row.partition}`, BigInt(row.next_offset)] as const));
  });
  const ends = topics.map((topic) => ({ topic, end: new KeptReading(() => messaging.endOffsets(topic)) }));
  return async (): Promise<TopicValue[]> => {
    const [consumed, ...reached] = await Promise.all([
      offsets.get(),
      ...ends.map(async ({ topic, end }) => ({ topic, partitions: await end.get() })),
    ]);
    if (consumed === null) return [];
    return reached.flatMap(({ topic, partitions }) => {
      if (partitions === null) return [];
      const behind = partitions.map(({ partition, next }) =>
        Math.max(0, Number(next - (consumed.get(`${topic}/${partition}`) ?? 0n))),
      );
      return [{ topic, value: behind.reduce((sum, one) => sum + one, 0) }];
    });
  };
}

function relayLagOf({ service, relay }: Backlog) {
  const lag = new KeptReading(() => relay.lag());
  return async (): Promise<TopicValue[]> => {
    const value = await lag.get();
    return value === null ? [] : [{ topic: eventsTopicOf(service), value: Number(value) }];
  };
}

function parkedKeysOf({ topics, database }: Backlog) {
  const parked = new KeptReading(async () => {
    const rows = await database.query<{ topic: string; keys: number }>(
      `SELECT topic, count(DISTINCT key)::integer AS keys FROM parked_messages
       WHERE dropped_at IS NULL GROUP BY topic`,
    );
    return new Map(rows.map(({ topic, keys }) => [topic, keys] as const));
  });
  return async (): Promise<TopicValue[]> => {
    const keys = await parked.get();
    return keys === null ? [] : topics.map((topic) => ({ topic, value: keys.get(topic) ?? 0 }));
  };
}
