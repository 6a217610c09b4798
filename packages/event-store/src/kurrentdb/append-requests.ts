import sharedPb from '@eventstore/db-client/generated/shared_pb.js';
import streamsPb, {
  type BatchAppendReq,
  type BatchAppendResp,
} from '@eventstore/db-client/generated/streams_pb.js';
import { AppendTooLargeError, type Position } from '../port.js';
import type { DatabaseEvent } from './encoding.js';

/** Events for one stream of the database; `expectedVersion` 0 means that the stream must not exist yet. */
export interface DatabaseAppend {
  readonly streamName: string;
  readonly expectedVersion: number;
  readonly events: readonly DatabaseEvent[];
}

/** What the server says about one append. */
export type Answer =
  | {
      readonly kind: 'appended';
      readonly version: number;
      /** That of the last event; the server does not always know it. */
      readonly lastPosition: Position | undefined;
    }
  | { readonly kind: 'conflict'; readonly actualVersion: number }
  /** It took too long: it may still be stored. */
  | { readonly kind: 'unclear' }
  /** The server takes no appends for now. */
  | { readonly kind: 'unavailable'; readonly reason: string }
  | { readonly kind: 'refused'; readonly error: Error };

/** The same append makes the same bytes. No deadline: it would be read by the server's clock. */
export function batchRequest(correlationId: string, append: DatabaseAppend): BatchAppendReq {
  const identifier = new sharedPb.StreamIdentifier();
  identifier.setStreamName(Buffer.from(append.streamName));
  const options = new streamsPb.BatchAppendReq.Options();
  options.setStreamIdentifier(identifier);
  if (append.expectedVersion === 0) options.setNoStream(new sharedPb.Empty() as never);
  else options.setStreamPosition(String(append.expectedVersion - 1));
  const request = new streamsPb.BatchAppendReq();
  request.setCorrelationId(uuidOf(correlationId));
  request.setOptions(options);
  request.setProposedMessagesList(append.events.map(messageOf));
  request.setIsFinal(true);
  return request;
}

function messageOf({ id, type, data, metadata }: DatabaseEvent): BatchAppendReq.ProposedMessage {
  const message = new streamsPb.BatchAppendReq.ProposedMessage();
  message.setId(uuidOf(id));
  message.getMetadataMap().set('type', type).set('content-type', 'application/json');
  message.setData(data);
  message.setCustomMetadata(metadata);
  return message;
}

function uuidOf(id: string): InstanceType<typeof sharedPb.UUID> {
  const uuid = new sharedPb.UUID();
  uuid.setString(id);
  return uuid;
}

/** Which append an answer is about; the server writes ids in either of two forms. */
export function correlationIdOf(response: BatchAppendResp): string {
  const uuid = response.getCorrelationId();
  const structured = uuid?.getStructured();
  if (structured === undefined) return uuid?.getString() ?? '';
  const hex = [structured.getMostSignificantBits(), structured.getLeastSignificantBits()]
    .map((bits) => BigInt.asUintN(64, BigInt(bits)).toString(16).padStart(16, '0'))
    .join('');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

export function answerOf(response: BatchAppendResp, sizeBytes: number): Answer {
  const success = response.getSuccess();
  if (success !== undefined) {
    const position = success.getPosition();
    return {
      kind: 'appended',
      version: Number(success.getCurrentRevision()) + 1,
      lastPosition: position === undefined ? undefined : BigInt(position.getCommitPosition()),
    };
  }
  const failure = response.getError();
  const details = failure?.getDetails();
  const message = failure?.getMessage() ?? '';
  switch (details?.getTypeName()) {
    case 'event_store.client.WrongExpectedVersion': {
      const conflict = details.unpack(
        sharedPb.WrongExpectedVersion.deserializeBinary,
        'event_store.client.WrongExpectedVersion',
      )!;
      const exists = conflict.hasCurrentStreamRevision();
      return {
        kind: 'conflict',
        actualVersion: exists ? Number(conflict.getCurrentStreamRevision()) + 1 : 0,
      };
    }
    case 'event_store.client.Timeout':
      return { kind: 'unclear' };
    case 'google.protobuf.Empty':
      return { kind: 'unavailable', reason: message };
    case 'event_store.client.MaximumAppendSizeExceeded':
      return { kind: 'refused', error: new AppendTooLargeError(sizeBytes) };
    case 'event_store.client.StreamDeleted':
      return refused('the stream was deleted for good in the database, so nothing can be appended to it');
    case 'event_store.client.AccessDenied':
      return refused('the database does not let this user append: see its access lists');
    default:
      return refused(`the database refused the append: ${message || 'it does not say why'}`);
  }
}

function refused(reason: string): Answer {
  return { kind: 'refused', error: new Error(reason) };
}
