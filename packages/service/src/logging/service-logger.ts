import { types } from 'node:util';
import { type DestinationStream, type Logger, pino } from 'pino';

/** A service's log: one JSON line each, to standard error unless told otherwise. */
export const serviceLogger = (
  name: string,
  level = 'info',
  destination: DestinationStream = pino.destination(2),
): Logger => pino({ name, level, serializers: { err: loggedError } }, destination);

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
    message,
    ...(typeof code === 'string' ? { code } : {}),
    stack,
    ...(cause === undefined ? {} : { cause: loggedError(cause) }),
  };
}
