// `npm run test:faults`: what the embedded instance survives, on the built program: kills, a lost database, mail servers
// that misbehave, slow readers, heavy mails, a clock that goes back, a full disk, backups. Ends with one line that counts the tests.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const env = {
  ...process.env,
  PATH: `${join(root, 'node_modules', '.bin')}${delimiter}${process.env.PATH}`,
  NODE_OPTIONS: '--experimental-vm-modules --no-warnings',
  TURBO_TELEMETRY_DISABLED: '1',
};

const build = spawnSync('npm', ['run', '--silent', 'build'], { cwd: root, env, stdio: 'inherit' });
if (build.status !== 0) process.exit(build.status ?? 1);

const scratch = mkdtempSync(join(tmpdir(), 'monteore-jest-'));
const results = join(scratch, 'results.json');
const jest = spawnSync(
  'node',
  [
    ...['node_modules/jest/bin/jest.js', '--testMatch', '**/*.faults.spec.ts', '--runInBand', '--forceExit'],
    ...['--json', `--outputFile=${results}`, ...process.argv.slice(2)],
  ],
  { cwd: root, env, stdio: ['ignore', 'ignore', 'inherit'] },
);
const summary = JSON.parse(readFileSync(results, 'utf8'));
rmSync(scratch, { recursive: true });
console.error('');
process.stdout.write(`${summary.numPassedTests} passed, ${summary.numFailedTests} failed\n`);
process.exit(summary.numPassedTests === 0 ? 1 : (jest.status ?? 1));
