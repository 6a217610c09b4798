import { readdirSync, readFileSync, readlinkSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

export const RUN_PREFIX = 'monteore-tests-';

/** Runs that were killed could not clear up: the next one does. */
export async function clearLeftRuns() {
  for (const name of readdirSync(tmpdir())) {
    const pid = Number(new RegExp(`^${RUN_PREFIX}(\\d+)-`).exec(name)?.[1]);
    if (pid > 0 && !isAlive(pid)) await clearRun(join(tmpdir(), name));
  }
}

/** Ends the servers of a run (each has left a file that names its data directory) and removes their data. */
export async function clearRun(directory) {
  const servers = join(directory, 'servers');
  for (const name of namesIn(servers)) {
    const dataDir = readFileSync(join(servers, name), 'utf8');
    await endServer(dataDir);
    rmSync(dataDir, { recursive: true, force: true });
  }
  rmSync(directory, { recursive: true, force: true });
}

/** The data is thrown away, so the server is ended the quick way. */
async function endServer(dataDir) {
  let pid;
  try {
    pid = Number(readFileSync(join(dataDir, 'postmaster.pid'), 'utf8').split('\n', 1)[0]);
    if (process.platform === 'linux' && readlinkSync(`/proc/${pid}/cwd`) !== realpathSync(dataDir)) return;
    process.kill(pid, 'SIGQUIT');
  } catch {
    return;
  }
  const end = performance.now() + 5_000;
  while (isAlive(pid) && performance.now() < end) await pause(10);
}

function namesIn(directory) {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}
