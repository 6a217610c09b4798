// `npm run test:distributed`: the services apart, as processes of their own, over a real message broker:
//   1. the messaging port's specs;
//   2. the end-to-end suite of the embedded mode, unchanged, with the ledger in Postgres and in KurrentDB;
//   3. the faults that the processes must survive.
// The broker is the one of KAFKA_BROKERS, which is left as it was found; else each part starts one, from its jars or by
// Docker. `node scripts/test-distributed.mjs messaging|suite|suite-kurrentdb|faults …` runs some of them. Ends with one line
// that counts the tests.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { missingForKafka, startKafka } from '../infra/kafka-local/kafka.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const env = {
  ...process.env,
  PATH: `${join(root, 'node_modules', '.bin')}${delimiter}${process.env.PATH}`,
  TURBO_TELEMETRY_DISABLED: '1',
};
const jestOf = (...args) => [
  ...['--experimental-vm-modules', '--no-warnings', 'node_modules/jest/bin/jest.js'],
  ...['--runInBand', '--forceExit', ...args],
];

const parts = {
  messaging: async (report) => {
    const kafka = await startKafka();
    try {
      const args = jestOf('--testMatch', '**/*.kafka.spec.ts', '--json', `--outputFile=${report}`);
      return await run(process.execPath, args, { KAFKA_BROKERS: kafka.brokers.join(',') });
    } finally {
      await kafka.stop();
    }
  },
  suite: (report) => suite(report, 'postgres'),
  'suite-kurrentdb': (report) => suite(report, 'kurrentdb'),
  faults: (report) =>
    run(
      process.execPath,
      jestOf('--testMatch', '**/*.distributed.spec.ts', '--json', `--outputFile=${report}`),
    ),
};

const suite = (report, store) =>
  run(process.execPath, [
    'e2e/distributed/run-suite.ts',
    ...['--event-store', store, '--', '--json', `--outputFile=${report}`],
  ]);

const asked = process.argv.slice(2);
const unknown = asked.find((name) => !Object.hasOwn(parts, name));
if (unknown !== undefined) {
  console.error(`«${unknown}» is no part of these tests: ${Object.keys(parts).join(', ')}`);
  process.exit(1);
}
const missing = missingForKafka();
if (missing !== null) {
  console.error(
    `NOT TESTED: there is no broker for the services, because ${missing}. Install Java 17 and Maven, or Docker, or ` +
      'set KAFKA_BROKERS=host:port of a Kafka without topics that begin with «monteore».',
  );
  process.exit(1);
}
if ((await run('npm', ['run', '--silent', 'build'])) !== 0) process.exit(1);

const scratch = mkdtempSync(join(tmpdir(), 'monteore-jest-'));
let [passed, failed, status] = [0, 0, 0];
for (const name of asked.length === 0 ? Object.keys(parts) : asked) {
  console.error(`\n— distributed: ${name}`);
  const report = join(scratch, `${name}.json`);
  const code = await parts[name](report);
  const summary = JSON.parse(readFileSync(report, 'utf8'));
  passed += summary.numPassedTests;
  failed += summary.numFailedTests;
  if (code !== 0 || summary.numPassedTests === 0) status = 1;
}
rmSync(scratch, { recursive: true, force: true });
process.stdout.write(`${passed} passed, ${failed} failed\n`);
process.exit(status);

/** Exit code of a program whose result, not its output, is read. A signal to us ends it first. */
function run(command, args, more = {}) {
  const child = spawn(command, args, {
    cwd: root,
    env: { ...env, ...more },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => child.kill(signal));
  return new Promise((resolve) => {
    child.once('exit', (code) => resolve(code ?? 1));
    child.once('error', (error) => {
      console.error(error.message);
      resolve(1);
    });
  });
}
