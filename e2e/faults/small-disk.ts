import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { open, rm, statfs, truncate } from 'node:fs/promises';
import { join } from 'node:path';

const CHUNK_BYTES = 256 * 1024;

/** A file system of its own in memory, of a fixed size, that can be filled and emptied. */
export class SmallDisk {
  readonly directory: string;
  private readonly foreignFile: string;

  private constructor(directory: string) {
    this.directory = directory;
    this.foreignFile = join(directory, 'somebody-elses-file');
  }

  /** Null where this user may not mount one. */
  static mount(directory: string, mebibytes: number): SmallDisk | null {
    mkdirSync(directory, { recursive: true });
    const options = `size=${mebibytes}m,mode=711`;
    const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', directory]);
    return status === 0 ? new SmallDisk(directory) : null;
  }

  async freeBytes(): Promise<number> {
    const { bavail, bsize } = await statfs(this.directory);
    return bavail * bsize;
  }

  /** Writes until nothing more can be written; may be repeated. */
  async fill(): Promise<void> {
    const file = await open(this.foreignFile, 'a');
    try {
      for (let bytes = CHUNK_BYTES; bytes >= 4096; ) {
        const isWritten = await file.write(Buffer.alloc(bytes)).then(
          ({ bytesWritten }) => bytesWritten === bytes,
          () => false,
        );
        if (!isWritten) bytes /= 2;
      }
    } finally {
      await file.close();
    }
  }

  async makeRoom(): Promise<void> {
    await truncate(this.foreignFile, 0);
    await rm(this.foreignFile);
  }

  unmount(): void {
    spawnSync('umount', ['--lazy', this.directory]);
  }
}
