import { canonicalJson, sha256Hex } from '@monteore/kernel';
import { GENESIS_HASH, type NewEvent, type SealedEvent } from './port.js';

/** The end of a stream, which is all that is needed to put the next event behind it. */
export interface StreamTail {
  readonly version: number;
  readonly hash: string;
  readonly recordedAt: string;
}

export const EMPTY_STREAM: StreamTail = { version: 0, hash: GENESIS_HASH, recordedAt: '' };

/**
 * The hash of an event: over everything but the trace context and the store's positions, so that it is equal in
 * every store. It is the SHA-256, in lower-case hex, of the UTF-8 bytes of one JSON object, its canonical form:
 * - members `data`, `eventId`, `metadata` (without `traceparent`), `occurredOn`, `previousHash`, `recordedAt`,
 *   `schemaVersion`, `streamId`, `type`, `version`; `previousHash` is the hash of the event before, 64 zeros for the first;
 * - no white space; the members of every object in the order of their names' UTF-16 code units; members whose value
 *   is undefined left out, undefined items of arrays written as null;
 * - numbers and strings as ECMAScript's `JSON.stringify` writes them (shortest digits that read back the same,
 *   `-0` as `0`; escaped are `"`, `\` and what is below U+0020, nothing else).
 * chain.unit.spec.ts has test vectors. This is the one implementation.
 * Throws TypeError for what has no canonical form (kernel, canonicalJson).
 */
export function hashOf(event: Omit<SealedEvent, 'hash'>): string {
  const { traceparent: _, ...metadata } = event.metadata;
  return sha256Hex(
    canonicalJson({
      eventId: event.eventId,
      streamId: event.streamId,
      version: event.version,
      type: event.type,
      schemaVersion: event.schemaVersion,
      data: event.data,
      occurredOn: event.occurredOn,
      recordedAt: event.recordedAt,
      metadata,
      previousHash: event.previousHash,
    }),
  );
}

/** Gives new events their place behind `tail`: version, `recordedAt = max(now, previous)`, and the chain's hashes. */
export function sealEvents(
  streamId: string,
  tail: StreamTail,
  now: string,
  events: readonly NewEvent[],
): { readonly sealed: readonly SealedEvent[]; readonly tail: StreamTail } {
  let { version, hash, recordedAt } = tail;
  const sealed = events.map((event): SealedEvent => {
    version += 1;
    recordedAt = recordedAt > now ? recordedAt : now;
    const unhashed = { ...event, streamId, version, recordedAt, previousHash: hash };
    hash = hashOf(unhashed);
    return { ...unhashed, hash };
  });
  return { sealed, tail: { version, hash, recordedAt } };
}

export type ChainFault = {
  readonly version: number;
  readonly problem: 'gap' | 'previous-hash' | 'hash' | 'time';
};

/** Follows a stream's chain from `tail` over `events`; answers the first fault, or null when every link holds. */
export function findChainFault(
  events: readonly SealedEvent[],
  tail: StreamTail = EMPTY_STREAM,
): ChainFault | null {
  let { version, hash, recordedAt } = tail;
  for (const event of events) {
    if (event.version !== version + 1) return { version: event.version, problem: 'gap' };
    if (event.previousHash !== hash) return { version: event.version, problem: 'previous-hash' };
    if (event.recordedAt < recordedAt) return { version: event.version, problem: 'time' };
    if (hashOf(event) !== event.hash) return { version: event.version, problem: 'hash' };
    ({ version, hash, recordedAt } = event);
  }
  return null;
}
