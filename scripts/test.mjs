// `npm test`: build, lint, dependency rules and every test, in the order in which they fail fastest.
// Ends with one line that counts the tests.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const bin = join(root, 'node_modules', '.bin');
const env = {
  ...process.env,
  PATH: `${bin}${delimiter}${process.env.PATH}`,
  NODE_OPTIONS: '--experimental-vm-modules --no-warnings',
  TURBO_TELEMETRY_DISABLED: '1',
};

function step(title, command, args) {
  console.error(`\n— ${title}`);
  const run = spawnSync(command, args, { cwd: root, env, stdio: 'inherit' });
  if (run.status !== 0) {
    console.error(`${title}: failed`);
    process.exit(run.status ?? 1);
  }
}

step('types and build', 'npm', ['run', '--silent', 'build']);
step('types of the tests', 'tsc', ['-p', 'tsconfig.tests.json']);
step('lint', 'biome', ['check', '.']);
step('dependency rules', 'depcruise', ['--config', '.dependency-cruiser.mjs', 'apps', 'packages']);

const scratch = mkdtempSync(join(tmpdir(), 'monteore-jest-'));
const results = join(scratch, 'results.json');
// A failed test may leave a program running that keeps Jest from ending: its result counts, not its leftovers.
const jest = spawnSync(
  'node',
  [
    'node_modules/jest/bin/jest.js',
    '--forceExit',
    '--json',
    `--outputFile=${results}`,
    ...process.argv.slice(2),
  ],
  { cwd: root, env, stdio: ['ignore', 'ignore', 'inherit'] },
);
const summary = JSON.parse(readFileSync(results, 'utf8'));
rmSync(scratch, { recursive: true });
console.error('');
process.stdout.write(`${summary.numPassedTests} passed, ${summary.numFailedTests} failed\n`);
process.exit(jest.status ?? 1);
