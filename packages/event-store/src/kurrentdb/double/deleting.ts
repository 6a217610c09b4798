import streamsPb, {
  type DeleteReq,
  type DeleteResp,
  type TombstoneReq,
  type TombstoneResp,
} from '@eventstore/db-client/generated/streams_pb.js';
import { type ServerUnaryCall, type sendUnaryData, status } from '@grpc/grpc-js';
import type { AppendResult, Log } from './log.js';
import { callError, deletedError, expectedOf, streamNameOf } from './messages.js';

export async function softDelete(
  log: Log,
  { request }: ServerUnaryCall<DeleteReq, DeleteResp>,
  callback: sendUnaryData<DeleteResp>,
): Promise<void> {
  const options = request.getOptions()!;
  const streamName = streamNameOf(options.getStreamIdentifier());
  const result = await log.softDelete(streamName, expectedOf(options, options.getRevision()));
  const error = errorOf(streamName, result);
  if (error !== undefined) return callback(error);
  const position = new streamsPb.DeleteResp.Position();
  position.setCommitPosition(positionOf(result));
  position.setPreparePosition(positionOf(result));
  const response = new streamsPb.DeleteResp();
  response.setPosition(position);
  callback(null, response);
}

export async function tombstone(
  log: Log,
  { request }: ServerUnaryCall<TombstoneReq, TombstoneResp>,
  callback: sendUnaryData<TombstoneResp>,
): Promise<void> {
  const options = request.getOptions()!;
  const streamName = streamNameOf(options.getStreamIdentifier());
  const result = await log.tombstone(streamName, expectedOf(options, options.getRevision()));
  const error = errorOf(streamName, result);
  if (error !== undefined) return callback(error);
  const position = new streamsPb.TombstoneResp.Position();
  position.setCommitPosition(positionOf(result));
  position.setPreparePosition(positionOf(result));
  const response = new streamsPb.TombstoneResp();
  response.setPosition(position);
  callback(null, response);
}

function positionOf(result: AppendResult): string {
  return result.kind === 'appended' ? String(result.lastPosition) : '0';
}

function errorOf(streamName: string, result: AppendResult) {
  if (result.kind === 'deleted') return deletedError(streamName);
  if (result.kind === 'appended') return undefined;
  return callError(status.FAILED_PRECONDITION, 'Wrong expected version.', {
    exception: 'wrong-expected-version',
    'stream-name': streamName,
    'expected-version': '-1',
    'actual-version': String(result.currentRevision ?? -1),
  });
}
