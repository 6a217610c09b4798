import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, chown, mkdir, readdir, readFile, rename, rm, rmdir, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { type Account, FALLBACK_DIRECTORIES, fallbackDirectory, mayTraverse } from './account.js';
import type { Binaries } from './binaries.js';

/**
 * Where the asked directory's data really is: there, or, when the account may not come that far, below a directory
 * that is open to it, always the same one for the same asked path. Data that was put there once stays there, also
 * when the asked path has been opened since.
 */
export async function reachableDirectory(
  asked: string,
  account: Account | undefined,
  log: (line: string) => void,
): Promise<string> {
  await mkdir(dirname(asked), { recursive: true });
  if (account === undefined || existsSync(join(asked, 'PG_VERSION'))) return asked;
  const mark = createHash('sha256').update(asked).digest('hex').slice(0, 12);
  const name = `${basename(asked)}-${mark}`;
  const kept = FALLBACK_DIRECTORIES.find((base) => existsSync(join(base, name, 'PG_VERSION')));
  if (kept === undefined && mayTraverse(account, dirname(asked))) return asked;
  const directory = join(kept ?? (await fallbackDirectory(account)), name);
  log(`${asked} is closed to the user Postgres runs as: the database is in ${directory}`);
  return directory;
}

/**
 * Makes the cluster when the directory is absent or empty; true when it did. It is made aside and renamed into
 * place, so that a half-made one is never taken for a database.
 */
export async function initialiseWhenEmpty(
  dataDir: string,
  binaries: Binaries,
  account: Account | undefined,
  password: string,
): Promise<boolean> {
  const present = await readdir(dataDir).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (present !== undefined && present.length > 0) {
    if (present.includes('PG_VERSION')) return false;
    throw new Error(`${dataDir} is neither empty nor a Postgres data directory; nothing was touched`);
  }
  if (present !== undefined) await removeEmpty(dataDir);
  const unfinished = `${dataDir}.initdb`;
  await rm(unfinished, { recursive: true, force: true });
  await mkdir(unfinished, { recursive: true, mode: 0o700 });
  await chmod(unfinished, 0o700);
  const passwordFile = `${dataDir}.${randomBytes(8).toString('hex')}.password`;
  try {
    await writeFile(passwordFile, `${password}\n`, { mode: 0o600, flag: 'wx' });
    if (account !== undefined) {
      await chown(unfinished, account.uid, account.gid);
      await chown(passwordFile, account.uid, account.gid);
    }
    await runInitdb(binaries.initdb, unfinished, passwordFile, account);
  } finally {
    await rm(passwordFile, { force: true });
  }
  await rename(unfinished, dataDir);
  return true;
}

async function removeEmpty(directory: string): Promise<void> {
  try {
    await rmdir(directory);
  } catch (error) {
    throw new Error(`${directory} cannot be replaced (a mount point?): name a directory below it`, {
      cause: error,
    });
  }
}

/** The builtin C.UTF-8 needs no locale of the machine and sorts alike everywhere, in every version. */
async function runInitdb(
  initdb: string,
  dataDir: string,
  passwordFile: string,
  account: Account | undefined,
): Promise<void> {
  const child = spawn(
    initdb,
    [
      `--pgdata=${dataDir}`,
      '--username=postgres',
      `--pwfile=${passwordFile}`,
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      '--locale=C',
      '--locale-provider=builtin',
      '--builtin-locale=C.UTF-8',
    ],
    { ...account, cwd: '/', detached: true, stdio: ['ignore', 'ignore', 'pipe'], env: cleanEnvironment() },
  );
  let complaint = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaint += text;
  });
  await new Promise<void>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      if (code === 0) resolve();
      else reject(new Error(`initdb of ${dataDir} failed (${code ?? signal}): ${complaint.trim()}`));
    });
  });
}

/** What the machine has set for another Postgres (PGDATA, PGPORT, LC_ALL...) must not reach this one. */
export function cleanEnvironment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !/^(PG|LC_|LANG)/.test(name));
  return { ...Object.fromEntries(kept), LC_ALL: 'C' };
}

/** The major version the data was made with against that of the programs: Postgres reads only its own. */
export async function assertSameMajor(dataDir: string, serverVersion: string): Promise<void> {
  const made = (await readFile(join(dataDir, 'PG_VERSION'), 'utf8')).trim();
  const major = /(\d+)/.exec(serverVersion)?.[1];
  if (made !== major)
    throw new Error(
      `the database in ${dataDir} was made by Postgres ${made}, this is ${major}: dump and restore it`,
    );
}
