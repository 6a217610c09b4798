import type { AppendOutcome } from '@monteore/event-store';
import type { Clock } from '@monteore/kernel';
import type { FastifyInstance } from 'fastify';
import { AggregatorRegistry, Counter, Gauge, Histogram, Registry } from 'prom-client';
import { countsForProcess, processMetrics } from './process-metrics.js';
import type { MetricsRegistry } from './registry.js';
import { version } from './version.js';

/**
 * What was done once more: an append whose answer was lost, the handling of a message, a publishing, something due;
 * `conflict`: a decision, because another instance was faster.
 */
const RETRIES = ['append', 'consume', 'relay', 'due', 'conflict'] as const;
export type Retry = (typeof RETRIES)[number];

/** What a service counts and times while it works, in a registry of its own: several services may share a process. */
export class ServiceMetrics {
  readonly registry: MetricsRegistry = new Registry();
  private readonly appends: Histogram;
  private readonly projections: Histogram<'topic'>;
  private readonly retries: Counter<'of'>;

  constructor(
    service: string,
    private readonly clock: Clock,
  ) {
    const registers = [this.registry];
    this.registry.setDefaultLabels({ service });
    countsForProcess(service);
    new Gauge({
      name: 'monteore_build_info',
      help: 'Always 1; its labels say what runs.',
      labelNames: ['version', 'node'],
      registers,
    }).set({ version, node: process.version }, 1);
    this.appends = new Histogram({
      name: 'monteore_append_seconds',
      help: 'Time of one append to the event store, whatever its outcome.',
      buckets: [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 5, 30],
      registers,
    });
    this.projections = new Histogram({
      name: 'monteore_projection_seconds',
      help: 'From the recording of an event to the commit of its effect here; topic "own": of an own event.',
      labelNames: ['topic'],
      buckets: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 3600],
      registers,
    });
    this.retries = new Counter({
      name: 'monteore_retries_total',
      help: 'What was tried once more.',
      labelNames: ['of'],
      registers,
    });
    for (const what of RETRIES) this.retries.inc({ of: what }, 0);
  }

  retried(of: Retry): void {
    this.retries.inc({ of });
  }

  /** Times an append; one that met a newer version is decided anew. */
  async timed(append: () => Promise<AppendOutcome>): Promise<AppendOutcome> {
    const stop = this.appends.startTimer();
    try {
      const outcome = await append();
      if (!outcome.appended) this.retried('conflict');
      return outcome;
    } finally {
      stop();
    }
  }

  /** Effects of events recorded at these instants were committed just now, by the service's clock. */
  projected(topic: string, recordedAt: readonly string[]): void {
    const now = Date.parse(this.clock.now());
    for (const instant of recordedAt) {
      const seconds = (now - Date.parse(instant)) / 1000;
      // Clocks differ a little, and a stream never goes back where its clock did.
      if (!Number.isNaN(seconds)) this.projections.observe({ topic }, Math.max(0, seconds));
    }
  }
}

/** `/metrics` of one service and its process, with the seconds that its routes take. */
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
  fastify.get('/metrics', async (_request, reply) => {
    const texts = await Promise.all([registry.metrics(), processMetrics()]);
    return reply.header('content-type', registry.contentType).send(texts.join('\n'));
  });
}

/** The metrics of several services as one text for Prometheus, each family once, with those of the process they share. */
export async function mergedMetrics(
  registries: readonly MetricsRegistry[],
): Promise<{ readonly contentType: string; readonly text: string }> {
  const all = await Promise.all(registries.map((registry) => registry.getMetricsAsJSON()));
  const merged = AggregatorRegistry.aggregate(all);
  const texts = await Promise.all([merged.metrics(), processMetrics()]);
  return { contentType: merged.contentType, text: texts.join('\n') };
}
