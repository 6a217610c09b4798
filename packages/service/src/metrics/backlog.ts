import { eventsTopicOf } from '@monteore/contracts';
import { Gauge } from 'prom-client';
import { messagesBehind, nextOffsetsOf, parkedKeysOf } from '../operating/behind.js';
import type { Operated } from '../operating/lag.js';
import { KeptReading } from './kept-reading.js';
import type { MetricsRegistry } from './registry.js';

/** Gauges of what a service has before it, by topic. A value that cannot be had in time is left out. */
export function measureBacklog(registry: MetricsRegistry, backlog: Operated): void {
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
    parkedKeysByTopic(backlog),
  );
}

interface TopicValue {
  readonly topic: string;
  readonly value: number;
}

function consumerLagOf({ topics, database, messaging }: Operated) {
  const offsets = new KeptReading(() => nextOffsetsOf(database));
  const ends = topics.map((topic) => ({ topic, end: new KeptReading(() => messaging.endOffsets(topic)) }));
  return async (): Promise<TopicValue[]> => {
    const [next, ...reached] = await Promise.all([
      offsets.get(),
      ...ends.map(async ({ topic, end }) => ({ topic, partitions: await end.get() })),
    ]);
    return reached.flatMap(({ topic, partitions }) =>
      next === null || partitions === null ? [] : [{ topic, value: messagesBehind(topic, partitions, next) }],
    );
  };
}

function relayLagOf({ service, relay }: Operated) {
  const lag = new KeptReading(() => relay.lag());
  return async (): Promise<TopicValue[]> => {
    const value = await lag.get();
    return value === null ? [] : [{ topic: eventsTopicOf(service), value: Number(value) }];
  };
}

function parkedKeysByTopic({ topics, database }: Operated) {
  const parked = new KeptReading(() => parkedKeysOf(database));
  return async (): Promise<TopicValue[]> => {
    const keys = await parked.get();
    return keys === null ? [] : topics.map((topic) => ({ topic, value: keys.get(topic) ?? 0 }));
  };
}
