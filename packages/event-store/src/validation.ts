import { canonicalJson, isStorableText, isUuid } from '@monteore/kernel';
import { AppendTooLargeError, MAX_APPEND_BYTES, type SealedEvent, type StreamAppend } from './port.js';

/** The appends of one call, found sound, with each event as the text that is sent: a resend sends the same bytes. */
export interface PreparedAppend {
  readonly appends: readonly StreamAppend[];
  /** Canonical JSON of every event, in the order of `appends`. */
  readonly eventTexts: readonly string[];
  /** UTF-8 bytes of all of `eventTexts`. */
  readonly sizeBytes: number;
}

/**
 * What every driver asks of an append before it sends anything. Throws TypeError for what no store could keep
 * (no events, a stream named twice, versions that do not follow `expectedVersion`, links that do not hold, text or
 * numbers that JSON cannot carry) and AppendTooLargeError above 1 MiB, counted over the events' canonical JSON.
 */
export function prepareAppend(appends: readonly StreamAppend[]): PreparedAppend {
  if (appends.length === 0) throw new TypeError('an append names at least one stream');
  const streamIds = new Set<string>();
  const eventIds = new Set<string>();
  const eventTexts: string[] = [];
  let sizeBytes = 0;
  for (const append of appends) {
    if (streamIds.has(append.streamId)) throw new TypeError(`stream ${append.streamId} is named twice`);
    streamIds.add(append.streamId);
    checkStream(append);
    for (const event of append.events) {
      if (eventIds.has(event.eventId)) throw new TypeError(`event id ${event.eventId} is used twice`);
      eventIds.add(event.eventId);
      const text = canonicalJson(event);
      if (holdsNul(text)) throw new TypeError(`event ${event.eventId} holds a NUL character`);
      eventTexts.push(text);
      sizeBytes += Buffer.byteLength(text);
    }
  }
  if (sizeBytes > MAX_APPEND_BYTES) throw new AppendTooLargeError(sizeBytes);
  return { appends, eventTexts, sizeBytes };
}

function checkStream({ streamId, expectedVersion, events }: StreamAppend): void {
  if (!isFilledText(streamId)) throw new TypeError('a stream id is text, not empty, without NUL');
  if (!Number.isSafeInteger(expectedVersion) || expectedVersion < 0)
    throw new TypeError(`${expectedVersion} is no expected version`);
  if (events.length === 0) throw new TypeError(`no events for stream ${streamId}`);
  let version = expectedVersion;
  let previousHash: string | undefined;
  for (const event of events) {
    version += 1;
    if (event.streamId !== streamId)
      throw new TypeError(`an event of stream ${event.streamId} among those of ${streamId}`);
    if (event.version !== version)
      throw new TypeError(`version ${event.version} of ${streamId} where ${version} is due`);
    if (previousHash !== undefined && event.previousHash !== previousHash)
      throw new TypeError(`version ${version} of ${streamId} does not continue the one before`);
    checkFields(event);
    previousHash = event.hash;
  }
}

const HASH = /^[0-9a-f]{64}$/;

function checkFields(event: SealedEvent): void {
  const faults = [
    // Stores keep ids as 16 bytes and give them back in lower case; another spelling would break the hash.
    (!isUuid(event.eventId) || event.eventId !== event.eventId.toLowerCase()) && 'eventId',
    !isFilledText(event.type) && 'type',
    (!Number.isSafeInteger(event.schemaVersion) || event.schemaVersion < 1) && 'schemaVersion',
    !isFilledText(event.occurredOn) && 'occurredOn',
    !isFilledText(event.recordedAt) && 'recordedAt',
    !HASH.test(event.previousHash) && 'previousHash',
    !HASH.test(event.hash) && 'hash',
    !isRecord(event.data) && 'data',
    !isRecord(event.metadata) && 'metadata',
  ].filter((fault) => fault !== false);
  if (faults.length > 0)
    throw new TypeError(`version ${event.version} of ${event.streamId} has no sound ${faults.join(', ')}`);
}

function isFilledText(value: unknown): boolean {
  return typeof value === 'string' && value.length > 0 && isStorableText(value);
}

function isRecord(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** True when JSON text holds an escaped NUL, and not merely an escaped backslash before `u0000`. */
function holdsNul(json: string): boolean {
  return json.includes('\\u0000') && /(?<!\\)(?:\\\\)*\\u0000/.test(json);
}
