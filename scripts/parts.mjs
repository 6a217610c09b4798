// Tests that run in parts: programs whose results Jest writes into a report, and one line that counts them all.
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const env = {
  ...process.env,
  PATH: `${join(root, 'node_modules', '.bin')}${delimiter}${process.env.PATH}`,
  TURBO_TELEMETRY_DISABLED: '1',
};

/** What ends us, and the exit code that tells of it. */
const SIGNALS = { SIGINT: 130, SIGTERM: 143 };

/** Node's arguments for a run of Jest on the specs that fit one pattern, or one of several, with its report. */
export const jestOf = (patterns, report) => [
  ...['--experimental-vm-modules', '--no-warnings', 'node_modules/jest/bin/jest.js'],
  ...[patterns].flat().flatMap((pattern) => ['--testMatch', pattern]),
  ...['--runInBand', '--forceExit', '--json', `--outputFile=${report}`],
];

/** Ends this program with a message when somebody asked for a part that there is not. */
export function refuseUnknown(parts, asked) {
  const unknown = asked.find((name) => !Object.hasOwn(parts, name));
  if (unknown === undefined) return;
  console.error(`«${unknown}» is no part of these tests: ${Object.keys(parts).join(', ')}`);
  process.exit(1);
}

/**
 * Builds, runs these parts one after another, or all, and ends this program: with 0 when each had tests and all passed.
 * A part gets the file for its report and answers an exit code. `clearAway` removes what a part may have left that was
 * ended before its time; it runs after each, also when a signal ends us.
 */
export async function runParts(what, parts, asked, clearAway = async () => {}) {
  let ending = null;
  for (const [signal, code] of Object.entries(SIGNALS))
    process.on(signal, () => {
      ending ??= code;
    });
  if ((await run('npm', ['run', '--silent', 'build'])) !== 0) process.exit(ending ?? 1);
  const scratch = mkdtempSync(join(tmpdir(), 'monteore-jest-'));
  let [passed, failed, status] = [0, 0, 0];
  for (const name of asked.length === 0 ? Object.keys(parts) : asked) {
    console.error(`\n— ${what}: ${name}`);
    const report = join(scratch, `${name}.json`);
    const code = await parts[name](report);
    await clearAway();
    if (ending !== null) break;
    // Who was ended before its time has written no report.
    const { numPassedTests = 0, numFailedTests = 0 } = existsSync(report)
      ? JSON.parse(readFileSync(report, 'utf8'))
      : {};
    passed += numPassedTests;
    failed += numFailedTests;
    if (code !== 0 || numPassedTests === 0) status = 1;
  }
  rmSync(scratch, { recursive: true, force: true });
  if (ending !== null) {
    process.stdout.write(`${what}: ended before its time\n`);
    process.exit(ending);
  }
  process.stdout.write(`${passed} passed, ${failed} failed\n`);
  process.exit(status);
}

/**
 * Exit code of a program whose result, not its output, is read; `node` is the pinned one, on whatever Node we run ourselves.
 * A signal to us ends it first.
 */
export function run(command, args, more = {}, cwd = root) {
  const child = spawn(command, args, {
    cwd,
    env: { ...env, ...more },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const pass = (signal) => child.kill(signal);
  for (const signal of Object.keys(SIGNALS)) process.on(signal, pass);
  return new Promise((resolve) => {
    child.once('exit', (code) => resolve(code ?? 1));
    child.once('error', (error) => {
      console.error(error.message);
      resolve(1);
    });
  }).finally(() => {
    for (const signal of Object.keys(SIGNALS)) process.off(signal, pass);
  });
}
