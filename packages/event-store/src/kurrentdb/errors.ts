import { types } from 'node:util';
import { status } from '@grpc/grpc-js';
import { StoreUnavailableError } from '../port.js';

/** What the failure of a call says about what was asked. */
export type Failure =
  /** It never left: repeat later. */
  | 'not-sent'
  /** It may or may not have taken effect, and will pass. */
  | 'unclear'
  /** It would fail again. */
  | 'permanent';

/**
 * Codes that asking again does not change. All others pass: a killed server gives UNAVAILABLE, one that is stopping
 * INTERNAL or CANCELLED, one that changes its leader UNKNOWN or NOT_FOUND.
 */
const PERMANENT = new Set<number>([
  status.INVALID_ARGUMENT,
  status.ALREADY_EXISTS,
  status.PERMISSION_DENIED,
  status.FAILED_PRECONDITION,
  status.OUT_OF_RANGE,
  status.UNIMPLEMENTED,
  status.DATA_LOSS,
  status.UNAUTHENTICATED,
]);

/** The texts of grpc-js for a call that found no connection; the code alone does not tell it from a broken one. */
const NO_CONNECTION = /No connection established|Name resolution failed|Channel closed before call started/;

/** A failure to reach any server: the client could not find out where one is. */
export class NotReachedError extends Error {}

/** No answer in the time that the driver gives: neither the client nor the server notices a frozen peer soon. */
export class NoAnswerError extends Error {}

/** Errors of calls are recognised by their numeric code: they come with and without the classes of the client. */
export function classify(error: unknown): Failure {
  if (error instanceof NotReachedError) return 'not-sent';
  if (error instanceof NoAnswerError) return 'unclear';
  // Native errors of any realm: those of sockets are not always of the caller's.
  if (!types.isNativeError(error)) return 'permanent';
  const { code, details } = error as { code?: unknown; details?: unknown };
  if (typeof code !== 'number' || PERMANENT.has(code)) return 'permanent';
  if (code === status.UNAVAILABLE && NO_CONNECTION.test(String(details ?? error.message))) return 'not-sent';
  return 'unclear';
}

/** What a caller gets: StoreUnavailableError for all that passes, the error itself otherwise. */
export function asStoreError(error: unknown): unknown {
  if (error instanceof StoreUnavailableError || classify(error) === 'permanent') return error;
  return new StoreUnavailableError((error as Error).message || (error as Error).name, { cause: error });
}
