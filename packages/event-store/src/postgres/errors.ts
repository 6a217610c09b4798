import { types } from 'node:util';
import pg from 'pg';
import { StoreUnavailableError } from '../port.js';

/** What a failure says about the statement that was sent. */
export type Failure =
  /** It took no effect and will pass: repeat later. */
  | 'unavailable'
  /** It may or may not have taken effect. */
  | 'unclear'
  /** It took no effect and would fail again. */
  | 'permanent';

/**
 * SQLSTATE classes and codes that pass by themselves: connection exceptions (08), too little of something (53),
 * read-only after a failover, serialization and deadlock, lock and statement time-outs, shutdowns, disk trouble.
 */
const TRANSIENT = /^(08|53)|^(25006|40001|40P01|55P03|57014|57P01|57P02|57P03|57P05|58030)$/;

/** Those of them that end a session, maybe between its commit and its answer. */
const SESSION_ENDED = /^08|^(57P01|57P02|57P05)$/;

const SOCKET_CODES = new Set([
  'EAI_AGAIN',
  'ECONNABORTED',
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EPIPE',
  'ETIMEDOUT',
]);

/** pg gives these plain Errors; they have no code to go by. */
const LOST =
  /^(Connection terminated|Query read timeout|timeout exc|timeout expired|Client (has|was)|Cannot use a pool)/;

export function classify(error: unknown): Failure {
  // Native errors of any realm: those of sockets are not always of the caller's.
  if (!types.isNativeError(error)) return 'permanent';
  if (error instanceof pg.DatabaseError && error.code !== undefined) {
    if (SESSION_ENDED.test(error.code)) return 'unclear';
    return TRANSIENT.test(error.code) ? 'unavailable' : 'permanent';
  }
  const { code } = error as NodeJS.ErrnoException;
  if (code !== undefined && SOCKET_CODES.has(code)) return 'unclear';
  return LOST.test(error.message) ? 'unclear' : 'permanent';
}

/** What a caller gets: StoreUnavailableError for all that passes, the error itself otherwise. */
export function asStoreError(error: unknown): unknown {
  if (error instanceof StoreUnavailableError || classify(error) === 'permanent') return error;
  return new StoreUnavailableError(types.isNativeError(error) ? error.message || error.name : String(error), {
    cause: error,
  });
}
