import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startKafka } from '../../infra/kafka-local/kafka.mjs';
import { Cluster } from './cluster.ts';
import { startLedgerStore } from './event-store.ts';

/**
 * Runs the end-to-end suite of the embedded mode, unchanged, against separate processes over a broker of their own;
 * with `--event-store kurrentdb` the ledger keeps its events in the server of KURRENTDB_URL, or a double of it.
 * Arguments after the options go to Jest.
 */
const { values, positionals } = parseArgs({
  options: { 'event-store': { type: 'string', default: 'postgres' } },
  allowPositionals: true,
});
const ROOT = join(import.meta.dirname, '..', '..');
/** The receiving server whose word the suite has the system believe (R8). */
const TRUSTED_AUTHSERV_ID = 'mx.agenzia.example';

const kafka = await startKafka();
const store = values['event-store'] === 'kurrentdb' ? await startLedgerStore() : null;
let cluster: Cluster | null = null;
let status = 1;
const stop = async () => {
  await cluster?.stop();
  await store?.close();
  await kafka.stop();
};
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => void stop().then(() => process.exit(1)));
try {
  cluster = await Cluster.start({
    brokers: kafka.brokers,
    intake: { MONTEORE_TRUSTED_AUTHSERV_ID: TRUSTED_AUTHSERV_ID },
    ...(store === null ? {} : { eventStoreUrl: store.url }),
  });
  status = await runJest(cluster);
} finally {
  await stop();
}
process.exit(status);

async function runJest({ baseUrl, smtp, outbox, dataDirectory, clock }: Cluster): Promise<number> {
  const specs = ['**/e2e/rules/*.e2e.spec.ts', '**/e2e/guides/*.e2e.spec.ts', '**/e2e/demo/*.e2e.spec.ts'];
  const child = spawn(
    process.execPath,
    [
      ...['--experimental-vm-modules', '--no-warnings', 'node_modules/jest/bin/jest.js', ...positionals],
      // One after another: they share one clock, and it only goes forward.
      ...['--runInBand', '--forceExit'],
      ...specs.flatMap((pattern) => ['--testMatch', pattern]),
    ],
    {
      cwd: ROOT,
      stdio: ['ignore', 'inherit', 'inherit'],
      env: {
        ...process.env,
        MONTEORE_E2E_BASE_URL: baseUrl,
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
