import { types } from 'node:util';
import { type DestinationStream, type Logger, pino } from 'pino';
import { activeSpanIds } from '../tracing/trace-context.js';
import { currentCorrelation } from './correlation.js';
import { masked } from './masking.js';

/**
 * A service's log: one JSON line each, to standard error unless told otherwise. What is written while a request or a
 * message is handled names its `correlationId` and, where traces are made, `traceId` and `spanId`.
 */
export const serviceLogger = (
  name: string,
  level = 'info',
  destination: DestinationStream = pino.destination(2),
): Logger =>
  pino(
    { name, level, serializers: { err: loggedError }, formatters: { log: loggedFields }, mixin: whereItRuns },
    destination,
  );

function whereItRuns(): object {
  const correlationId = currentCorrelation();
  return { ...(correlationId === undefined ? {} : { correlationId }), ...activeSpanIds() };
}

const loggedFields = (fields: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [name, typeof value === 'string' ? masked(value) : value]),
  );

/**
 * An error as a log line may hold it. What else hangs on it (a statement's parameters, a row that the database names)
 * holds names, addresses and texts of mails, and stays out (architecture.md, Personal data).
 */
function loggedError(error: unknown): object {
  if (!types.isNativeError(error)) return { type: typeof error };
  const { name: type, message, stack, cause } = error;
  const { code } = error as { code?: unknown };
  return {
    type,
    message: withoutValue(message, code),
    ...(typeof code === 'string' ? { code } : {}),
    ...(stack === undefined ? {} : { stack: withoutValue(stack, code) }),
    ...(cause === undefined ? {} : { cause: loggedError(cause) }),
  };
}

/** Of wrong data (SQL states 22…) the database repeats the value itself, at the end of its message. */
function withoutValue(text: string, code: unknown): string {
  const isAboutValue = typeof code === 'string' && code.startsWith('22');
  return masked(isAboutValue ? text.replace(/: ".*?"$/ms, '') : text);
}
