import { randomFillSync } from 'node:crypto';
import { open, rm, stat, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { DataLayout } from '../keeping-the-data-directory/layout.js';

const MEBIBYTE = 1024 * 1024;
/** Two segments of the write-ahead log: with less, Postgres may come to a write that it cannot survive. */
const LOW_BYTES = 32 * MEBIBYTE;
const RESERVE_BYTES = 32 * MEBIBYTE;
/** Enough for both, and as much again to begin with. */
const ROOM_BYTES = LOW_BYTES + RESERVE_BYTES + LOW_BYTES;
const LOOKED_AT_EVERY_MILLISECONDS = 1000;

/** Where the reserve lies: beside the data, where the database is on the same file system; else beside that. */
export async function reserveFor(
  { directory, reserveFile }: DataLayout,
  databaseDirectory: string,
): Promise<string> {
  const [data, database] = await Promise.all([stat(directory), stat(databaseDirectory)]);
  return data.dev === database.dev ? reserveFile : `${databaseDirectory}.reserve`;
}

/**
 * Watches the room on the disk of the database. Before the last of it is used, `hasRoom` becomes false, and a file that
 * kept 32 MiB in reserve is removed: what was taken is carried out and everybody can read, until somebody has made room.
 */
export class DiskRoom {
  hasRoom = true;
  private reserved = false;
  private timer: NodeJS.Timeout | undefined;
  private looking: Promise<void> = Promise.resolve();
  private stopped = false;

  private constructor(
    private readonly reserveFile: string,
    private readonly report: (line: string) => void,
  ) {}

  static async watch(reserveFile: string, report: (line: string) => void): Promise<DiskRoom> {
    const room = new DiskRoom(reserveFile, report);
    room.reserved = (await sizeOf(reserveFile)) === RESERVE_BYTES;
    room.lookAgain(0);
    return room;
  }

  async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    await this.looking;
  }

  private lookAgain(afterMilliseconds: number): void {
    this.timer = setTimeout(() => {
      this.looking = this.look()
        .catch((error: Error) => this.report(`the room on the disk cannot be watched: ${error.message}`))
        .finally(() => {
          if (!this.stopped) this.lookAgain(LOOKED_AT_EVERY_MILLISECONDS);
        });
    }, afterMilliseconds);
    this.timer.unref();
  }

  private async look(): Promise<void> {
    const directory = dirname(this.reserveFile);
    const { bavail, bsize } = await statfs(directory);
    const freeBytes = bavail * bsize;
    if (this.hasRoom && freeBytes < LOW_BYTES) {
      this.hasRoom = false;
      await this.giveReserveFree();
      this.report(
        `The disk of ${directory} is full (${mebibytes(freeBytes)} MiB free): reading goes on, commands and mails are refused until ${mebibytes(ROOM_BYTES)} MiB are free`,
      );
    } else if (freeBytes >= ROOM_BYTES) {
      if (!this.hasRoom) this.report(`There is room on the disk of ${directory} again`);
      this.hasRoom = true;
      if (!this.reserved) await this.reserve();
    }
  }

  private async giveReserveFree(): Promise<void> {
    await rm(this.reserveFile, { force: true });
    this.reserved = false;
  }

  /** Of random bytes: some file systems keep no room for others. */
  private async reserve(): Promise<void> {
    const file = await open(this.reserveFile, 'w', 0o600);
    try {
      const some = Buffer.allocUnsafe(MEBIBYTE);
      for (let written = 0; written < RESERVE_BYTES && !this.stopped; written += some.length)
        await file.writeFile(randomFillSync(some));
      this.reserved = !this.stopped;
    } finally {
      await file.close();
    }
    if (!this.reserved) await rm(this.reserveFile, { force: true });
  }
}

const mebibytes = (bytes: number): number => Math.floor(bytes / MEBIBYTE);

async function sizeOf(file: string): Promise<number | null> {
  return stat(file).then(
    ({ size }) => size,
    () => null,
  );
}
