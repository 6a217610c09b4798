import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { type DataLayout, layoutOf, replaceFile } from '../keeping-the-data-directory/layout.js';
import { type BackupEnd, withBaseBackup } from './base-backup.js';
import { CONTROL_FILE, listCluster } from './cluster-files.js';
import { type CopiedFile, copyFile, syncDirectory, writeFile } from './copying.js';
import { inParallel } from './in-parallel.js';
import { type BackedUpFile, type BackupContents, DATABASE, MANIFEST_FILE, manifestOf } from './manifest.js';
import { type ReachedDatabase, withDatabase } from './reaching-the-database.js';

/**
 * Makes a backup of a data directory, whether Monteore runs on it or not: the database, and the secrets, keys and
 * progress of the sample beside it. The manifest is written last, when all else is on the disk. What was written is
 * removed when it fails. Throws Error that says what to do.
 */
export async function backUp(layout: DataLayout, to: string, signal: AbortSignal): Promise<BackupContents> {
  await requireEmpty(to);
  return withDatabase(layout, async (database) => {
    await mkdir(to, { recursive: true, mode: 0o700 });
    try {
      return await new Backup(to, signal).make(layout, database);
    } catch (error) {
      for (const name of await readdir(to)) await rm(join(to, name), { recursive: true, force: true });
      throw error;
    }
  });
}

async function requireEmpty(directory: string): Promise<void> {
  const present = await readdir(directory).catch((error: NodeJS.ErrnoException): string[] => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  if (present.length === 0) return;
  const what = present.includes(MANIFEST_FILE)
    ? 'there is a backup in it'
    : 'what is in it is no finished backup';
  throw new Error(`${directory} is not empty: ${what}; name a new directory with --to`);
}

class Backup {
  private readonly directories: string[] = [];
  private readonly files: BackedUpFile[] = [];

  constructor(
    private readonly to: string,
    private readonly signal: AbortSignal,
  ) {}

  async make(layout: DataLayout, database: ReachedDatabase): Promise<BackupContents> {
    const startedAt = new Date().toISOString();
    const postgresVersion = await versionOf(database);
    await this.addDirectory(DATABASE);
    await withBaseBackup(database.adminUrl('postgres'), {
      copyFiles: () => this.addCluster(database.directory),
      finish: (end) => this.addEnd(database.directory, end),
    });
    await this.addInstallation(layout);
    for (const directory of ['.', ...this.directories]) await syncDirectory(join(this.to, directory));
    const contents: BackupContents = {
      form: 1,
      startedAt,
      madeAt: new Date().toISOString(),
      installationId: database.installation.installationId,
      postgresVersion,
      directories: this.directories,
      files: this.files.sort((one, other) => (one.path < other.path ? -1 : 1)),
    };
    await replaceFile(join(this.to, MANIFEST_FILE), manifestOf(contents));
    await syncDirectory(this.to);
    return contents;
  }

  private async addCluster(cluster: string): Promise<void> {
    const { directories, files } = await listCluster(cluster);
    for (const directory of directories) await this.addDirectory(`${DATABASE}/${directory}`);
    const whileWritten = files.filter((path) => path !== CONTROL_FILE);
    await inParallel(whileWritten, async (path) => {
      await this.addFile(join(cluster, path), `${DATABASE}/${path}`);
    });
    await this.addControlFile(cluster);
  }

  /** The server writes it in place: only when two readings agree has none met it half-written. */
  private async addControlFile(cluster: string): Promise<void> {
    const [from, path] = [join(cluster, CONTROL_FILE), `${DATABASE}/${CONTROL_FILE}`];
    const target = join(this.to, path);
    const read = async (): Promise<CopiedFile> => {
      await rm(target, { force: true });
      const copied = await copyFile(from, target, this.signal);
      if (copied === null) throw new Error(`${from} is missing`);
      return copied;
    };
    let before = await read();
    for (let copied = await read(); copied.sha256 !== before.sha256; copied = await read()) before = copied;
    this.files.push({ path, ...before });
  }

  private async addEnd(cluster: string, { label, segments }: BackupEnd): Promise<void> {
    const path = `${DATABASE}/backup_label`;
    this.files.push({ path, ...(await writeFile(join(this.to, path), [Buffer.from(label)])) });
    for (const segment of segments)
      await this.addNeeded(join(cluster, 'pg_wal', segment), `${DATABASE}/pg_wal/${segment}`);
  }

  /** Never changed after the first start, but for the progress of the sample, which may be absent. */
  private async addInstallation(layout: DataLayout): Promise<void> {
    const there = layoutOf('');
    await this.addNeeded(layout.installationFile, there.installationFile);
    await this.addFile(layout.sampleFile, there.sampleFile);
    await this.addDirectory(there.keysDirectory);
    for (const name of await readdir(layout.keysDirectory))
      await this.addNeeded(join(layout.keysDirectory, name), `${there.keysDirectory}/${name}`);
  }

  private async addDirectory(path: string): Promise<void> {
    await mkdir(join(this.to, path), { mode: 0o700 });
    this.directories.push(path);
  }

  private async addNeeded(from: string, path: string): Promise<void> {
    if (!(await this.addFile(from, path))) throw new Error(`${from} is missing: a backup needs it`);
  }

  /** False when the file is not there; in a database that runs, files come and go. */
  private async addFile(from: string, path: string): Promise<boolean> {
    const copied = await copyFile(from, join(this.to, path), this.signal);
    if (copied !== null) this.files.push({ path, ...copied });
    return copied !== null;
  }
}

async function versionOf({ adminUrl }: ReachedDatabase): Promise<string> {
  const client = new pg.Client({ connectionString: adminUrl('postgres'), connectionTimeoutMillis: 10_000 });
  await client.connect();
  try {
    const { rows } = await client.query<{ server_version: string }>('SHOW server_version');
    return rows[0]!.server_version;
  } finally {
    await client.end();
  }
}
