import { isSpanContextValid, type SpanContext, TraceFlags, trace } from '@opentelemetry/api';

/** W3C trace context; of later versions what they share with this one, and nothing longer. */
const TRACEPARENT = /^(?!ff)[\da-f]{2}-([\da-f]{32})-([\da-f]{16})-([\da-f]{2})$/;

/** What a `traceparent` names; null for anything that is none. */
export function spanContextOf(traceparent: unknown): SpanContext | null {
  const [, traceId, spanId, flags] = (typeof traceparent === 'string' && TRACEPARENT.exec(traceparent)) || [];
  if (traceId === undefined || spanId === undefined || flags === undefined) return null;
  const named = { traceId, spanId, traceFlags: Number.parseInt(flags, 16) & TraceFlags.SAMPLED };
  return isSpanContextValid(named) ? { ...named, isRemote: true } : null;
}

export const traceparentOf = ({ traceId, spanId, traceFlags }: SpanContext): string =>
  `00-${traceId}-${spanId}-0${traceFlags & TraceFlags.SAMPLED}`;

/** That of the span in which this runs; undefined where there is none, and always where traces are off. */
export function activeTraceparent(): string | undefined {
  const active = trace.getActiveSpan()?.spanContext();
  return active === undefined ? undefined : traceparentOf(active);
}

/** The ids of the span in which this runs, for a log line. */
export function activeSpanIds(): { readonly traceId?: string; readonly spanId?: string } {
  const active = trace.getActiveSpan()?.spanContext();
  return active === undefined ? {} : { traceId: active.traceId, spanId: active.spanId };
}
