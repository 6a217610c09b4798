// Builds what has changed since the last build; turbo remembers. Silent unless something fails.
import { spawnSync } from 'node:child_process';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const bin = join(root, 'node_modules', '.bin');

const run = spawnSync(
  join(bin, process.platform === 'win32' ? 'turbo.cmd' : 'turbo'),
  ['run', 'build', '--output-logs=errors-only', '--log-prefix=none'],
  {
    cwd: root,
    env: { ...process.env, PATH: `${bin}${delimiter}${process.env.PATH}`, TURBO_TELEMETRY_DISABLED: '1' },
    encoding: 'utf8',
    shell: process.platform === 'win32',
  },
);
if (run.status !== 0) {
  process.stderr.write(`${run.stdout ?? ''}${run.stderr ?? ''}The build failed: see above.\n`);
  process.exit(run.status ?? 1);
}
