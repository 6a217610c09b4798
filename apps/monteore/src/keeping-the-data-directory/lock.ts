import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { link, readFile, rename, rm } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { writeNewFile } from '@monteore/identity/signing-keys';
import { z } from 'zod';
import { replaceFile } from './layout.js';

const zHolder = z.object({
  pid: z.number().int().positive(),
  since: z.string(),
  /** When the machine says the process began, with its boot: pids are used again. Absent where there is no /proc. */
  processStart: z.string().optional(),
  /** It is on its way out: whoever comes may wait a moment. */
  stopping: z.boolean().default(false),
});
type Holder = z.output<typeof zHolder>;

export class LockedError extends Error {
  constructor(directory: string, { pid, since }: Holder) {
    super(
      `${directory} is in use by another Monteore (process ${pid}, since ${since}): stop that one, or name another --data`,
    );
    this.name = 'LockedError';
  }
}

export interface Lock {
  /** Tells others that this process is about to end. */
  announceStop(): Promise<void>;
  release(): Promise<void>;
}

const STOPPING_LIMIT_MILLISECONDS = 40_000;
const POLL_MILLISECONDS = 50;

/**
 * One process for a data directory. The lock of a process that was killed is taken over; one that is stopping is
 * waited for. Throws LockedError that names the process that holds it.
 */
export async function acquireLock(lockFile: string, directory: string): Promise<Lock> {
  const self: Holder = {
    pid: process.pid,
    since: new Date().toISOString(),
    processStart: processStartOf(process.pid)?.start,
    stopping: false,
  };
  const content = JSON.stringify(self);
  const giveUpAt = performance.now() + STOPPING_LIMIT_MILLISECONDS;
  while (!(await writeNewFile(lockFile, content))) {
    const found = await readFile(lockFile, 'utf8').catch(() => null);
    if (found === null) continue;
    const holder = holderIn(found);
    if (holder === null || !isHolding(holder)) await removeStale(lockFile, found);
    else if (holder.stopping && performance.now() < giveUpAt) await pause(POLL_MILLISECONDS);
    else throw new LockedError(directory, holder);
  }
  return {
    announceStop: () => replaceFile(lockFile, JSON.stringify({ ...self, stopping: true })),
    release: async () => {
      const found = await readFile(lockFile, 'utf8').catch(() => null);
      if (found !== null && isSame(holderIn(found), self)) await rm(lockFile, { force: true });
    },
  };
}

/** What a half-written or foreign file says counts as nothing: locks are written whole. */
function holderIn(text: string): Holder | null {
  try {
    return zHolder.parse(JSON.parse(text));
  } catch {
    return null;
  }
}

const isSame = (one: Holder | null, other: Holder): boolean =>
  one !== null && one.pid === other.pid && one.since === other.since;

function isHolding({ pid, processStart }: Holder): boolean {
  const found = processStartOf(pid);
  if (found === null) return answersSignals(pid);
  return !found.ended && (processStart === undefined || processStart === found.start);
}

function answersSignals(pid: number): boolean {
  if (process.platform === 'linux') return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** From /proc: the 22nd field of stat counts ticks since the boot. Null where there is no such process, or no /proc. */
function processStartOf(pid: number): { readonly start: string; readonly ended: boolean } | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
    return { start: `${boot}/${fields[19]}`, ended: fields[0] === 'Z' || fields[0] === 'X' };
  } catch {
    return null;
  }
}

/**
 * Moves the lock aside before it is removed, and looks at what was moved: when another process has taken the stale
 * lock over in between, it was that one's, and goes back.
 */
async function removeStale(lockFile: string, stale: string): Promise<void> {
  const aside = `${lockFile}.${randomBytes(8).toString('hex')}`;
  try {
    await rename(lockFile, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  if ((await readFile(aside, 'utf8')) !== stale) {
    await link(aside, lockFile).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
  }
  await rm(aside, { force: true });
}
