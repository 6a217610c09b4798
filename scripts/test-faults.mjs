// `npm run test:faults`: what the embedded instance survives, on the built program: kills, a lost database, mail servers
// that misbehave, slow readers, heavy mails, a clock that goes back, a full disk, backups. Arguments go to Jest. Ends with
// one line that counts the tests.
import { jestOf, run, runParts } from './parts.mjs';

const all = (report) => run('node', [...jestOf('**/*.faults.spec.ts', report), ...process.argv.slice(2)]);
await runParts('faults', { all }, ['all']);
