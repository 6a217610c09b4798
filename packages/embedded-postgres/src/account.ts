import { spawnSync } from 'node:child_process';
import { chmod, mkdir, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The user of the machine that Postgres runs as. */
export interface Account {
  readonly uid: number;
  readonly gid: number;
}

const NAME = 'postgres';

/**
 * Postgres refuses to run as root. As root the answer is the owner of an existing data directory, or the user
 * `postgres`, which is made when the machine has none; as anybody else it is undefined: the user we are.
 */
export async function accountFor(dataDir: string, log: (line: string) => void): Promise<Account | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const owner = await stat(join(dataDir, 'PG_VERSION')).catch(() => undefined);
  if (owner !== undefined && owner.uid !== 0) return { uid: owner.uid, gid: owner.gid };
  const known = lookUp();
  if (known !== undefined) return known;
  const made = spawnSync('useradd', ['--system', '--user-group', '--no-create-home', NAME], {
    encoding: 'utf8',
  });
  const account = lookUp();
  if (account === undefined)
    throw new Error(
      `Postgres does not run as root, and the user ${NAME} could not be made: ${made.stderr || made.error}`,
    );
  log(`running as root: made the user ${NAME} for Postgres`);
  return account;
}

function lookUp(): Account | undefined {
  const [uid, gid] = ['-u', '-g'].map((flag) => spawnSync('id', [flag, NAME], { encoding: 'utf8' }));
  if (uid?.status !== 0 || gid?.status !== 0) return undefined;
  return { uid: Number(uid.stdout), gid: Number(gid.stdout) };
}

/** Asked of the kernel as that user, since modes alone do not tell (access lists, mounts). */
function test(account: Account, flag: string, path: string): boolean {
  const answer = spawnSync('/bin/sh', ['-c', 'test "$1" "$2"', 'sh', flag, path], { ...account, cwd: '/' });
  return answer.status === 0;
}

export function mayRead(account: Account, path: string): boolean {
  return test(account, '-r', path);
}

export function mayTraverse(account: Account, path: string): boolean {
  return test(account, '-x', path);
}

/** Where data goes that cannot be where it was asked for: first what outlives a reboot. */
export const FALLBACK_DIRECTORIES: readonly string[] = ['/var/lib', '/var/tmp', tmpdir(), '/tmp'].map(
  (base) => join(base, 'monteore-postgres'),
);

/** A directory of ours that the account may traverse. */
export async function fallbackDirectory(account: Account): Promise<string> {
  for (const directory of FALLBACK_DIRECTORIES) {
    try {
      await mkdir(directory, { recursive: true });
      const { uid } = await stat(directory);
      if (uid !== 0) continue;
      await chmod(directory, 0o755);
    } catch {
      continue;
    }
    if (mayTraverse(account, directory)) return directory;
  }
  throw new Error(
    'Postgres runs as another user than root and found no directory open to it; name a data directory that other users may traverse',
  );
}
