import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Instance } from './instance.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const SPECS = ['**/e2e/rules/*.e2e.spec.ts', '**/e2e/guides/*.e2e.spec.ts', '**/e2e/demo/*.e2e.spec.ts'];

/** The receiving server whose word the suite has the system believe (R8). */
export const TRUSTED_AUTHSERV_ID = 'mx.agenzia.example';

/** Runs the end-to-end suite of the embedded mode, unchanged, against this system; answers Jest's exit code. */
export async function runSuite(
  { baseUrl, metricsUrl, smtp, outbox, dataDirectory, clock }: Omit<Instance, 'token' | 'rest' | 'stop'>,
  jestArguments: readonly string[],
): Promise<number> {
  const child = spawn(
    process.execPath,
    [
      ...['--experimental-vm-modules', '--no-warnings', 'node_modules/jest/bin/jest.js', ...jestArguments],
      // One after another: they share one clock, and it only goes forward.
      ...['--runInBand', '--forceExit'],
      ...SPECS.flatMap((pattern) => ['--testMatch', pattern]),
    ],
    {
      cwd: ROOT,
      stdio: ['ignore', 'inherit', 'inherit'],
      env: {
        ...process.env,
        MONTEORE_E2E_BASE_URL: baseUrl,
        MONTEORE_E2E_METRICS: metricsUrl,
        MONTEORE_E2E_SMTP: `${smtp.host}:${smtp.port}`,
        MONTEORE_E2E_OUTBOX: outbox.directory,
        MONTEORE_E2E_DATA: dataDirectory,
        MONTEORE_E2E_TEST_CLOCK: clock.file,
      },
    },
  );
  const [code] = await once(child, 'exit');
  return code ?? 1;
}
