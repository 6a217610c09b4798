import { PassThrough, type Readable, type Writable } from 'node:stream';
import ExcelJS from 'exceljs';

/** How much text is gathered before it goes to the compressor: one write a row is slow. */
const BATCH_CHARACTERS = 64 * 1024;

/** What this file uses of the archive inside exceljs's writer. */
interface Archive {
  append(source: Readable | Buffer | string, entry: { name: string; date?: Date }): unknown;
  abort(): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
}

/** The part of Node's buffer that exceljs reuses for the frame of a sheet. */
interface ReusedBuffer {
  toBuffer(): Buffer;
}

/**
 * One sheet on its way into the archive. exceljs's own stream says yes to every write and holds in memory
 * what the compressor has not taken; this one can be waited for.
 */
class SheetStream {
  readonly source = new PassThrough({ highWaterMark: BATCH_CHARACTERS });
  #batch: string[] = [];
  #batchCharacters = 0;

  write(chunk: string | ReusedBuffer): void {
    // The buffer is emptied for the next sheet as soon as this returns, so it is copied into text here.
    const text = typeof chunk === 'string' ? chunk : chunk.toBuffer().toString('utf8');
    this.#batch.push(text);
    this.#batchCharacters += text.length;
    if (this.#batchCharacters >= BATCH_CHARACTERS) this.#flush();
  }

  end(): void {
    this.#flush();
    this.source.end();
  }

  /** exceljs pauses its stream against `data` events, which this one does not have. */
  pause(): void {}

  /** Resolves when more may be written; rejects when nobody reads any more. */
  async ready(): Promise<void> {
    if (this.source.writableNeedDrain && !this.source.destroyed) {
      await new Promise<void>((resolve) => {
        const done = (): void => {
          this.source.off('drain', done).off('close', done);
          resolve();
        };
        this.source.on('drain', done).on('close', done);
      });
    }
    if (this.source.destroyed) throw new Error('The spreadsheet is no longer wanted');
  }

  #flush(): void {
    if (this.#batch.length === 0) return;
    this.source.write(this.#batch.join(''));
    this.#batch = [];
    this.#batchCharacters = 0;
  }
}

/** exceljs's streaming writer with two things mended: back-pressure, and the clock in the archive. */
export class WorkbookStream extends ExcelJS.stream.xlsx.WorkbookWriter {
  declare private readonly zip: Archive;
  declare private sheetStreams: SheetStream[] | undefined;

  /** @param at the date of everything inside the file */
  constructor(out: Writable, at: Date) {
    // exceljs reads `created`, `modified` and the names here although its type declaration omits them.
    const options = {
      stream: out,
      useStyles: true,
      useSharedStrings: false,
      created: at,
      modified: at,
      creator: 'Monteore',
      lastModifiedBy: 'Monteore',
      zip: { zlib: { level: 6 } },
    };
    super(options);
    // exceljs listens only at the end; an error before that would have no listener and end the process.
    this.zip.on('error', () => this.abandon());
  }

  /** The constructor of exceljs begins here, so from here on every entry of the archive gets the fixed date. */
  override addThemes(): Promise<void> {
    const append = this.zip.append.bind(this.zip);
    this.zip.append = (source, entry) => append(source, { ...entry, date: this.created });
    return super.addThemes();
  }

  /** Called by exceljs for each sheet. */
  _openStream(path: string): SheetStream {
    const stream = new SheetStream();
    this.zip.append(stream.source, { name: path });
    this.sheetStreams ??= [];
    this.sheetStreams.push(stream);
    return stream;
  }

  /** Waits until the compressor has taken what was written so far. */
  async ready(): Promise<void> {
    await this.sheetStreams?.at(-1)?.ready();
  }

  /** Lets go of everything that waits: the file will not be finished. */
  abandon(): void {
    for (const stream of this.sheetStreams ?? []) stream.source.destroy();
    this.zip.abort();
  }
}
