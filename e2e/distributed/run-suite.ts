import { parseArgs } from 'node:util';
import { startKafka } from '../../infra/kafka-local/kafka.mjs';
import { runSuite, TRUSTED_AUTHSERV_ID } from '../harness/suite.ts';
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
  status = await runSuite(cluster, positionals);
} finally {
  await stop();
}
process.exit(status);
