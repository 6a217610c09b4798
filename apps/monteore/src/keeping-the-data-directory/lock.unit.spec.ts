import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { acquireLock, type Lock, LockedError } from './lock.js';

let directory: string;
let file: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'monteore-lock-'));
  file = join(directory, 'lock');
});
afterEach(() => rm(directory, { recursive: true }));

const acquire = () => acquireLock(file, directory);
const content = async () => JSON.parse(await readFile(file, 'utf8'));

/** The pid of a process that has ended. */
async function endedPid(): Promise<number> {
  const child = spawn(process.execPath, ['-e', '']);
  await once(child, 'exit');
  return child.pid!;
}

describe('one process for a data directory', () => {
  test('a second is refused with the reason; after the release it may', async () => {
    const lock = await acquire();
    const { since } = await content();
    await expect(acquire()).rejects.toThrow(
      `${directory} is in use by another Monteore (process ${process.pid}, since ${since})`,
    );
    await lock.release();
    await (await acquire()).release();
    expect(await readdir(directory)).toEqual([]);
  });

  test('the lock of a killed process is taken over', async () => {
    await writeFile(file, JSON.stringify({ pid: await endedPid(), since: '2026-01-01T00:00:00.000Z' }));
    await acquire();
    expect(await content()).toMatchObject({ pid: process.pid });
  });

  test('a pid that was given to another process since does not hold it', async () => {
    const before = { pid: process.pid, since: '2026-01-01T00:00:00.000Z', processStart: 'other-boot/1' };
    await writeFile(file, JSON.stringify(before));
    const lock = await acquire();
    expect((await content()).processStart).not.toBe('other-boot/1');
    await lock.release();
  });

  test('of many that find a stale lock, one takes it', async () => {
    await writeFile(file, JSON.stringify({ pid: await endedPid(), since: '2026-01-01T00:00:00.000Z' }));
    const outcomes = await Promise.allSettled(Array.from({ length: 20 }, acquire));
    const refused = outcomes.filter((outcome) => outcome.status === 'rejected');
    expect(refused).toHaveLength(19);
    for (const { reason } of refused) expect(reason).toBeInstanceOf(LockedError);
    expect(await readdir(directory)).toEqual(['lock']);
  });

  test('a process that is stopping is waited for', async () => {
    const first = await acquire();
    await first.announceStop();
    const second: Promise<Lock> = acquire();
    await first.release();
    await (await second).release();
  });
});
