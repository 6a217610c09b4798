import { chmodSync, mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { clearLeftRuns, RUN_PREFIX } from './run-directory.mjs';

/**
 * Gives the run a directory of its own. Nothing is started here: the first test that asks for a database starts
 * the server (src/shared-server.ts), so runs without one stay fast. Plain JavaScript, since Jest loads it untransformed.
 */
export default async function globalSetup() {
  await clearLeftRuns();
  const directory = mkdtempSync(join(tmpdir(), `${RUN_PREFIX}${process.pid}-`));
  chmodSync(directory, 0o755);
  mkdirSync(join(directory, 'servers'));
  process.env.MONTEORE_TEST_RUN_DIR = directory;
}
