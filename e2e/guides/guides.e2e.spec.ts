import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Instance, startInstance } from '../harness/index.ts';

const GUIDES = join(import.meta.dirname, '../../docs/guides');

let instance: Instance;

beforeAll(async () => {
  instance = await startInstance();
}, 90_000);
afterAll(async () => {
  await instance?.stop();
});

const blocks = (text: string, language: string): string[] =>
  [...text.matchAll(new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``, 'g'))].map(([, block]) => block!);

/** Runs the blocks of a guide as one shell session; what it printed, line by line, and the answers it shows. */
async function follow(guide: string) {
  const text = await readFile(join(GUIDES, guide), 'utf8');
  const { stdout } = await promisify(execFile)(
    'bash',
    ['-e', '-o', 'pipefail', '-c', blocks(text, 'sh').join('\necho\n')],
    { env: { ...process.env, BASE: `${instance.baseUrl}/api`, DATA: instance.dataDirectory } },
  );
  const lines = stdout.split('\n').filter((line) => line !== '');
  const answers = lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line));
  const promised = blocks(text, 'json').map((block) => JSON.parse(block));
  for (const answer of promised) expect(answers).toContainEqual(expect.objectContaining(answer));
  return { lines, answers, promised };
}

describe('a guide runs as it stands, and answers what it says', () => {
  test('a package from opening to closing', async () => {
    const { answers, promised } = await follow('first-package.md');
    expect(promised).toHaveLength(2);
    expect(answers.at(-1)).toMatchObject({ status: 'closed' });
  }, 60_000);

  test('calling from a program', async () => {
    const { lines, promised } = await follow('programs.md');
    expect(promised).toHaveLength(2);
    expect(lines).toContain('600');
    expect(lines.slice(-2)).toEqual(['LotAdded', 'LotAdded']);
  }, 60_000);
});
