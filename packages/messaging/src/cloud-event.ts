import { cleanText } from '@monteore/kernel';
import { CloudEvent } from 'cloudevents';
import { type Delivery, MAX_MESSAGE_BYTES, type Message } from './port.js';

/** A message that no consumer could take: it is refused where it is made. */
export class MessageTooLargeError extends Error {
  constructor(readonly sizeBytes: number) {
    super(
      `a message of ${sizeBytes} bytes is over the limit of ${MAX_MESSAGE_BYTES}: pass long text by reference`,
    );
    this.name = 'MessageTooLargeError';
  }
}

/** A stored message that is no CloudEvent of ours. It is the message's own failure, never the batch's. */
export class UndecodableMessageError extends Error {
  constructor(detail: string, options?: ErrorOptions) {
    super(`the message cannot be read: ${detail}`, options);
    this.name = 'UndecodableMessageError';
  }
}

/** The message as CloudEvents 1.0 JSON text. Throws MessageTooLargeError. */
export function encodeMessage(message: Message): string {
  const event = new CloudEvent({
    specversion: '1.0',
    id: message.id,
    source: message.source,
    type: message.type,
    time: message.time,
    subject: message.key,
    datacontenttype: 'application/json',
    data: message.data,
    partitionkey: message.key,
    position: message.position.toString(),
    correlationid: message.correlationId,
    ...(message.causationId === undefined ? {} : { causationid: message.causationId }),
    ...(message.traceparent === undefined ? {} : { traceparent: message.traceparent }),
  });
  const text = JSON.stringify(event.toJSON());
  const sizeBytes = Buffer.byteLength(text);
  if (sizeBytes > MAX_MESSAGE_BYTES) throw new MessageTooLargeError(sizeBytes);
  return text;
}

const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$/;

/**
 * The message in a CloudEvents JSON text. Unknown attributes are ignored. What every message costs is spent here, and
 * half of a replay, so only what we read of it is checked. Throws UndecodableMessageError.
 */
export function decodeMessage(text: string): Message {
  const event = objectIn(text);
  const textOf = (attribute: string): string => {
    const value = event[attribute];
    if (typeof value !== 'string' || value === '') throw new UndecodableMessageError(`no ${attribute}`);
    return value;
  };
  if (event.specversion !== '1.0') throw new UndecodableMessageError('no CloudEvent 1.0');
  const { data, correlationid, causationid, traceparent } = event;
  const [id, position, time] = [textOf('id'), textOf('position'), textOf('time')];
  if (!/^\d+$/.test(position)) throw new UndecodableMessageError('no position');
  if (!INSTANT.test(time) || Number.isNaN(Date.parse(time))) throw new UndecodableMessageError('no time');
  if (typeof data !== 'object' || data === null) throw new UndecodableMessageError('no data');
  return {
    id,
    source: textOf('source'),
    type: textOf('type'),
    key: textOf('subject'),
    position: BigInt(position),
    time,
    data: data as Message['data'],
    correlationId: typeof correlationid === 'string' ? correlationid : id,
    ...(typeof causationid === 'string' ? { causationId: causationid } : {}),
    ...(typeof traceparent === 'string' ? { traceparent } : {}),
  };
}

function objectIn(text: string): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new UndecodableMessageError(error instanceof Error ? error.message : 'not JSON', { cause: error });
  }
  if (typeof value !== 'object' || value === null) throw new UndecodableMessageError('no object');
  return value as Readonly<Record<string, unknown>>;
}

const UNDECODABLE = 'Undecodable';
/** What has no key waits under one of its own, which no message of ours has. */
const NO_KEY = '(none)';

/**
 * The message in a stored text. What cannot be decoded is handed on as a message that no handler takes, so that its
 * key alone is parked. Its position is its offset, which grows within its partition only: hence a source a partition.
 * A foreign writer may leave keys out, put one into several partitions, or write bytes that no table holds.
 */
export function readMessage(
  text: string,
  key: string,
  { topic, partition, offset }: Omit<Delivery, 'message'>,
): Message {
  try {
    return decodeMessage(text);
  } catch (error) {
    if (!(error instanceof UndecodableMessageError)) throw error;
    const source = `undecodable/${topic}/${partition}`;
    const id = `${source}/${offset}`;
    return {
      id,
      source,
      type: UNDECODABLE,
      key: cleanText(key) || NO_KEY,
      position: offset,
      time: '',
      data: { reason: cleanText(error.message) },
      correlationId: id,
    };
  }
}

/** Why the message could not be decoded, or null when it could. */
export const undecodableReason = ({ type, data }: Message): string | null =>
  type === UNDECODABLE ? String(data.reason) : null;
