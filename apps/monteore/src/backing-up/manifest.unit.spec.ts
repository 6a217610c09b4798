import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { sha256Hex } from '@monteore/kernel';
import { type BackupContents, MANIFEST_FILE, manifestOf, readManifest, verifyFiles } from './manifest.js';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'monteore-manifest-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

const file = (path: string, content: string) => ({
  path,
  bytes: content.length,
  sha256: sha256Hex(content),
});
const contents = (files: BackupContents['files'] = [file('installation.json', '{}')]): BackupContents => ({
  form: 1,
  startedAt: '2026-11-25T19:30:26.568Z',
  madeAt: '2026-11-25T19:30:37.287Z',
  installationId: '5ef40851-3f2e-4cda-8571-33928c541d88',
  postgresVersion: '18.4',
  directories: ['database', 'keys'],
  files,
});
const write = (text: string) => writeFileSync(join(directory, MANIFEST_FILE), text);

describe('the manifest of a backup', () => {
  test('is read as it was written', async () => {
    write(manifestOf(contents()));
    expect(await readManifest(directory)).toEqual(contents());
  });

  test('says what a directory without one is', async () => {
    await expect(readManifest(directory)).rejects.toThrow('no backup, or one that was not finished');
  });

  test.each([
    ['is cut short', (text: string) => text.slice(0, -20)],
    ['tells another time', (text: string) => text.replace('19:30:37', '19:30:38')],
    ['misses a file', (text: string) => text.replace(/\{\s+"path"[^}]+\}/, '')],
  ])('is refused when it %s', async (_, change) => {
    const text = manifestOf(contents());
    expect(change(text)).not.toBe(text);
    write(change(text));
    await expect(readManifest(directory)).rejects.toThrow(`${MANIFEST_FILE} is damaged`);
  });

  test.each(['../outside', '/etc/passwd', 'keys/../../outside', 'keys//access', ''])(
    'is refused when it names %s',
    async (path) => {
      write(manifestOf(contents([file(path, '')])));
      await expect(readManifest(directory)).rejects.toThrow(`${MANIFEST_FILE} is damaged`);
    },
  );
});

describe('the files of a backup', () => {
  const files = [file('installation.json', 'secret'), file('database/PG_VERSION', '18')];
  beforeEach(() => {
    mkdirSync(join(directory, 'database'));
    writeFileSync(join(directory, 'installation.json'), 'secret');
    writeFileSync(join(directory, 'database', 'PG_VERSION'), '18');
  });

  test('are what was backed up', async () => {
    await verifyFiles(directory, files);
  });

  test('are named when one differs and one is missing', async () => {
    writeFileSync(join(directory, 'installation.json'), 'Secret');
    rmSync(join(directory, 'database', 'PG_VERSION'));
    await expect(verifyFiles(directory, files)).rejects.toThrow(
      'database/PG_VERSION is missing; installation.json is not what was backed up. Nothing was restored',
    );
  });
});
