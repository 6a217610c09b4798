import { randomBytes } from 'node:crypto';
import { chmod, mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** What lies where in a data directory. */
export interface DataLayout {
  readonly directory: string;
  readonly lockFile: string;
  readonly installationFile: string;
  /** How far the sample of the first start has come. */
  readonly sampleFile: string;
  readonly keysDirectory: string;
  readonly postgresDirectory: string;
  readonly postgresLog: string;
  readonly outboxDirectory: string;
  readonly adminTokenFile: string;
  /** Written by a restore, for the start that comes next. */
  readonly restoredFile: string;
  /** Room that is given free when the disk is full. */
  readonly reserveFile: string;
}

export const layoutOf = (directory: string): DataLayout => ({
  directory,
  lockFile: join(directory, 'lock'),
  installationFile: join(directory, 'installation.json'),
  sampleFile: join(directory, 'sample.json'),
  keysDirectory: join(directory, 'keys'),
  postgresDirectory: join(directory, 'postgres'),
  postgresLog: join(directory, 'postgres.log'),
  outboxDirectory: join(directory, 'outbox'),
  adminTokenFile: join(directory, 'admin-token'),
  restoredFile: join(directory, 'restored.json'),
  reserveFile: join(directory, 'reserve'),
});

/**
 * Makes the directory, closed to others (700). Started as root, where Postgres runs as another user, that user may
 * pass through it (711) but not look around; every file with a secret is closed by itself.
 */
export async function makeDataDirectory({ directory, outboxDirectory }: DataLayout): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  await chmod(directory, process.getuid?.() === 0 ? 0o711 : 0o700);
  await mkdir(outboxDirectory, { recursive: true, mode: 0o700 });
}

/** Puts a file in place whole, over whatever was there. */
export async function replaceFile(path: string, content: string, mode = 0o600): Promise<void> {
  const unfinished = join(dirname(path), `.${randomBytes(8).toString('hex')}.unfinished`);
  try {
    const file = await open(unfinished, 'wx', mode);
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(unfinished, path);
  } catch (error) {
    await rm(unfinished, { force: true });
    throw error;
  }
}
