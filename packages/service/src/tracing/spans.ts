import type { StreamAppend } from '@monteore/event-store';
import type { Message } from '@monteore/messaging';
import { type Attributes, SpanKind } from '@opentelemetry/api';

/** A span to be made. Names and attributes hold types, ids and counts: never a text, a query or an address. */
export interface GivenSpan {
  readonly name: string;
  readonly kind: SpanKind;
  readonly attributes: Attributes;
  /**
   * The span before it, in another process or at another time; null, or what is none: it begins a trace; absent: the
   * one in which it is begun, if any.
   */
  readonly traceparent?: string | null | undefined;
}

/** `route` is the template, such as `/v1/activities/:activityId`. */
export const requestSpan = (
  request: { readonly method: string; readonly route: string; readonly correlationId: string },
  traceparent: string | null,
): GivenSpan => ({
  name: `${request.method} ${request.route}`,
  kind: SpanKind.SERVER,
  attributes: {
    'http.request.method': request.method,
    'http.route': request.route,
    'monteore.correlation_id': request.correlationId,
  },
  traceparent,
});

/** One for each trace whose command has a part in the append: several commands may share it. */
export function appendSpans(appends: readonly StreamAppend[]): GivenSpan[] {
  const events = appends.flatMap((append) => append.events);
  const byTrace = Map.groupBy(events, ({ metadata }) => metadata.traceparent);
  return [...byTrace].map(([traceparent, own]) => ({
    name: 'append',
    kind: SpanKind.CLIENT,
    attributes: {
      'monteore.event_types': [...new Set(own.map(({ type }) => type))],
      'monteore.events_in_commit': events.length,
    },
    traceparent,
  }));
}

export const publishSpan = (topic: string, message: Message): GivenSpan => ({
  name: `publish ${message.type}`,
  kind: SpanKind.PRODUCER,
  attributes: { ...messageAttributes(topic, message), 'messaging.operation.type': 'send' },
  traceparent: message.traceparent,
});

export const consumeSpan = (topic: string, message: Message): GivenSpan => ({
  name: `consume ${message.type}`,
  kind: SpanKind.CONSUMER,
  attributes: { ...messageAttributes(topic, message), 'messaging.operation.type': 'process' },
  traceparent: message.traceparent,
});

const messageAttributes = (topic: string, message: Message): Attributes => ({
  'messaging.destination.name': topic,
  'messaging.message.id': message.id,
  'monteore.correlation_id': message.correlationId,
});

/** What begins by itself: something that became due, a mail that arrived. */
export const workSpan = (name: string): GivenSpan => ({ name, kind: SpanKind.INTERNAL, attributes: {} });
