// `npm run test:distributed`: the tests of what needs a message broker, against a real one: that of KAFKA_BROKERS,
// or one started here from its jars. Ends with one line that counts the tests.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { missingForKafka, startKafka } from '../infra/kafka-local/kafka.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

const kafka = await brokerToUse();
const scratch = mkdtempSync(join(tmpdir(), 'monteore-jest-'));
const results = join(scratch, 'results.json');
let status = 1;
try {
  status = await runJest(kafka.brokers);
  const summary = JSON.parse(readFileSync(results, 'utf8'));
  process.stdout.write(`${summary.numPassedTests} passed, ${summary.numFailedTests} failed\n`);
  if (summary.numPassedTests === 0) status = 1;
} finally {
  rmSync(scratch, { recursive: true, force: true });
  await kafka.stop();
}
process.exit(status);

async function brokerToUse() {
  const { KAFKA_BROKERS } = process.env;
  if (KAFKA_BROKERS) return { brokers: KAFKA_BROKERS.split(','), stop: async () => {} };
  const missing = missingForKafka();
  if (missing !== null) {
    console.error(
      `NOT TESTED: there is no broker to test against: KAFKA_BROKERS is not set and ${missing}. ` +
        'Set KAFKA_BROKERS=host:port of a Kafka, or install Java 17 and Maven.',
    );
    process.exit(1);
  }
  console.error('Starting a Kafka broker …');
  return startKafka();
}

/** Jest's exit code. A signal to us ends it, and the broker after it. */
function runJest(brokers) {
  const child = spawn(
    process.execPath,
    [
      '--experimental-vm-modules',
      '--no-warnings',
      'node_modules/jest/bin/jest.js',
      '--testMatch',
      '**/*.kafka.spec.ts',
      '--runInBand',
      '--json',
      `--outputFile=${results}`,
      ...process.argv.slice(2),
    ],
    {
      cwd: root,
      env: { ...process.env, KAFKA_BROKERS: brokers.join(',') },
      stdio: ['ignore', 'ignore', 'inherit'],
    },
  );
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => child.kill(signal));
  return new Promise((resolve) => {
    child.once('exit', (code) => resolve(code ?? 1));
    child.once('error', (error) => {
      console.error(error.message);
      resolve(1);
    });
  });
}
