import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, test } from '@jest/globals';

const ROOT = join(import.meta.dirname, '../..');

const pathsIn = (text: string): string[] =>
  [...text.matchAll(/`((?:apps|packages|e2e|docs|scripts)\/[\w./-]+)`/g)].map(([, path]) => path!);
const linksIn = (text: string): string[] =>
  [...text.matchAll(/\]\(([\w./-]+?)(?:#[\w-]+)?\)/g)].map(([, link]) => link!);

describe('what the documents point to is there', () => {
  test.each(['README.md', 'docs/architecture.md', 'docs/traceability.md', 'docs/adr/README.md'])(
    '%s',
    async (document) => {
      const text = await readFile(join(ROOT, document), 'utf8');
      const targets = [
        ...pathsIn(text).map((path) => join(ROOT, path)),
        ...linksIn(text).map((link) => join(ROOT, dirname(document), link)),
      ];
      expect(targets.length).toBeGreaterThan(0);
      expect(targets.filter((target) => !existsSync(target))).toEqual([]);
    },
  );

  test('every test that is called by its name', async () => {
    const text = await readFile(join(ROOT, 'docs/traceability.md'), 'utf8');
    const named = [...text.matchAll(/`([\w./-]+\.spec\.ts)`((?:,? “[^”]+”)+)/g)].flatMap(([, path, names]) =>
      [...names!.matchAll(/“([^”]+)”/g)].map(([, name]) => [path!, name!] as const),
    );
    expect(named).toHaveLength((text.match(/“/g) ?? []).length);
    for (const [path, name] of named) {
      const spec = await readFile(join(ROOT, path), 'utf8');
      expect([path, spec.includes(`'${name}'`) ? name : `has no test «${name}»`]).toEqual([path, name]);
    }
  });

  test('every rule of the domain has a line', async () => {
    const text = await readFile(join(ROOT, 'docs/traceability.md'), 'utf8');
    const named = new Set([...text.matchAll(/\bR(\d+)\b/g)].map(([, number]) => Number(number)));
    expect([...named].sort((a, b) => a - b)).toEqual(Array.from({ length: 17 }, (_, index) => index + 1));
  });
});
