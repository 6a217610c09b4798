import { type ChainFault, EMPTY_STREAM, findChainFault, type StreamTail } from '../chain.js';
import type { EventStore } from '../port.js';
import { everyEvent } from './every-event.js';

export type StoreDifference =
  /** A store is not sound in itself: the first broken link of a stream. */
  | {
      readonly kind: 'chain';
      readonly store: 'a' | 'b';
      readonly streamId: string;
      readonly fault: ChainFault;
    }
  /** How many events of a stream each has; 0 where there is no such stream. */
  | { readonly kind: 'count'; readonly streamId: string; readonly a: number; readonly b: number }
  /** The first version of a stream at which the two hold different events. */
  | { readonly kind: 'hash'; readonly streamId: string; readonly version: number };

export type Comparison =
  | { readonly equal: true; readonly streams: number; readonly events: number }
  | { readonly equal: false; readonly difference: StoreDifference };

interface StreamSummary {
  tail: StreamTail;
  fault: ChainFault | null;
}

/**
 * Proves that two stores hold the same events: every link of every stream is verified in both, and then equal counts
 * and equal last hashes leave no other possibility. Answers the first difference, by the order of `a`. Positions and
 * the order among streams are each store's own. Memory grows with the number of streams.
 */
export async function compareStores(a: EventStore, b: EventStore): Promise<Comparison> {
  const [inA, inB] = await Promise.all([summarize(a), summarize(b)]);
  let events = 0;
  for (const streamId of new Set([...inA.keys(), ...inB.keys()])) {
    const [left, right] = [inA.get(streamId), inB.get(streamId)];
    const difference = differenceOf(streamId, left, right);
    if (difference !== undefined) return { equal: false, difference };
    if (left!.tail.hash !== right!.tail.hash)
      return {
        equal: false,
        difference: { kind: 'hash', streamId, version: await firstDifferent(a, b, streamId) },
      };
    events += left!.tail.version;
  }
  return { equal: true, streams: inA.size, events };
}

export type ChainVerification =
  | { readonly intact: true; readonly streams: number; readonly events: number }
  | { readonly intact: false; readonly streamId: string; readonly fault: ChainFault };

/** Follows every link of every stream of a store. Memory grows with the number of streams. */
export async function verifyChains(store: EventStore): Promise<ChainVerification> {
  const streams = await summarize(store);
  let events = 0;
  for (const [streamId, { tail, fault }] of streams) {
    if (fault !== null) return { intact: false, streamId, fault };
    events += tail.version;
  }
  return { intact: true, streams: streams.size, events };
}

async function summarize(store: EventStore): Promise<ReadonlyMap<string, StreamSummary>> {
  const streams = new Map<string, StreamSummary>();
  for await (const event of everyEvent(store)) {
    const known = streams.get(event.streamId);
    const fault = known?.fault ?? findChainFault([event], known?.tail ?? EMPTY_STREAM);
    const { version, hash, recordedAt } = event;
    streams.set(event.streamId, { tail: { version, hash, recordedAt }, fault });
  }
  return streams;
}

function differenceOf(
  streamId: string,
  a: StreamSummary | undefined,
  b: StreamSummary | undefined,
): StoreDifference | undefined {
  if (a?.fault) return { kind: 'chain', store: 'a', streamId, fault: a.fault };
  if (b?.fault) return { kind: 'chain', store: 'b', streamId, fault: b.fault };
  const [countA, countB] = [a?.tail.version ?? 0, b?.tail.version ?? 0];
  return countA === countB ? undefined : { kind: 'count', streamId, a: countA, b: countB };
}

async function firstDifferent(a: EventStore, b: EventStore, streamId: string): Promise<number> {
  const [left, right] = await Promise.all([a.read(streamId), b.read(streamId)]);
  return left.findIndex(({ hash }, index) => hash !== right[index]?.hash) + 1;
}
