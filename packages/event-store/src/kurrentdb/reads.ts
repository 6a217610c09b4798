import type { ReadResp } from '@eventstore/db-client/generated/streams_pb.js';
import { type Position, type StoredEvent, StoreUnavailableError } from '../port.js';
import type { AllRead } from '../subscribing/subscription.js';
import type { CallGate } from './call-gate.js';
import type { Link } from './connection.js';
import { type RecordedEvent, streamNameOf, toStoredEvent, typeOf } from './encoding.js';
import { asStoreError, classify, NoAnswerError } from './errors.js';
import { allRequest, type ReadRequest, streamRequest } from './read-requests.js';

const STREAM_PAGE = 2_000;
/** How many events of the service one look at a few of its streams goes through. */
const SCAN_PAGE = 500;

export interface ReadOptions {
  readonly fromVersion?: number;
  readonly direction?: 'forwards' | 'backwards';
  readonly limit?: number;
}

/** The read side of the store: each call has its own time limit, a place among the connection's calls, and an end. */
export class Reads {
  #closed = false;

  constructor(
    private readonly link: Link,
    private readonly gate: CallGate,
    private readonly prefix: string,
    /** The longest silence of the server within a read. */
    private readonly answerMilliseconds: number,
  ) {}

  /** Reads a stream in pages, so that no call's time grows with the stream's length. */
  async stream(streamId: string, options: ReadOptions): Promise<StoredEvent[]> {
    const { fromVersion, direction = 'forwards', limit = Number.POSITIVE_INFINITY } = options;
    const forwards = direction === 'forwards';
    const events: StoredEvent[] = [];
    let next = forwards ? Math.max(fromVersion ?? 1, 1) : fromVersion;
    while (events.length < limit && (next === undefined || next > 0)) {
      const size = Math.min(limit - events.length, STREAM_PAGE);
      const page = await this.recorded(
        streamRequest(
          `${this.prefix}${streamId}`,
          direction,
          next === undefined ? undefined : next - 1,
          size,
        ),
      );
      for (const event of page) events.push(toStoredEvent(event, this.prefix));
      if (page.length < size) break;
      next = events.at(-1)!.version + (forwards ? 1 : -1);
    }
    return events;
  }

  /** One bounded look at what comes after a position; `readUpTo` moves on also where no event passed the filter. */
  async after(after: Position, prefixes: readonly string[] | undefined, limit: number): Promise<AllRead> {
    const scanned = prefixes === undefined ? limit : Math.max(limit, SCAN_PAGE);
    // The server begins with the event at the position itself.
    const page = await this.recorded(allRequest('forwards', after, [this.prefix], scanned + 1));
    const events: StoredEvent[] = [];
    let readUpTo = after;
    let looked = 0;
    for (const recorded of page) {
      const position = BigInt(recorded.getCommitPosition());
      if (position <= after) continue;
      if (events.length === limit || looked === scanned) break;
      looked += 1;
      readUpTo = position;
      if (isSystemEvent(recorded)) continue;
      const streamId = streamNameOf(recorded).slice(this.prefix.length);
      if (prefixes === undefined || prefixes.some((prefix) => streamId.startsWith(prefix)))
        events.push(toStoredEvent(recorded, this.prefix));
    }
    return { events, readUpTo };
  }

  /** The position of the newest event of the service, 0 when it has none. */
  async head(): Promise<Position> {
    let before: Position | undefined;
    for (;;) {
      const [newest] = await this.recorded(allRequest('backwards', before, [this.prefix], 1));
      if (newest === undefined) return 0n;
      before = BigInt(newest.getCommitPosition());
      if (!isSystemEvent(newest)) return before;
    }
  }

  /** All events that a request gives; none for a stream that nobody wrote. */
  async recorded(request: ReadRequest): Promise<RecordedEvent[]> {
    try {
      return await this.gate.run(() => this.#collect(request));
    } catch (error) {
      throw asStoreError(error);
    }
  }

  close(): void {
    this.#closed = true;
    this.link.close();
  }

  async #collect(request: ReadRequest): Promise<RecordedEvent[]> {
    if (this.#closed) throw new StoreUnavailableError('it is closed');
    const connection = this.link.get();
    try {
      const streams = await connection.streams(this.answerMilliseconds);
      const call = streams.read(request, ...connection.callArguments());
      return await collect(call, this.answerMilliseconds);
    } catch (error) {
      if (classify(error) !== 'permanent') this.link.drop(connection);
      throw error;
    }
  }
}

/** What the server writes into a stream of ours when it is deleted. */
export function isSystemEvent(recorded: RecordedEvent): boolean {
  return typeOf(recorded).startsWith('$');
}

type ReadCall = NodeJS.EventEmitter & { cancel(): void };

function collect(call: ReadCall, answerMilliseconds: number): Promise<RecordedEvent[]> {
  return new Promise((resolve, reject) => {
    const events: RecordedEvent[] = [];
    const silence = setTimeout(
      () => end(() => reject(new NoAnswerError(`a read was not answered in ${answerMilliseconds} ms`))),
      answerMilliseconds,
    );
    // An error that comes after the end of it must find a listener too.
    const end = (settle: () => void) => {
      clearTimeout(silence);
      call.cancel();
      settle();
    };
    call.on('data', (response: ReadResp) => {
      silence.refresh();
      const event = response.getEvent()?.getEvent();
      if (event !== undefined) events.push(event);
    });
    call.on('error', (error) => end(() => reject(error)));
    call.on('end', () => end(() => resolve(events)));
  });
}
