import { parseArgs } from 'node:util';
import { isKafkaGiven, startKafka } from '../../infra/kafka-local/kafka.mjs';
import { Cluster } from './cluster.ts';
import { startLedgerStore } from './event-store.ts';

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '8080' },
    'smtp-port': { type: 'string', default: '2525' },
    instances: { type: 'string', default: '1' },
    'event-store': { type: 'string', default: 'postgres' },
  },
});
const write = (line: string) => process.stdout.write(`${line}\n`);

write(isKafkaGiven() ? 'Using the broker of KAFKA_BROKERS …' : 'Starting a Kafka broker …');
const kafka = await startKafka();
const store = values['event-store'] === 'kurrentdb' ? await startLedgerStore() : null;
write('Starting Postgres and the services …');
const cluster = await Cluster.start({
  brokers: kafka.brokers,
  instances: Number(values.instances),
  port: Number(values.port),
  smtpPort: Number(values['smtp-port']),
  ...(store === null ? {} : { eventStoreUrl: store.url }),
});
write(`Ready, each service as a process of its own, over throw-away data.
  HTTP       ${cluster.baseUrl}
  Mails in   SMTP on ${cluster.smtp.host}:${cluster.smtp.port}
  Mails out  files in ${cluster.outbox.directory}
  Logs       ${cluster.directory}/<service>-<instance>.log
  A token    npx monteore token --data ${cluster.dataDirectory} --role administrator
  Ctrl-C stops everything and removes the data.`);
let stopping = false;
const stop = async () => {
  if (stopping) return;
  stopping = true;
  await cluster.stop();
  await store?.close();
  await kafka.stop();
  process.exit(0);
};
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => void stop());
process.on('disconnect', () => void stop());
