import { AsyncLocalStorage } from 'node:async_hooks';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import { withCorrelation } from '../logging/correlation.js';
import { requestSpan } from '../tracing/spans.js';
import type { BegunSpan, Tracing } from '../tracing/tracing.js';

export const CORRELATION_HEADER = 'x-correlation-id';

/** Asked every few seconds by machines that nobody follows. */
const OPERATOR_ROUTES = new Set(['/health/live', '/health/ready', '/metrics']);

interface Followed {
  readonly enter: ReturnType<typeof AsyncLocalStorage.snapshot>;
  readonly span: BegunSpan | null;
  readonly reply: FastifyReply;
}

/**
 * Answers each request's correlation id, has every log line and span within it name it, and logs how it was answered:
 * method, route and status, nothing of what was asked.
 */
export function followRequests(
  fastify: FastifyInstance,
  { logger, tracing }: { readonly logger: Logger; readonly tracing: Tracing },
): void {
  const followed = new WeakMap<FastifyRequest, Followed>();
  const end = (request: FastifyRequest, isAborted: boolean) => {
    const found = followed.get(request);
    if (found === undefined) return;
    followed.delete(request);
    const { enter, span, reply } = found;
    const { method } = request;
    const { statusCode: status, elapsedTime } = reply;
    const line = { method, route: routeOf(request), status, ms: Math.round(elapsedTime * 10) / 10 };
    const level = OPERATOR_ROUTES.has(line.route) ? 'debug' : 'info';
    enter(() => logger[level](isAborted ? { ...line, aborted: true } : line, 'answered'));
    span?.end({ 'http.response.status_code': status }, status >= 500);
  };
  fastify.addHook('onRequest', (request, reply, done) => {
    // On the raw answer, so that a stream that leaves Fastify carries it too.
    reply.raw.setHeader(CORRELATION_HEADER, request.id);
    const span = beginSpan(request, tracing);
    const snapshot = () => AsyncLocalStorage.snapshot();
    const enter = withCorrelation(request.id, () => (span === null ? snapshot() : span.run(snapshot)));
    followed.set(request, { enter, span, reply });
    enter(done);
  });
  fastify.addHook('onResponse', (request, _reply, done) => {
    end(request, false);
    done();
  });
  // Of a request whose answer never ends because nobody takes it, such as a stream of events.
  fastify.addHook('onRequestAbort', (request, done) => {
    end(request, true);
    done();
  });
}

const routeOf = (request: FastifyRequest): string => request.routeOptions.url ?? 'none';

function beginSpan(request: FastifyRequest, tracing: Tracing): BegunSpan | null {
  const { method, id: correlationId, headers } = request;
  const route = routeOf(request);
  if (OPERATOR_ROUTES.has(route)) return null;
  const { traceparent } = headers;
  return tracing.begin(() =>
    requestSpan({ method, route, correlationId }, typeof traceparent === 'string' ? traceparent : null),
  );
}
