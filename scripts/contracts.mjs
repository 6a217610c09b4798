// `npm run contracts`: writes what is made from the public contracts, the JSON Schemas and the AsyncAPI document.
// With `-- --promise` what is new in them is promised too: from then on it can only be added to.
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

await import('./prepare.mjs');
await import('./build.mjs');
const { breakingChanges, contractFiles, PROMISE_FILE, promisedSchemas, promiseText } = await import(
  '../packages/contracts/dist/index.js'
);
const directory = join(dirname(dirname(fileURLToPath(import.meta.url))), 'packages', 'contracts');

function write(path, text) {
  const file = join(directory, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

rmSync(join(directory, 'schemas'), { recursive: true, force: true });
const files = contractFiles();
for (const [path, text] of files) write(path, text);
process.stdout.write(`${files.size} files written to packages/contracts\n`);

if (process.argv.includes('--promise')) {
  const promise = join(directory, PROMISE_FILE);
  const broken = existsSync(promise)
    ? breakingChanges(JSON.parse(readFileSync(promise, 'utf8')), promisedSchemas())
    : [];
  if (broken.length > 0) {
    console.error(
      `Not promised, because it breaks what was (docs/adr/0014-public-events.md):\n${broken.join('\n')}`,
    );
    process.exit(1);
  }
  write(PROMISE_FILE, promiseText());
  process.stdout.write(`promised: packages/contracts/${PROMISE_FILE}\n`);
}
