import sharedPb from '@eventstore/db-client/generated/shared_pb.js';
import type { Status } from '@eventstore/db-client/generated/status_pb.js';
import streamsPb, {
  type AppendReq,
  type AppendResp,
  type BatchAppendReq,
  type BatchAppendResp,
} from '@eventstore/db-client/generated/streams_pb.js';
import {
  type ServerDuplexStream,
  type ServerReadableStream,
  type sendUnaryData,
  status,
} from '@grpc/grpc-js';
import type { AppendResult, Log } from './log.js';
import {
  badRequest,
  callError,
  deletedError,
  deletedStatus,
  expectedOf,
  identifierOf,
  MAX_APPEND_BYTES,
  proposedEvent,
  sizeOf,
  streamNameOf,
  tooLarge,
  wrongVersionStatus,
} from './messages.js';
import type { ExpectedRevision, ProposedEvent } from './record.js';

interface BatchedAppend {
  readonly streamName: string;
  readonly expected: ExpectedRevision;
  readonly events: ProposedEvent[];
}

/** One call of many appends: each is judged when its last part has come, and answered when it is on the disk. */
export function batchAppend(log: Log, call: ServerDuplexStream<BatchAppendReq, BatchAppendResp>): void {
  const pending = new Map<string, BatchedAppend>();
  const answer = (request: BatchAppendReq, fill: (response: BatchAppendResp) => void) => {
    const response = new streamsPb.BatchAppendResp();
    response.setCorrelationId(request.getCorrelationId());
    fill(response);
    if (!call.cancelled && call.writable) call.write(response);
  };
  const fail = (request: BatchAppendReq, streamName: string, failure: Status) => {
    pending.delete(request.getCorrelationId()!.getString());
    answer(request, (response) => {
      response.setStreamIdentifier(identifierOf(streamName));
      response.setError(failure);
    });
  };
  call.on('data', (request: BatchAppendReq) => {
    const key = request.getCorrelationId()!.getString();
    try {
      const options = request.getOptions();
      if (options !== undefined)
        pending.set(key, {
          streamName: streamNameOf(options.getStreamIdentifier()),
          expected: expectedOf(options, options.getStreamPosition()),
          events: [],
        });
      const append = pending.get(key);
      if (append === undefined) return;
      append.events.push(...request.getProposedMessagesList().map(proposedEvent));
      if (sizeOf(append.events) > MAX_APPEND_BYTES) {
        fail(request, append.streamName, tooLarge());
        return;
      }
      if (!request.getIsFinal()) return;
      pending.delete(key);
      void log
        .append(append.streamName, append.expected, append.events)
        .then((result) => answer(request, (response) => fillBatchAnswer(response, append, result)));
    } catch (error) {
      fail(request, '', badRequest((error as Error).message));
    }
  });
  call.on('end', () => call.end());
  call.on('error', () => {});
}

function fillBatchAnswer(
  response: BatchAppendResp,
  { streamName, expected }: BatchedAppend,
  result: AppendResult,
): void {
  response.setStreamIdentifier(identifierOf(streamName));
  switch (result.kind) {
    case 'appended': {
      const position = new sharedPb.AllStreamPosition();
      position.setCommitPosition(String(result.lastPosition));
      position.setPreparePosition(String(result.lastPosition));
      const success = new streamsPb.BatchAppendResp.Success();
      success.setCurrentRevision(String(result.lastRevision));
      success.setPosition(position);
      response.setSuccess(success);
      return;
    }
    case 'wrong-version':
      response.setError(wrongVersionStatus(expected, result.currentRevision));
      return;
    case 'deleted':
      response.setError(deletedStatus(streamName));
  }
}

/** One call for one append. */
export function append(
  log: Log,
  call: ServerReadableStream<AppendReq, AppendResp>,
  callback: sendUnaryData<AppendResp>,
): void {
  let options: AppendReq.Options | undefined;
  const events: ProposedEvent[] = [];
  let fault: Error | undefined;
  call.on('data', (request: AppendReq) => {
    try {
      options ??= request.getOptions();
      const message = request.getProposedMessage();
      if (message !== undefined) events.push(proposedEvent(message));
    } catch (error) {
      fault ??= error as Error;
    }
  });
  call.on('error', () => {});
  call.on('end', async () => {
    try {
      if (fault !== undefined) throw fault;
      const streamName = streamNameOf(options?.getStreamIdentifier());
      if (sizeOf(events) > MAX_APPEND_BYTES) {
        callback(
          callError(status.INVALID_ARGUMENT, 'Maximum Append Size Exceeded.', {
            exception: 'maximum-append-size-exceeded',
            'maximum-append-size': String(MAX_APPEND_BYTES),
          }),
        );
        return;
      }
      const expected = expectedOf(options!, options!.getRevision());
      const result = await log.append(streamName, expected, events);
      if (result.kind === 'deleted') callback(deletedError(streamName));
      else callback(null, unaryAnswer(expected, result));
    } catch (error) {
      callback(callError(status.UNKNOWN, (error as Error).message));
    }
  });
}

function unaryAnswer(
  expected: ExpectedRevision,
  result: Exclude<AppendResult, { kind: 'deleted' }>,
): AppendResp {
  const response = new streamsPb.AppendResp();
  if (result.kind === 'appended') {
    const position = new streamsPb.AppendResp.Position();
    position.setCommitPosition(String(result.lastPosition));
    position.setPreparePosition(String(result.lastPosition));
    const success = new streamsPb.AppendResp.Success();
    success.setCurrentRevision(String(result.lastRevision));
    success.setPosition(position);
    response.setSuccess(success);
    return response;
  }
  const wrong = new streamsPb.AppendResp.WrongExpectedVersion();
  if (result.currentRevision === undefined) wrong.setCurrentNoStream(new sharedPb.Empty());
  else wrong.setCurrentRevision(String(result.currentRevision));
  if (expected === 'any') wrong.setExpectedAny(new sharedPb.Empty());
  else if (expected === 'stream_exists') wrong.setExpectedStreamExists(new sharedPb.Empty());
  else if (expected === 'no_stream') wrong.setExpectedNoStream(new sharedPb.Empty());
  else wrong.setExpectedRevision(String(expected));
  response.setWrongExpectedVersion(wrong);
  return response;
}
