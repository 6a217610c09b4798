import { judge, type StreamView, type Verdict } from './judging.js';
import { LogFile } from './log-file.js';
import type { ExpectedRevision, LogRecord, ProposedEvent } from './record.js';

export type AppendResult =
  | { readonly kind: 'appended'; readonly lastRevision: number; readonly lastPosition: number }
  | { readonly kind: 'wrong-version'; readonly currentRevision: number | undefined }
  | { readonly kind: 'deleted' };

const METADATA_TYPE = '$metadata';
const TOMBSTONE_TYPE = '$streamDeleted';
/** As large as the server writes it: everything before it is cut off. */
const EVERYTHING = '9223372036854775807';
/** Positions are offsets in the server's files, so none is 0 and they are far apart. */
const FIRST_POSITION = 1_000;

interface StoredLine {
  readonly stream: string;
  readonly created: number;
  readonly events: readonly {
    readonly id: string;
    readonly type: string;
    readonly json: boolean;
    readonly data: string;
    readonly metadata: string;
  }[];
}

/** All events of the server in one order, and what each stream has of them. */
export class Log {
  readonly records: LogRecord[] = [];
  /** How many of `records` are on the disk, and so may be read. */
  durable = 0;
  readonly #streams = new Map<string, LogRecord[]>();
  readonly #thisRun = new Map<string, LogRecord>();
  readonly #listeners = new Set<() => void>();
  readonly #file: LogFile;
  #nextPosition = FIRST_POSITION;
  #lastWrite: Promise<void> = Promise.resolve();

  constructor(file: LogFile) {
    this.#file = file;
  }

  /** With what a directory holds, or empty. */
  static async open(directory: string | undefined): Promise<Log> {
    const { file, lines } = await LogFile.open(directory);
    const log = new Log(file);
    for (const line of lines) log.#add(JSON.parse(line) as StoredLine, line.length);
    log.durable = log.records.length;
    if (lines.length === 0) await log.#writeSystemEvents();
    return log;
  }

  /** Resolves when what it answers is on the disk. */
  async append(
    streamName: string,
    expected: ExpectedRevision,
    events: readonly ProposedEvent[],
  ): Promise<AppendResult> {
    const view = this.#viewOf(streamName);
    const verdict = judge(
      view,
      expected,
      events.map(({ id }) => id),
    );
    return this.#act(streamName, view, verdict, events);
  }

  /** Cuts off all events of a stream: it reads as if it was never there, and can be begun anew behind them. */
  async softDelete(streamName: string, expected: ExpectedRevision): Promise<AppendResult> {
    return this.#delete(streamName, expected, () =>
      this.append(`$$${streamName}`, 'any', [metadataEvent(EVERYTHING)]),
    );
  }

  /** Deletes a stream for good. */
  async tombstone(streamName: string, expected: ExpectedRevision): Promise<AppendResult> {
    return this.#delete(streamName, expected, () =>
      this.#write(streamName, [
        {
          id: crypto.randomUUID(),
          type: TOMBSTONE_TYPE,
          isJson: false,
          data: Buffer.alloc(0),
          metadata: Buffer.alloc(0),
        },
      ]),
    );
  }

  /** The events of a stream that can be read; undefined when there is no such stream. */
  read(streamName: string): readonly LogRecord[] | 'deleted' | undefined {
    const records = (this.#streams.get(streamName) ?? []).filter(
      (record) => this.durable === this.records.length || record.position <= this.#lastDurablePosition(),
    );
    if (records.at(-1)?.type === TOMBSTONE_TYPE) return 'deleted';
    const cut = this.#truncateBefore(streamName);
    const left = cut === 0n ? records : records.filter(({ revision }) => BigInt(revision) >= cut);
    return left.length === 0 ? undefined : left;
  }

  /** Index of the first record at or behind a position. */
  indexAt(position: number): number {
    let [low, high] = [0, this.durable];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.records[middle]!.position < position) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Calls `listener` whenever more can be read, until the returned function is called. */
  listen(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async close(): Promise<void> {
    await this.#lastWrite;
    await this.#file.close();
  }

  async #act(
    streamName: string,
    view: StreamView,
    verdict: Verdict,
    events: readonly ProposedEvent[],
  ): Promise<AppendResult> {
    switch (verdict.kind) {
      case 'deleted':
        return { kind: 'deleted' };
      case 'wrong-version':
        return {
          kind: 'wrong-version',
          currentRevision: view.lastRevision < 0 ? undefined : view.lastRevision,
        };
      case 'repeat': {
        const last = this.#streams.get(streamName)![verdict.lastRevision]!;
        await this.#lastWrite;
        return { kind: 'appended', lastRevision: last.revision, lastPosition: last.position };
      }
      case 'append':
        if (view.softDeleted)
          void this.#write(`$$${streamName}`, [metadataEvent(String(view.lastRevision + 1))]);
        return this.#write(streamName, events);
    }
  }

  async #delete(
    streamName: string,
    expected: ExpectedRevision,
    act: () => Promise<AppendResult>,
  ): Promise<AppendResult> {
    const view = this.#viewOf(streamName);
    if (view.tombstoned) return { kind: 'deleted' };
    const fits =
      expected === 'any' ||
      (expected === 'no_stream' && view.lastRevision < 0) ||
      (expected === 'stream_exists' && view.lastRevision >= 0) ||
      expected === view.lastRevision;
    if (fits) return act();
    return { kind: 'wrong-version', currentRevision: view.lastRevision < 0 ? undefined : view.lastRevision };
  }

  async #write(streamName: string, events: readonly ProposedEvent[]): Promise<AppendResult> {
    const stored: StoredLine = {
      stream: streamName,
      created: Date.now(),
      events: events.map(({ id, type, isJson, data, metadata }) => ({
        id,
        type,
        json: isJson,
        data: Buffer.from(data).toString('base64'),
        metadata: Buffer.from(metadata).toString('base64'),
      })),
    };
    const line = JSON.stringify(stored);
    const added = this.#add(stored, line.length);
    for (const record of added) this.#thisRun.set(record.id, record);
    const end = this.records.length;
    this.#lastWrite = this.#file.add(line).then(() => {
      this.durable = Math.max(this.durable, end);
      for (const listener of this.#listeners) listener();
    });
    await this.#lastWrite;
    const last = added.at(-1)!;
    return { kind: 'appended', lastRevision: last.revision, lastPosition: last.position };
  }

  #add(stored: StoredLine, length: number): LogRecord[] {
    let records = this.#streams.get(stored.stream);
    if (records === undefined) {
      records = [];
      this.#streams.set(stored.stream, records);
    }
    const added: LogRecord[] = [];
    for (const [index, event] of stored.events.entries()) {
      const record: LogRecord = {
        id: event.id,
        type: event.type,
        isJson: event.json,
        data: Buffer.from(event.data, 'base64'),
        metadata: Buffer.from(event.metadata, 'base64'),
        streamName: stored.stream,
        revision: records.length,
        position: this.#nextPosition + index * 8,
        createdMilliseconds: stored.created,
      };
      records.push(record);
      this.records.push(record);
      added.push(record);
    }
    this.#nextPosition += length + stored.events.length * 8;
    return added;
  }

  #viewOf(streamName: string): StreamView {
    const records = this.#streams.get(streamName) ?? [];
    return {
      lastRevision: records.length - 1,
      tombstoned: records.at(-1)?.type === TOMBSTONE_TYPE,
      softDeleted: this.#truncateBefore(streamName) === BigInt(EVERYTHING),
      idAt: (revision) => records[revision]?.id,
      revisionInThisRun: (id) => {
        const record = this.#thisRun.get(id);
        return record?.streamName === streamName ? record.revision : undefined;
      },
    };
  }

  #truncateBefore(streamName: string): bigint {
    const newest = this.#streams.get(`$$${streamName}`)?.at(-1);
    if (newest === undefined) return 0n;
    // The number is larger than JSON.parse can hold.
    const cut = /"\$tb"\s*:\s*(\d+)/.exec(Buffer.from(newest.data).toString('utf8'))?.[1];
    return BigInt(cut ?? 0);
  }

  #lastDurablePosition(): number {
    return this.durable === 0 ? 0 : this.records[this.durable - 1]!.position;
  }

  /** A real server has events of its own before anybody appends. */
  async #writeSystemEvents(): Promise<void> {
    for (const type of ['$UserCreated', '$settings', '$statsCollected'])
      await this.#write(`$double-${type.slice(1)}`, [
        {
          id: crypto.randomUUID(),
          type,
          isJson: true,
          data: Buffer.from('{}'),
          metadata: Buffer.alloc(0),
        },
      ]);
  }
}

function metadataEvent(truncateBefore: string): ProposedEvent {
  return {
    id: crypto.randomUUID(),
    type: METADATA_TYPE,
    isJson: true,
    data: Buffer.from(`{"$tb":${truncateBefore}}`),
    metadata: Buffer.alloc(0),
  };
}
