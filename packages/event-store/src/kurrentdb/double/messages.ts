import sharedPb from '@eventstore/db-client/generated/shared_pb.js';
import statusPb, { type Status } from '@eventstore/db-client/generated/status_pb.js';
import streamsPb, {
  type AppendReq,
  type BatchAppendReq,
  type ReadReq,
  type ReadResp,
} from '@eventstore/db-client/generated/streams_pb.js';
import { Metadata, type ServiceError, status } from '@grpc/grpc-js';
import anyPb from 'google-protobuf/google/protobuf/any_pb.js';
import type { ExpectedRevision, LogRecord, ProposedEvent } from './record.js';

export const MAX_APPEND_BYTES = 1024 * 1024;

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** Throws Error, with the reason that the server gives, for what it does not take. */
export function proposedEvent(
  message: BatchAppendReq.ProposedMessage | AppendReq.ProposedMessage,
): ProposedEvent {
  const id = message.getId()?.getString() ?? '';
  if (!UUID.test(id)) throw new Error('Unrecognized Guid format.');
  const type = message.getMetadataMap().get('type') ?? '';
  if (type === '') throw new Error("Event type can't be empty.");
  return {
    id: id.toLowerCase(),
    type,
    isJson: message.getMetadataMap().get('content-type') === 'application/json',
    data: message.getData_asU8(),
    metadata: message.getCustomMetadata_asU8(),
  };
}

export function sizeOf(events: readonly ProposedEvent[]): number {
  return events.reduce(
    (sum, { type, data, metadata }) => sum + type.length * 2 + data.length + metadata.length,
    0,
  );
}

interface ExpectedOptions {
  hasNoStream(): boolean;
  hasAny(): boolean;
  hasStreamExists(): boolean;
}

export function expectedOf(options: ExpectedOptions, revision: string): ExpectedRevision {
  if (options.hasNoStream()) return 'no_stream';
  if (options.hasAny()) return 'any';
  if (options.hasStreamExists()) return 'stream_exists';
  return Number(revision);
}

/** Throws Error for an empty name. */
export function streamNameOf(identifier: InstanceType<typeof sharedPb.StreamIdentifier> | undefined): string {
  const name = Buffer.from(identifier?.getStreamName_asU8() ?? []).toString('utf8');
  if (name === '') throw new Error('The stream name is empty.');
  return name;
}

export function identifierOf(streamName: string): InstanceType<typeof sharedPb.StreamIdentifier> {
  const identifier = new sharedPb.StreamIdentifier();
  identifier.setStreamName(Buffer.from(streamName));
  return identifier;
}

export function eventResponse(record: LogRecord): ReadResp {
  const id = new sharedPb.UUID();
  id.setString(record.id);
  const recorded = new streamsPb.ReadResp.ReadEvent.RecordedEvent();
  recorded.setId(id);
  recorded.setStreamIdentifier(identifierOf(record.streamName));
  recorded.setStreamRevision(String(record.revision));
  recorded.setCommitPosition(String(record.position));
  recorded.setPreparePosition(String(record.position));
  recorded
    .getMetadataMap()
    .set('type', record.type)
    .set('content-type', record.isJson ? 'application/json' : 'application/octet-stream')
    // Ticks of 100 ns.
    .set('created', `${record.createdMilliseconds}0000`);
  recorded.setData(record.data);
  recorded.setCustomMetadata(record.metadata);
  const event = new streamsPb.ReadResp.ReadEvent();
  event.setEvent(recorded);
  event.setCommitPosition(String(record.position));
  const response = new streamsPb.ReadResp();
  response.setEvent(event);
  return response;
}

/** Whether an event passes the filter of a request. */
export function filterOf(options: ReadReq.Options): (record: LogRecord) => boolean {
  const filter = options.getFilter();
  if (filter === undefined) return () => true;
  const byStream = filter.getStreamIdentifier();
  const expression = byStream ?? filter.getEventType();
  const textOf = (record: LogRecord) => (byStream === undefined ? record.type : record.streamName);
  const pattern = expression?.getRegex() ?? '';
  if (pattern !== '') {
    const regex = new RegExp(pattern);
    return (record) => regex.test(textOf(record));
  }
  const prefixes = expression?.getPrefixList() ?? [];
  return (record) => prefixes.some((prefix) => textOf(record).startsWith(prefix));
}

type Packed = { readonly name: string; readonly bytes: Uint8Array };

/** The failure of one append among those of a call. */
export function failureStatus({ name, bytes }: Packed, message: string): Status {
  const details = new anyPb.Any();
  details.pack(bytes, name);
  const failure = new statusPb.Status();
  failure.setCode(status.UNKNOWN as never);
  failure.setMessage(message);
  failure.setDetails(details);
  return failure;
}

export function badRequest(reason: string): Status {
  const message = new sharedPb.BadRequest();
  message.setMessage(reason);
  return failureStatus({ name: 'event_store.client.BadRequest', bytes: message.serializeBinary() }, reason);
}

export function tooLarge(): Status {
  const message = new sharedPb.MaximumAppendSizeExceeded();
  message.setMaxappendsize(MAX_APPEND_BYTES);
  return failureStatus(
    { name: 'event_store.client.MaximumAppendSizeExceeded', bytes: message.serializeBinary() },
    'Maximum append size exceeded.',
  );
}

export function deletedStatus(streamName: string): Status {
  const message = new sharedPb.StreamDeleted();
  message.setStreamIdentifier(identifierOf(streamName));
  return failureStatus(
    { name: 'event_store.client.StreamDeleted', bytes: message.serializeBinary() },
    'Stream is deleted.',
  );
}

export function wrongVersionStatus(expected: ExpectedRevision, current: number | undefined): Status {
  const message = new sharedPb.WrongExpectedVersion();
  if (current === undefined) message.setCurrentNoStream(new sharedPb.Empty() as never);
  else message.setCurrentStreamRevision(String(current));
  if (expected === 'any') message.setExpectedAny(new sharedPb.Empty() as never);
  else if (expected === 'stream_exists') message.setExpectedStreamExists(new sharedPb.Empty() as never);
  else if (expected === 'no_stream') message.setExpectedNoStream(new sharedPb.Empty() as never);
  else message.setExpectedStreamPosition(String(expected));
  return failureStatus(
    { name: 'event_store.client.WrongExpectedVersion', bytes: message.serializeBinary() },
    '',
  );
}

/** The failure of a whole call, with the trailers by which the client names it. */
export function callError(
  code: status,
  details: string,
  trailers: Record<string, string> = {},
): ServiceError {
  const metadata = new Metadata();
  for (const [key, value] of Object.entries(trailers)) metadata.set(key, value);
  return Object.assign(new Error(details), { code, details, metadata });
}

export function deletedError(streamName: string): ServiceError {
  return callError(status.FAILED_PRECONDITION, `Event stream '${streamName}' is deleted.`, {
    exception: 'stream-deleted',
    'stream-name': streamName,
  });
}
