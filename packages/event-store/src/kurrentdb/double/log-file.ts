import { type FileHandle, mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';

/** Lines that survive the death of the process: each is on the disk when `add` resolves. */
export class LogFile {
  #waiting: { line: Buffer; written: () => void; failed: (error: unknown) => void }[] = [];
  #writing = false;
  readonly #file: FileHandle | undefined;

  constructor(file: FileHandle | undefined) {
    this.#file = file;
  }

  /** Gives the lines that are there; the last one, when it was cut off in the middle, was never promised to anybody. */
  static async open(directory: string | undefined): Promise<{ file: LogFile; lines: string[] }> {
    if (directory === undefined) return { file: new LogFile(undefined), lines: [] };
    await mkdir(directory, { recursive: true });
    const handle = await open(join(directory, 'log.jsonl'), 'a+');
    const content = await handle.readFile('utf8');
    const whole = content.slice(0, content.lastIndexOf('\n') + 1);
    if (whole.length < content.length) await handle.truncate(Buffer.byteLength(whole));
    return { file: new LogFile(handle), lines: whole.split('\n').slice(0, -1) };
  }

  add(line: string): Promise<void> {
    if (this.#file === undefined) return Promise.resolve();
    return new Promise((written, failed) => {
      this.#waiting.push({ line: Buffer.from(`${line}\n`), written, failed });
      void this.#write(this.#file!);
    });
  }

  async close(): Promise<void> {
    await this.#file?.close();
  }

  /** Whatever has come meanwhile is written together: one flush serves all. */
  async #write(file: FileHandle): Promise<void> {
    if (this.#writing) return;
    this.#writing = true;
    while (this.#waiting.length > 0) {
      const group = this.#waiting;
      this.#waiting = [];
      try {
        await file.write(Buffer.concat(group.map(({ line }) => line)));
        await file.datasync();
        for (const { written } of group) written();
      } catch (error) {
        for (const { failed } of group) failed(error);
      }
    }
    this.#writing = false;
  }
}
