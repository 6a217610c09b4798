import { types } from 'node:util';
import { TransientError } from './port.js';

/** SQL states of a server that is away, full, stopping, or asks to try again. */
const TRANSIENT_STATES = /^(08|53|57P0|40001|40P01|55P03|57014)/;
const TRANSIENT_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ENOENT',
]);
const TRANSIENT_NAMES = new Set([
  'TransientError',
  'UnavailableError',
  'StoreUnavailableError',
  'KafkaJSTimeout',
  'KafkaJSLockTimeout',
  'KafkaJSGroupCoordinatorNotFound',
]);
/** What kafkajs calls by other names than retriable although it passes; a new producer has new sequence numbers. */
const TRANSIENT_KAFKA_TYPES = new Set([
  'OUT_OF_ORDER_SEQUENCE_NUMBER',
  'UNKNOWN_PRODUCER_ID',
  'INVALID_PRODUCER_EPOCH',
  'NOT_COORDINATOR_FOR_GROUP',
  'REBALANCE_IN_PROGRESS',
  'ILLEGAL_GENERATION',
  'UNKNOWN_MEMBER_ID',
]);
const TRANSIENT_WORDS =
  /Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error|Connection ended/i;

/** True for failures of the surroundings, which pass; false for what a message brought upon itself. */
export function isTransient(error: unknown): boolean {
  // Native errors of any realm: those of sockets are not always of the caller's.
  for (let current = error; types.isNativeError(current); current = current.cause) {
    if (TRANSIENT_NAMES.has(current.name)) return true;
    const { code, driverError, retriable, type } = current as Partial<
      Record<'code' | 'driverError' | 'retriable' | 'type', unknown>
    >;
    if (retriable === true || (typeof type === 'string' && TRANSIENT_KAFKA_TYPES.has(type))) return true;
    if (typeof code === 'string' && (TRANSIENT_STATES.test(code) || TRANSIENT_CODES.has(code))) return true;
    if (TRANSIENT_WORDS.test(current.message)) return true;
    if (types.isNativeError(driverError) && driverError !== current && isTransient(driverError)) return true;
  }
  return false;
}

export const asTransient = (error: unknown): unknown =>
  isTransient(error) && types.isNativeError(error) && error.name !== 'TransientError'
    ? new TransientError(error.message, { cause: error })
    : error;
