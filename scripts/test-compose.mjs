// `npm run test:compose`: docker-compose.yml itself, its images built and its containers started by a Docker engine:
//   1. what an operator expects of the containers;
//   2. the end-to-end suite of the embedded mode, unchanged, with the ledger in KurrentDB and in Postgres.
// `node scripts/test-compose.mjs containers|suite|suite-postgres …` runs some of them; `--without grafana` leaves a
// container out. Containers, networks and volumes are the tests' own and are removed, also after Ctrl-C; the images
// stay, with the tag «test». Ends with one line that counts the tests.
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { parseArgs } from 'node:util';
import { jestOf, refuseUnknown, run, runParts } from './parts.mjs';

const { values, positionals: asked } = parseArgs({
  options: { without: { type: 'string', multiple: true, default: [] } },
  allowPositionals: true,
});

const project = `monteore-test-${randomBytes(4).toString('hex')}`;

const parts = {
  containers: (report) =>
    run('node', jestOf('**/*.compose.spec.ts', report), {
      MONTEORE_COMPOSE_PROJECT: project,
      MONTEORE_COMPOSE_WITHOUT: values.without.join(','),
    }),
  suite: (report) => suite(report, 'kurrentdb'),
  'suite-postgres': (report) => suite(report, 'postgres'),
};

const suite = (report, store) =>
  run(
    'node',
    [
      'e2e/compose/run-suite.ts',
      ...['--event-store', store, ...values.without.flatMap((name) => ['--without', name])],
      ...['--', '--json', `--outputFile=${report}`],
    ],
    { MONTEORE_COMPOSE_PROJECT: project },
  );

refuseUnknown(parts, asked);
if (spawnSync('docker', ['version'], { stdio: 'ignore' }).status !== 0) {
  console.error('NOT TESTED: no Docker engine answers. These tests need Docker Engine 26 or newer.');
  process.exit(1);
}
if (spawnSync('docker', ['compose', 'version'], { stdio: 'ignore' }).status !== 0) {
  console.error('NOT TESTED: «docker compose» does not run. These tests need Compose 2.26 or newer.');
  process.exit(1);
}

/** By its name alone, from where no Compose file is: whoever was ended before its time has no variables left. */
const removeProject = () =>
  run('docker', ['compose', '--project-name', project, 'down', '--volumes'], {}, tmpdir());

await runParts('compose', parts, asked, removeProject);
