import sharedPb from '@eventstore/db-client/generated/shared_pb.js';
import streamsPb, { type ReadReq } from '@eventstore/db-client/generated/streams_pb.js';
import type { Position } from '../port.js';

export type ReadRequest = ReadReq;
export type Direction = 'forwards' | 'backwards';

/** Up to `count` events of one stream, beginning with `revision` (0 for its first event), or with its end. */
export function streamRequest(
  streamName: string,
  direction: Direction,
  revision: number | undefined,
  count: number,
): ReadRequest {
  const stream = new streamsPb.ReadReq.Options.StreamOptions();
  const identifier = new sharedPb.StreamIdentifier();
  identifier.setStreamName(Buffer.from(streamName));
  stream.setStreamIdentifier(identifier);
  if (revision === undefined) stream.setEnd(new sharedPb.Empty());
  else stream.setRevision(String(revision));
  const options = optionsOf(direction);
  options.setStream(stream);
  options.setCount(String(count));
  options.setNoFilter(new sharedPb.Empty());
  return requestOf(options);
}

/**
 * Up to `count` events of the streams whose names begin with one of `prefixes`, by position. Forwards, what stands at
 * the position itself comes first, and 0 is the beginning; backwards it does not come, and undefined is the end.
 */
export function allRequest(
  direction: Direction,
  position: Position | undefined,
  prefixes: readonly string[],
  count: number,
): ReadRequest {
  const options = optionsOf(direction);
  options.setAll(allFrom(position));
  options.setCount(String(count));
  options.setFilter(streamFilter(prefixes));
  return requestOf(options);
}

/** Everything of those streams that comes after a position, for ever. */
export function subscriptionRequest(after: Position, prefixes: readonly string[]): ReadRequest {
  const options = optionsOf('forwards');
  options.setAll(allFrom(after));
  options.setSubscription(new streamsPb.ReadReq.Options.SubscriptionOptions());
  options.setFilter(streamFilter(prefixes));
  return requestOf(options);
}

function optionsOf(direction: Direction): ReadReq.Options {
  const uuids = new streamsPb.ReadReq.Options.UUIDOption();
  uuids.setString(new sharedPb.Empty());
  const options = new streamsPb.ReadReq.Options();
  options.setReadDirection(direction === 'forwards' ? 0 : 1);
  options.setResolveLinks(false);
  options.setUuidOption(uuids);
  return options;
}

function allFrom(position: Position | undefined): ReadReq.Options.AllOptions {
  const all = new streamsPb.ReadReq.Options.AllOptions();
  if (position === undefined) all.setEnd(new sharedPb.Empty());
  else if (position === 0n) all.setStart(new sharedPb.Empty());
  else {
    const at = new streamsPb.ReadReq.Options.Position();
    at.setCommitPosition(String(position));
    at.setPreparePosition(String(position));
    all.setPosition(at);
  }
  return all;
}

function streamFilter(prefixes: readonly string[]): ReadReq.Options.FilterOptions {
  const expression = new streamsPb.ReadReq.Options.FilterOptions.Expression();
  expression.setPrefixList([...prefixes]);
  const filter = new streamsPb.ReadReq.Options.FilterOptions();
  filter.setStreamIdentifier(expression);
  filter.setCount(new sharedPb.Empty());
  filter.setCheckpointintervalmultiplier(1);
  return filter;
}

function requestOf(options: ReadReq.Options): ReadRequest {
  const request = new streamsPb.ReadReq();
  request.setOptions(options);
  return request;
}
