import { clearRun } from './run-directory.mjs';

export default async function globalTeardown() {
  const directory = process.env.MONTEORE_TEST_RUN_DIR;
  if (directory !== undefined) await clearRun(directory);
}
