// `npm run test:kurrentdb`: the tests of the KurrentDB driver, against the server of KURRENTDB_URL, or against a double
// of its protocol when there is none. Ends with one line that counts the tests.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jestOf, run } from './parts.mjs';

const BOTH = '**/*.kurrentdb.int.spec.ts';
const DOUBLE_ONLY = '**/kurrentdb/**/*.double.int.spec.ts';
const WITHOUT_SERVER = '**/kurrentdb/**/*.unit.spec.ts';

const { KURRENTDB_URL } = process.env;
console.error(
  KURRENTDB_URL
    ? // It may hold a password.
      `Testing against the real server of KURRENTDB_URL (${KURRENTDB_URL.replace(/\/\/[^@/]*@/, '//')}), which is left with the streams of the tests.`
    : 'NOT A REAL SERVER: KURRENTDB_URL is not set, so all of this is tested against the double of KurrentDB. ' +
        "Set KURRENTDB_URL='esdb://127.0.0.1:2113?tls=false' to test against a real one.",
);
console.error(
  'Specs named *.double.int.spec.ts kill, stop and freeze their server: they run against the double in any case.',
);

const scratch = mkdtempSync(join(tmpdir(), 'monteore-jest-'));
const results = join(scratch, 'results.json');
let status = 1;
try {
  const patterns = [BOTH, DOUBLE_ONLY, WITHOUT_SERVER];
  status = await run('node', [...jestOf(patterns, results), ...process.argv.slice(2)]);
  const { testResults, numPassedTests, numFailedTests } = JSON.parse(readFileSync(results, 'utf8'));
  const passedIn = (isCounted) =>
    testResults
      .filter(({ name }) => isCounted(name))
      .flatMap(({ assertionResults }) => assertionResults)
      .filter((test) => test.status === 'passed').length;
  const against = passedIn((name) => name.endsWith('.kurrentdb.int.spec.ts'));
  if (against === 0) status = 1;
  process.stdout.write(
    `${numPassedTests} passed, ${numFailedTests} failed; ` +
      `${against} of those that passed were against ${KURRENTDB_URL ? 'the real server' : 'the double, for want of KURRENTDB_URL'}\n`,
  );
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
process.exit(status);
