import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { readFile, readlink, realpath, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

const POLL_MILLISECONDS = 20;

/** What postmaster.pid says: its lines are pid, data directory, start time, port, socket directory, host, memory key, status. */
export interface PidFile {
  readonly pid: number;
  readonly port: number;
  readonly ready: boolean;
}

export async function readPidFile(dataDir: string): Promise<PidFile | undefined> {
  const text = await readFile(join(dataDir, 'postmaster.pid'), 'utf8').catch(() => undefined);
  const lines = text?.split('\n') ?? [];
  const pid = Number(lines[0]);
  if (!Number.isSafeInteger(pid) || pid <= 1) return undefined;
  return { pid, port: Number(lines[3]), ready: lines[7]?.trim() === 'ready' };
}

/** A dead process that nobody has reaped (a container without an init) does not count as alive. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return process.platform !== 'linux' || !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/**
 * Pids are used again, so a number in a file proves nothing: the process must be a postgres of this very data
 * directory. A postmaster's working directory is its data directory.
 */
async function isPostmasterOf(pid: number, dataDir: string): Promise<boolean> {
  if (!isAlive(pid)) return false;
  const directory = await realpath(dataDir);
  if (process.platform === 'linux') {
    const [program, workingDirectory] = await Promise.all([
      readFile(`/proc/${pid}/comm`, 'utf8').catch(() => ''),
      readlink(`/proc/${pid}/cwd`).catch(() => ''),
    ]);
    return program.trim() === 'postgres' && workingDirectory === directory;
  }
  if (process.platform === 'win32') {
    const line = await output('tasklist', ['/fi', `PID eq ${pid}`, '/fo', 'csv', '/nh']);
    return line.toLowerCase().includes('postgres.exe');
  }
  const line = await output('ps', ['-ww', '-o', 'command=', '-p', String(pid)]);
  return basename(line.split(' ', 1)[0] ?? '') === 'postgres' && line.includes(dataDir);
}

function output(program: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve) => {
    execFile(program, args, (error, stdout) => resolve(error === null ? stdout.trim() : ''));
  });
}

/** True once `condition` holds, false when it did not within `limitMilliseconds`. */
export async function within(
  limitMilliseconds: number,
  condition: () => boolean | Promise<boolean>,
): Promise<boolean> {
  const end = performance.now() + limitMilliseconds;
  while (!(await condition())) {
    if (performance.now() > end) return false;
    await pause(POLL_MILLISECONDS);
  }
  return true;
}

/**
 * Stops a postmaster: first as its users would wish (fast: sessions are ended, a checkpoint is written), then,
 * after `fastMilliseconds`, immediately, which costs the next start a recovery but no committed row.
 */
export async function stopPostmaster(pid: number, fastMilliseconds = 20_000): Promise<void> {
  for (const [signal, limit] of [
    ['SIGINT', fastMilliseconds],
    ['SIGQUIT', 5_000],
    ['SIGKILL', 5_000],
  ] as const) {
    try {
      process.kill(pid, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ESRCH') return;
      throw error;
    }
    if (await within(limit, () => !isAlive(pid))) return;
  }
  throw new Error(`the Postgres process ${pid} does not end`);
}

/** The port of the server that runs in this directory and takes connections; undefined when there is none. */
export async function portOfRunning(dataDir: string): Promise<number | undefined> {
  const found = await readPidFile(dataDir);
  return found?.ready === true && (await isPostmasterOf(found.pid, dataDir)) ? found.port : undefined;
}

/** Stops a server that an earlier process of ours left behind in this directory; a stale pid file is removed. */
export async function stopSurvivor(dataDir: string, log: (line: string) => void): Promise<void> {
  const left = await readPidFile(dataDir);
  if (left === undefined) return;
  if (await isPostmasterOf(left.pid, dataDir)) {
    log(`stopping the Postgres (process ${left.pid}) that an earlier run left behind in ${dataDir}`);
    await stopPostmaster(left.pid);
  }
  await rm(join(dataDir, 'postmaster.pid'), { force: true });
}
