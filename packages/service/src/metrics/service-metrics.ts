import type { Inbox, Messaging, Relay } from '@monteore/messaging';
import type { FastifyInstance } from 'fastify';
import { AggregatorRegistry, Gauge, Histogram, type PrometheusContentType, Registry } from 'prom-client';
import type { ServiceDatabase, ServiceTransaction } from '../database/service-database.js';

export type MetricsRegistry = Registry<PrometheusContentType>;

/** What the metrics of one service are read from, at the moment when they are asked for. */
export interface Measured {
  readonly service: string;
  readonly topics: readonly string[];
  readonly database: ServiceDatabase;
  readonly messaging: Messaging;
  readonly inbox: Inbox<ServiceTransaction>;
  readonly relay: Relay;
}

/** A registry of its own for each service, so that several of them can run in one process. */
export function serviceMetrics(measured: Measured): MetricsRegistry {
  const registry = new Registry();
  registry.setDefaultLabels({ service: measured.service });
  const gauge = (name: string, help: string, read: () => Promise<number>) =>
    new Gauge({
      name,
      help,
      registers: [registry],
      async collect() {
        this.set(await read());
      },
    });
  gauge('monteore_consumer_lag_messages', 'Messages of other services not handled yet.', () =>
    consumerLag(measured),
  );
  gauge('monteore_relay_lag_events', 'Stored events not published yet, counted in positions.', async () =>
    Number(await measured.relay.lag()),
  );
  gauge('monteore_parked_keys', 'Keys whose messages wait because one of them failed.', async () => {
    const parked = await measured.inbox.parked.list();
    return new Set(parked.map(({ topic, key }) => `${topic} ${key}`)).size;
  });
  return registry;
}

async function consumerLag({ topics, database, messaging }: Measured): Promise<number> {
  const rows = await database.query<{ topic: string; partition: number; next_offset: string }>(
    'SELECT topic, partition, next_offset FROM consumer_offsets',
  );
  const consumed = new Map(
    rows.map((row) => [`${row.topic}/${row.partition}`, BigInt(row.next_offset)] as const),
  );
  let behind = 0n;
  for (const topic of topics) {
    for (const { partition, next } of await messaging.endOffsets(topic)) {
      const missing = next - (consumed.get(`${topic}/${partition}`) ?? 0n);
      if (missing > 0n) behind += missing;
    }
  }
  return Number(behind);
}

/** `/metrics` of one service, with the seconds that its routes take. */
export function serveMetrics(fastify: FastifyInstance, registry: MetricsRegistry): void {
  const seconds = new Histogram({
    name: 'monteore_http_request_seconds',
    help: 'Time from a request to the end of its answer.',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.005, 0.02, 0.1, 0.5, 2, 10],
    registers: [registry],
  });
  fastify.addHook('onResponse', async (request, reply) => {
    const route = request.routeOptions.url ?? 'none';
    seconds.observe({ method: request.method, route, status: reply.statusCode }, reply.elapsedTime / 1000);
  });
  fastify.get('/metrics', async (_request, reply) =>
    reply.header('content-type', registry.contentType).send(await registry.metrics()),
  );
}

/** The metrics of several services as one text for Prometheus, each family once. */
export async function mergedMetrics(
  registries: readonly MetricsRegistry[],
): Promise<{ readonly contentType: string; readonly text: string }> {
  const all = await Promise.all(registries.map((registry) => registry.getMetricsAsJSON()));
  const merged = AggregatorRegistry.aggregate(all);
  return { contentType: merged.contentType, text: await merged.metrics() };
}
