import type { Publisher } from '@monteore/messaging';
import {
  type Context,
  context,
  ROOT_CONTEXT,
  type Span,
  SpanStatusCode,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import type { Logger } from 'pino';
import { type GivenSpan, publishSpan } from './spans.js';
import { spanContextOf, traceparentOf } from './trace-context.js';

/** A span that ends when it is told to. */
export interface BegunSpan {
  /** What `work` starts is within the span. */
  run<T>(work: () => T): T;
  end(attributes: Readonly<Record<string, string | number>>, isFailure: boolean): void;
}

/** The spans of one service. Where traces are off nothing is made, and what describes a span is not even asked for. */
export interface Tracing {
  begin(given: () => GivenSpan): BegunSpan | null;
  /** Runs work within the first of these spans. All end with it, as failures when it throws. */
  within<T>(given: () => readonly GivenSpan[], work: () => Promise<T>): Promise<T>;
  /** The same publisher; messages that belong to a trace name their publishing as the step before their handling. */
  publisher(publisher: Publisher): Publisher;
  /** Sends what is left, for at most a few seconds. */
  stop(): Promise<void>;
}

const NO_TRACING: Tracing = {
  begin: () => null,
  within: (_given, work) => work(),
  publisher: (publisher) => publisher,
  stop: async () => {},
};

/**
 * Traces of one service, sent to the collector at `endpoint` (OTLP over HTTP, as OTEL_EXPORTER_OTLP_ENDPOINT names it);
 * none without one. Nothing of OpenTelemetry's SDK is loaded then.
 */
export async function startTracing(
  service: string,
  endpoint: string | undefined,
  logger: Logger,
): Promise<Tracing> {
  if (endpoint === undefined) return NO_TRACING;
  const { sendingTo } = await import('./sending.js');
  const { tracer, stop } = sendingTo(service, endpoint, logger);
  return new ActiveTracing(tracer, stop);
}

class ActiveTracing implements Tracing {
  constructor(
    private readonly tracer: Tracer,
    readonly stop: () => Promise<void>,
  ) {}

  begin(given: () => GivenSpan): BegunSpan {
    const span = this.start(given());
    return {
      run: (work) => context.with(within(span), work),
      end: (attributes, isFailure) => {
        span.setAttributes(attributes);
        if (isFailure) span.setStatus({ code: SpanStatusCode.ERROR });
        span.end();
      },
    };
  }

  async within<T>(given: () => readonly GivenSpan[], work: () => Promise<T>): Promise<T> {
    const spans = given().map((one) => this.start(one));
    try {
      return spans[0] === undefined ? await work() : await context.with(within(spans[0]), work);
    } catch (error) {
      for (const span of spans) markFailed(span, error);
      throw error;
    } finally {
      for (const span of spans) span.end();
    }
  }

  publisher(publisher: Publisher): Publisher {
    return {
      publish: async (topic, messages) => {
        const spans: Span[] = [];
        const told = messages.map((message) => {
          if (message.traceparent === undefined) return message;
          const span = this.start(publishSpan(topic, message));
          spans.push(span);
          return { ...message, traceparent: traceparentOf(span.spanContext()) };
        });
        try {
          await publisher.publish(topic, told);
        } catch (error) {
          for (const span of spans) markFailed(span, error);
          throw error;
        } finally {
          for (const span of spans) span.end();
        }
      },
      close: () => publisher.close(),
    };
  }

  private start({ name, kind, attributes, traceparent }: GivenSpan): Span {
    const parent = traceparent === undefined ? context.active() : contextOf(traceparent);
    return this.tracer.startSpan(name, { kind, attributes }, parent);
  }
}

const within = (span: Span): Context => trace.setSpan(context.active(), span);

function contextOf(traceparent: string | null): Context {
  const parent = spanContextOf(traceparent);
  return parent === null ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, parent);
}

/** By what the error is, not by its message, which may hold what somebody wrote. */
function markFailed(span: Span, error: unknown): void {
  span.setAttribute('error.type', error instanceof Error ? error.name : typeof error);
  span.setStatus({ code: SpanStatusCode.ERROR });
}
