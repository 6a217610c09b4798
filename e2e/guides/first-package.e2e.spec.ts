import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Instance, startInstance } from '../harness/index.ts';

const GUIDE = join(import.meta.dirname, '../../docs/guides/first-package.md');

let instance: Instance;

beforeAll(async () => {
  instance = await startInstance();
}, 90_000);
afterAll(async () => {
  await instance?.stop();
});

const blocks = (text: string, language: string): string[] =>
  [...text.matchAll(new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``, 'g'))].map(([, block]) => block!);

describe('the guide to the first package', () => {
  test('runs as it stands, and answers what it says', async () => {
    const guide = await readFile(GUIDE, 'utf8');
    const script = blocks(guide, 'sh').join('\necho\n');
    const { stdout } = await promisify(execFile)('bash', ['-e', '-o', 'pipefail', '-c', script], {
      env: { ...process.env, BASE: `${instance.baseUrl}/api`, DATA: instance.dataDirectory },
    });
    const answers = stdout
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line));
    const promised = blocks(guide, 'json').map((block) => JSON.parse(block));
    expect(promised).toHaveLength(2);
    for (const answer of promised) expect(answers).toContainEqual(expect.objectContaining(answer));
    expect(answers.at(-1)).toMatchObject({ status: 'closed' });
  }, 60_000);
});
