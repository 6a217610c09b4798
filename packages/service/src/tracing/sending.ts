import { setTimeout as pause } from 'node:timers/promises';
import { context, type Tracer } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { defaultResource, resourceFromAttributes } from '@opentelemetry/resources';
import { BatchSpanProcessor, type SpanExporter, TracerProvider } from '@opentelemetry/sdk-trace';
import type { Logger } from 'pino';
import { version } from '../metrics/version.js';

/** Spans that wait to be sent; further ones are dropped. */
const WAITING_SPANS = 4096;
const SEND_EVERY_MILLISECONDS = 2000;
/** After this the collector counts as not answering, and what it was to take is lost. */
const SEND_LIMIT_MILLISECONDS = 5000;
const WARN_EVERY_MILLISECONDS = 60_000;

let isContextKept = false;

/** A service's tracer, whose spans go to a collector in batches. `stop` sends what is left, for at most 5 seconds. */
export function sendingTo(
  service: string,
  endpoint: string,
  logger: Logger,
): { readonly tracer: Tracer; readonly stop: () => Promise<void> } {
  keepContext();
  const exporter = new OTLPTraceExporter({
    url: `${endpoint.replace(/\/+$/, '')}/v1/traces`,
    timeoutMillis: SEND_LIMIT_MILLISECONDS,
  });
  const provider = new TracerProvider({
    resource: defaultResource().merge(
      resourceFromAttributes({
        'service.namespace': 'monteore',
        'service.name': `monteore.${service}`,
        'service.version': version,
      }),
    ),
    spanProcessors: [
      new BatchSpanProcessor({
        exporter: tellingLosses(exporter, logger),
        maxQueueSize: WAITING_SPANS,
        scheduledDelayMillis: SEND_EVERY_MILLISECONDS,
        exportTimeoutMillis: SEND_LIMIT_MILLISECONDS + 1000,
      }),
    ],
  });
  return {
    tracer: provider.getTracer('monteore'),
    stop: () =>
      Promise.race([
        // What could not be sent has been told by the exporter.
        provider.shutdown().catch(() => {}),
        pause(SEND_LIMIT_MILLISECONDS, undefined, { ref: false }),
      ]),
  };
}

/** One for the process, which several services share. */
function keepContext(): void {
  if (isContextKept) return;
  isContextKept = true;
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
}

/** A collector that is away loses traces and nothing else: told once a minute, with how many spans were lost. */
function tellingLosses(exporter: SpanExporter, logger: Logger): SpanExporter {
  let lostSpans = 0;
  let quietUntil = 0;
  const tell = (err: unknown) => {
    if (performance.now() < quietUntil) return;
    logger.warn({ err, lostSpans }, 'the collector does not take traces');
    quietUntil = performance.now() + WARN_EVERY_MILLISECONDS;
    lostSpans = 0;
  };
  return {
    export: (spans, done) =>
      exporter.export(spans, (result) => {
        // 0 is success (ExportResultCode).
        if (result.code !== 0) {
          lostSpans += spans.length;
          tell(result.error);
        }
        done(result);
      }),
    shutdown: () => exporter.shutdown(),
  };
}
