import { parseArgs } from 'node:util';
import { runSuite, TRUSTED_AUTHSERV_ID } from '../harness/suite.ts';
import { Deployment } from './deployment.ts';

/**
 * Runs the end-to-end suite of the embedded mode, unchanged, against docker-compose.yml, with the ledger in KurrentDB, or
 * with `--event-store postgres` in Postgres. `--without` leaves a container out. Arguments after the options go to Jest.
 */
const { values, positionals } = parseArgs({
  options: {
    'event-store': { type: 'string', default: 'kurrentdb' },
    without: { type: 'string', multiple: true, default: [] },
  },
  allowPositionals: true,
});

const deployment = await Deployment.start({
  ledgerInPostgres: values['event-store'] === 'postgres',
  without: values.without,
  trustedAuthservId: TRUSTED_AUTHSERV_ID,
});
let status = 1;
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => void deployment.stop().then(() => process.exit(1)));
try {
  status = await runSuite(deployment, positionals);
} finally {
  await deployment.stop();
}
process.exit(status);
