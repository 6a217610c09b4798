import { once } from 'node:events';
import streamsPb, { type ReadReq, type ReadResp } from '@eventstore/db-client/generated/streams_pb.js';
import { type ServerWritableStream, status } from '@grpc/grpc-js';
import type { Log } from './log.js';
import { callError, deletedError, eventResponse, filterOf, identifierOf, streamNameOf } from './messages.js';
import type { LogRecord } from './record.js';

export type ReadCall = ServerWritableStream<ReadReq, ReadResp>;

/** How many events the server looks at between two checkpoints, times the interval of the request. */
const SEARCH_WINDOW = 32;

/** `isForgotten`: whether a subscription brings nothing more from now on. */
export async function read(log: Log, call: ReadCall, isForgotten: () => boolean): Promise<void> {
  const options = call.request.getOptions()!;
  try {
    if (options.hasSubscription()) {
      if (!options.hasAll()) throw callError(status.UNIMPLEMENTED, 'the double subscribes to $all only');
      await subscribe(log, call, options, isForgotten);
    } else {
      await (options.hasStream() ? readStream(log, call, options) : readAll(log, call, options));
      call.end();
    }
  } catch (error) {
    if (!call.cancelled) call.emit('error', error);
  }
}

async function readStream(log: Log, call: ReadCall, options: ReadReq.Options): Promise<void> {
  const asked = options.getStream()!;
  const streamName = streamNameOf(asked.getStreamIdentifier());
  const records = log.read(streamName);
  if (records === 'deleted') throw deletedError(streamName);
  if (records === undefined) {
    const notFound = new streamsPb.ReadResp.StreamNotFound();
    notFound.setStreamIdentifier(identifierOf(streamName));
    const response = new streamsPb.ReadResp();
    response.setStreamNotFound(notFound);
    await write(call, response);
    return;
  }
  const count = Number(options.getCount());
  const revision = asked.hasRevision() ? Number(asked.getRevision()) : undefined;
  if (options.getReadDirection() === 0) {
    const from = asked.hasEnd() ? Number.POSITIVE_INFINITY : (revision ?? 0);
    const wanted = records.filter((record) => record.revision >= from).slice(0, count);
    for (const record of wanted) await write(call, eventResponse(record));
  } else {
    const from = asked.hasStart() ? 0 : (revision ?? Number.POSITIVE_INFINITY);
    const wanted = records.filter((record) => record.revision <= from).slice(-count);
    for (const record of wanted.reverse()) await write(call, eventResponse(record));
  }
}

async function readAll(log: Log, call: ReadCall, options: ReadReq.Options): Promise<void> {
  const all = options.getAll()!;
  const passes = filterOf(options);
  const forwards = options.getReadDirection() === 0;
  const position = all.hasPosition() ? Number(all.getPosition()!.getCommitPosition()) : undefined;
  const end = log.durable;
  let left = Number(options.getCount());
  if (forwards) {
    const start = all.hasEnd() ? end : log.indexAt(position ?? 0);
    for (let index = start; index < end && left > 0; index++) left -= await offer(log.records[index]!);
  } else {
    const start = all.hasStart() ? 0 : position === undefined ? end : log.indexAt(position);
    for (let index = start - 1; index >= 0 && left > 0; index--) left -= await offer(log.records[index]!);
  }

  async function offer(record: LogRecord): Promise<0 | 1> {
    if (!passes(record)) return 0;
    await write(call, eventResponse(record));
    return 1;
  }
}

async function subscribe(
  log: Log,
  call: ReadCall,
  options: ReadReq.Options,
  isForgotten: () => boolean,
): Promise<void> {
  const all = options.getAll()!;
  const passes = filterOf(options);
  const window = SEARCH_WINDOW * (options.getFilter()?.getCheckpointintervalmultiplier() ?? 0);
  let next = all.hasEnd() ? log.durable : 0;
  // What stands at the position itself has been seen.
  if (all.hasPosition()) next = log.indexAt(Number(all.getPosition()!.getCommitPosition()) + 1);
  await write(call, confirmation());
  let considered = 0;
  let caughtUp = false;
  while (!call.cancelled) {
    if (next < log.durable && !isForgotten()) {
      const record = log.records[next]!;
      next += 1;
      if (passes(record)) await write(call, eventResponse(record));
      considered += 1;
      if (window > 0 && considered % window === 0) await write(call, checkpoint(record));
      continue;
    }
    if (!caughtUp) {
      caughtUp = true;
      const response = new streamsPb.ReadResp();
      response.setCaughtUp(new streamsPb.ReadResp.CaughtUp());
      await write(call, response);
      continue;
    }
    await more(log, call);
  }
}

/** Waits until there is more to read, or nobody to read it. */
function more(log: Log, call: ReadCall): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      silence();
      call.off('cancelled', done);
      resolve();
    };
    const silence = log.listen(done);
    call.on('cancelled', done);
    if (call.cancelled) done();
  });
}

function confirmation(): ReadResp {
  const confirmed = new streamsPb.ReadResp.SubscriptionConfirmation();
  confirmed.setSubscriptionId(crypto.randomUUID());
  const response = new streamsPb.ReadResp();
  response.setConfirmation(confirmed);
  return response;
}

function checkpoint(record: LogRecord): ReadResp {
  const reached = new streamsPb.ReadResp.Checkpoint();
  reached.setCommitPosition(String(record.position));
  reached.setPreparePosition(String(record.position));
  const response = new streamsPb.ReadResp();
  response.setCheckpoint(reached);
  return response;
}

/** Waits while the client does not take what was written. */
async function write(call: ReadCall, response: ReadResp): Promise<void> {
  if (call.cancelled) throw new Error('cancelled');
  if (call.write(response)) return;
  const gone = new AbortController();
  const giveUp = () => gone.abort();
  call.on('cancelled', giveUp);
  try {
    await once(call, 'drain', { signal: gone.signal });
  } finally {
    call.off('cancelled', giveUp);
  }
}
