import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { replaceFile } from './layout.js';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'monteore-layout-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

describe('a file that is put in place whole', () => {
  test('takes the place of the one before', async () => {
    const path = join(directory, 'admin-token');
    await replaceFile(path, 'first');
    await replaceFile(path, 'second');
    expect(readFileSync(path, 'utf8')).toBe('second');
    expect(readdirSync(directory)).toEqual(['admin-token']);
  });

  test('leaves nothing behind when it cannot be', async () => {
    mkdirSync(join(directory, 'admin-token'));
    await expect(replaceFile(join(directory, 'admin-token'), 'content')).rejects.toThrow();
    expect(readdirSync(directory)).toEqual(['admin-token']);
  });
});
