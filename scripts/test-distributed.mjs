// `npm run test:distributed`: the services apart, as processes of their own, over a real message broker:
//   1. the messaging port's specs;
//   2. the end-to-end suite of the embedded mode, unchanged, with the ledger in Postgres and in KurrentDB;
//   3. the faults that the processes must survive.
// The broker is the one of KAFKA_BROKERS, which is left as it was found; else each part starts one, from its jars or by
// Docker. `node scripts/test-distributed.mjs messaging|suite|suite-kurrentdb|faults …` runs some of them. Ends with one line
// that counts the tests.
import { missingForKafka, startKafka } from '../infra/kafka-local/kafka.mjs';
import { jestOf, refuseUnknown, run, runParts } from './parts.mjs';

const parts = {
  messaging: async (report) => {
    const kafka = await startKafka();
    try {
      return await run('node', jestOf('**/*.kafka.spec.ts', report), {
        KAFKA_BROKERS: kafka.brokers.join(','),
      });
    } finally {
      await kafka.stop();
    }
  },
  suite: (report) => suite(report, 'postgres'),
  'suite-kurrentdb': (report) => suite(report, 'kurrentdb'),
  faults: (report) => run('node', jestOf('**/*.distributed.spec.ts', report)),
};

const suite = (report, store) =>
  run('node', [
    'e2e/distributed/run-suite.ts',
    ...['--event-store', store, '--', '--json', `--outputFile=${report}`],
  ]);

const asked = process.argv.slice(2);
refuseUnknown(parts, asked);
const missing = missingForKafka();
if (missing !== null) {
  console.error(
    `NOT TESTED: there is no broker for the services, because ${missing}. Install Java 17 and Maven, or Docker, or ` +
      'set KAFKA_BROKERS=host:port of a Kafka without topics that begin with «monteore».',
  );
  process.exit(1);
}
await runParts('distributed', parts, asked);
