import type { Actor, Json } from '@monteore/kernel';

/** What every event carries beside its facts (architecture.md, Write side). */
export interface EventMetadata {
  readonly actor: Actor;
  /** The command that made the event: the stream remembers its commands by it. */
  readonly commandId: string;
  /** SHA-256 of the command's canonical input: the same command with another input is refused. */
  readonly inputHash: string;
  readonly correlationId: string;
  readonly causationId?: string;
  /** W3C trace context. Not part of the hash. */
  readonly traceparent?: string;
}

/** An event as its service decided it, before it has a place in a stream. */
export interface NewEvent {
  readonly eventId: string;
  readonly type: string;
  readonly schemaVersion: number;
  readonly data: Readonly<Record<string, Json | undefined>>;
  /** The day it happened, `YYYY-MM-DD` in Europe/Rome (R15). */
  readonly occurredOn: string;
  readonly metadata: EventMetadata;
}

/** An event that has its place: nothing of it changes any more, whichever store keeps it. */
export interface SealedEvent extends NewEvent {
  readonly streamId: string;
  /** 1 for the first event of a stream, without gaps. */
  readonly version: number;
  /** When it was recorded, RFC 3339 in UTC; never before the previous event of the stream. */
  readonly recordedAt: string;
  /** Hash of the previous event of the stream; 64 zeros for the first. */
  readonly previousHash: string;
  readonly hash: string;
}

/** Where an event stands among all events of its store. Order of positions is order of commits. */
export type Position = bigint;

export interface StoredEvent extends SealedEvent {
  readonly position: Position;
}

/** Events for one stream; `expectedVersion` 0 means that the stream must not exist yet. */
export interface StreamAppend {
  readonly streamId: string;
  readonly expectedVersion: number;
  readonly events: readonly SealedEvent[];
}

export interface StreamAppended {
  readonly streamId: string;
  readonly version: number;
  /** One position an event, in order. */
  readonly positions: readonly Position[];
}

export interface VersionConflict {
  readonly streamId: string;
  readonly expectedVersion: number;
  readonly actualVersion: number;
}

export type AppendOutcome =
  | { readonly appended: true; readonly streams: readonly StreamAppended[] }
  | { readonly appended: false; readonly conflict: VersionConflict };

export interface EventFilter {
  /** Streams whose id begins with one of these; absent: all. */
  readonly streamPrefixes?: readonly string[];
}

export interface Subscription {
  /** Resolves when the running handler call has ended and none will follow. */
  stop(): Promise<void>;
}

/**
 * Handles a batch in order. It is called again with the same batch until it resolves (with growing pauses),
 * so it must be idempotent; a batch is never skipped.
 */
export type BatchHandler = (events: readonly StoredEvent[], lastPosition: Position) => Promise<void>;

/**
 * The append-only store of one service.
 * Failures that pass (connection lost, server stopping, time-outs) are thrown as StoreUnavailableError;
 * an append whose outcome is unclear is settled inside the driver before it answers.
 */
export interface EventStore {
  /** False where the server cannot commit several streams together; such an append is then refused with TypeError. */
  readonly commitsSeveralStreams: boolean;
  /** Names this very store: a restored or copied one gets another id. */
  storeId(): Promise<string>;
  /** All appends of one call are committed together or not at all. At most 1 MiB in all (AppendTooLargeError). */
  append(appends: readonly StreamAppend[]): Promise<AppendOutcome>;
  /** Events of one stream in order (or newest first), from `fromVersion` (inclusive) on. */
  read(
    streamId: string,
    options?: { fromVersion?: number; direction?: 'forwards' | 'backwards'; limit?: number },
  ): Promise<readonly StoredEvent[]>;
  /** Events of all streams after a position, oldest first, with the position up to which has been read. */
  readAll(
    after: Position,
    options?: { filter?: EventFilter; limit?: number },
  ): Promise<{ readonly events: readonly StoredEvent[]; readonly readUpTo: Position }>;
  /** Calls the handler with every event after a position, for ever, resuming by itself after any outage. */
  subscribe(after: Position, filter: EventFilter, handler: BatchHandler): Subscription;
  /** The position of the newest event, 0 in an empty store. */
  head(): Promise<Position>;
  close(): Promise<void>;
}

export class StoreUnavailableError extends Error {
  constructor(detail: string, options?: ErrorOptions) {
    super(`the event store does not answer: ${detail}`, options);
    this.name = 'StoreUnavailableError';
  }
}

export class AppendTooLargeError extends Error {
  constructor(readonly sizeBytes: number) {
    super(`an append of ${sizeBytes} bytes is over the limit of ${MAX_APPEND_BYTES} bytes`);
    this.name = 'AppendTooLargeError';
  }
}

/** What a driver calls the append that it sends once more because its answer was lost, where it tells of its problems. */
export const APPEND_SENT_AGAIN = 'an append whose answer was lost is sent again';

export const MAX_APPEND_BYTES = 1024 * 1024;
export const GENESIS_HASH = '0'.repeat(64);
