import { existsSync } from 'node:fs';
import { chown, mkdir, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type DatabasePlace, placeOfDatabase } from '@monteore/embedded-postgres';
import { databaseDirectoryOf } from '../keeping-the-data-directory/installation.js';
import {
  type DataLayout,
  layoutOf,
  makeDataDirectory,
  replaceFile,
} from '../keeping-the-data-directory/layout.js';
import { acquireLock } from '../keeping-the-data-directory/lock.js';
import type { Restored } from './continuing.js';
import { copyFile, syncDirectory } from './copying.js';
import { inParallel } from './in-parallel.js';
import { type BackedUpFile, type BackupContents, DATABASE, readManifest, verifyFiles } from './manifest.js';

/**
 * Makes a data directory from a backup, when every file of it is what was backed up. `installation.json` comes last:
 * without it Monteore does not start on what an interrupted restore has left. Throws Error that says what to do.
 */
export async function restore(
  from: string,
  layout: DataLayout,
  signal: AbortSignal,
): Promise<BackupContents> {
  const contents = await readManifest(from);
  await requireEmpty(layout.directory);
  await verifyFiles(from, contents.files);
  await makeDataDirectory(layout);
  const lock = await acquireLock(layout.lockFile, layout.directory);
  try {
    await new Restoring(from, contents, signal).into(layout);
  } finally {
    await lock.release();
  }
  return contents;
}

async function requireEmpty(directory: string): Promise<void> {
  const present = await readdir(directory).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  if (present.length > 0)
    throw new Error(`${directory} is not empty: nothing was restored; name a new directory with --data`);
}

class Restoring {
  constructor(
    private readonly from: string,
    private readonly contents: BackupContents,
    private readonly signal: AbortSignal,
  ) {}

  async into(layout: DataLayout): Promise<void> {
    const inDatabase = `${DATABASE}/`;
    const ofDatabase = this.contents.files.filter(({ path }) => path.startsWith(inDatabase));
    const beside = this.contents.files.filter(({ path }) => !path.startsWith(inDatabase));
    await mkdir(layout.postgresDirectory);
    const place = await placeOfDatabase(databaseDirectoryOf(layout, this.contents));
    await this.restoreDatabase(place, ofDatabase);
    await mkdir(layout.keysDirectory, { mode: 0o700 });
    const last = layoutOf('').installationFile;
    for (const file of beside)
      if (file.path !== last) await this.copy(file, join(layout.directory, file.path));
    const restored: Restored = { madeAt: this.contents.madeAt, restoredAt: new Date().toISOString() };
    await replaceFile(layout.restoredFile, JSON.stringify(restored));
    for (const directory of [layout.keysDirectory, layout.directory]) await syncDirectory(directory);
    const installation = beside.find(({ path }) => path === last);
    if (installation === undefined) throw new Error(`the backup has no ${last}: restore from another one`);
    await this.copy(installation, layout.installationFile);
    await syncDirectory(layout.directory);
  }

  /** Aside, and renamed when it is whole. */
  private async restoreDatabase(
    { directory, account }: DatabasePlace,
    files: readonly BackedUpFile[],
  ): Promise<void> {
    if (existsSync(directory))
      throw new Error(`there is a database of this installation in ${directory} already: move it away first`);
    const unfinished = `${directory}.restoring`;
    await rm(unfinished, { recursive: true, force: true });
    const own = async (path: string) => {
      if (account !== undefined) await chown(path, account.uid, account.gid);
    };
    const directories = this.contents.directories
      .filter((path) => path === DATABASE || path.startsWith(`${DATABASE}/`))
      .map((path) => join(unfinished, path.slice(DATABASE.length)));
    for (const path of directories) {
      await mkdir(path, { mode: 0o700 });
      await own(path);
    }
    await inParallel(files, async (file) => {
      const target = join(unfinished, file.path.slice(DATABASE.length));
      await this.copy(file, target);
      await own(target);
    });
    for (const path of directories) await syncDirectory(path);
    await rename(unfinished, directory);
    await syncDirectory(dirname(directory));
  }

  private async copy({ path, sha256 }: BackedUpFile, to: string): Promise<void> {
    const copied = await copyFile(join(this.from, path), to, this.signal);
    if (copied?.sha256 !== sha256)
      throw new Error(
        `${join(this.from, path)} changed while it was being restored: restore from another backup`,
      );
  }
}
