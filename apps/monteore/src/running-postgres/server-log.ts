import { createWriteStream, type WriteStream } from 'node:fs';
import { rename } from 'node:fs/promises';

/**
 * The log of the server in a file for the owner alone; that of the run before is kept beside it as `.1`. What cannot be
 * written (a full disk) is lost, told once, and the next line is tried again.
 */
export class ServerLog {
  private stream: WriteStream | null = null;
  private failed = false;

  private constructor(
    private readonly file: string,
    private readonly report: (line: string) => void,
  ) {}

  static async start(file: string, report: (line: string) => void): Promise<ServerLog> {
    await rename(file, `${file}.1`).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
    });
    return new ServerLog(file, report);
  }

  readonly write = (line: string): void => {
    this.stream ??= this.open();
    this.stream.write(`${line}\n`, (error) => {
      if (error == null) this.failed = false;
    });
  };

  private open(): WriteStream {
    const stream = createWriteStream(this.file, { flags: 'a', mode: 0o600 });
    stream.on('error', (error) => {
      if (this.stream === stream) this.stream = null;
      if (!this.failed) this.report(`the log of Postgres cannot be written: ${error.message}`);
      this.failed = true;
    });
    return stream;
  }
}
