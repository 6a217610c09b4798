import type { ReadResp } from '@eventstore/db-client/generated/streams_pb.js';
import type { SealedEvent, StoredEvent } from '../port.js';

/** An event as the database keeps it. */
export interface DatabaseEvent {
  readonly id: string;
  readonly type: string;
  readonly data: Uint8Array;
  readonly metadata: Uint8Array;
}

/** What of a sealed event is neither its data nor where it stands. */
type Envelope = Pick<
  SealedEvent,
  'eventId' | 'schemaVersion' | 'occurredOn' | 'metadata' | 'recordedAt' | 'previousHash' | 'hash'
>;

export function toDatabaseEvent(event: SealedEvent): DatabaseEvent {
  const { eventId, schemaVersion, occurredOn, metadata, recordedAt, previousHash, hash } = event;
  const envelope: Envelope = {
    eventId,
    schemaVersion,
    occurredOn,
    metadata,
    recordedAt,
    previousHash,
    hash,
  };
  return {
    id: databaseIdOf(event),
    type: event.type,
    data: Buffer.from(JSON.stringify(event.data)),
    metadata: Buffer.from(JSON.stringify(envelope)),
  };
}

/**
 * The server takes an event for a repeat by its id alone, whatever its data, and says so as if it had stored it. So
 * the id says everything that must be equal: it is made of the hash (UUID version 8), and the event's own id is in
 * the metadata. Two processes that decide the same event at the same moment, each with its own time, are told apart.
 */
export function databaseIdOf({ hash }: Pick<SealedEvent, 'hash'>): string {
  const variant = ((Number.parseInt(hash[16]!, 16) & 0x3) | 0x8).toString(16);
  return [
    hash.slice(0, 8),
    hash.slice(8, 12),
    `8${hash.slice(13, 16)}`,
    `${variant}${hash.slice(17, 20)}`,
    hash.slice(20, 32),
  ].join('-');
}

export type RecordedEvent = ReadResp.ReadEvent.RecordedEvent;

export function streamNameOf(recorded: RecordedEvent): string {
  return Buffer.from(recorded.getStreamIdentifier()!.getStreamName_asU8()).toString('utf8');
}

export function typeOf(recorded: RecordedEvent): string {
  return recorded.getMetadataMap().get('type') ?? '';
}

/** Throws Error for what this driver has not written. */
export function toStoredEvent(recorded: RecordedEvent, prefix: string): StoredEvent {
  const streamName = streamNameOf(recorded);
  const version = Number(recorded.getStreamRevision()) + 1;
  const envelope = jsonOf(recorded.getCustomMetadata_asU8()) as Envelope | undefined;
  const data = jsonOf(recorded.getData_asU8()) as SealedEvent['data'] | undefined;
  if (!streamName.startsWith(prefix) || typeof envelope?.hash !== 'string' || data === undefined)
    throw new Error(
      `event ${version} of stream ${streamName} was not written by this service: see who else writes to the database`,
    );
  return {
    eventId: envelope.eventId,
    streamId: streamName.slice(prefix.length),
    version,
    type: typeOf(recorded),
    schemaVersion: envelope.schemaVersion,
    data,
    occurredOn: envelope.occurredOn,
    recordedAt: envelope.recordedAt,
    metadata: envelope.metadata,
    previousHash: envelope.previousHash,
    hash: envelope.hash,
    position: BigInt(recorded.getCommitPosition()),
  };
}

export function jsonOf(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8'));
  } catch {
    return undefined;
  }
}
