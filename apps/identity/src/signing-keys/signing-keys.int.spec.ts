import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { InvalidTokenError, KeySource, TokenVerifier } from '@monteore/service';
import { AccessTokenSigner } from './access-tokens.js';
import { ensureSigningKey, readSigningKey, writeNewFile } from './signing-key.js';

let directory: string;
beforeEach(async () => {
  directory = join(await mkdtemp(join(tmpdir(), 'monteore-keys-')), 'keys');
});
afterEach(() => rm(join(directory, '..'), { recursive: true }));

const modeOf = async (path: string) => ((await stat(path)).mode & 0o777).toString(8);

describe('signing keys', () => {
  test('are made once, closed to others, and leave nothing half-written', async () => {
    const [one, two] = await Promise.all([
      ensureSigningKey(directory, 'access'),
      ensureSigningKey(directory, 'access'),
    ]);
    const made = await readFile(one.privateKeyFile, 'utf8');
    await ensureSigningKey(directory, 'access');
    expect(two).toEqual(one);
    expect(await readFile(one.privateKeyFile, 'utf8')).toBe(made);
    expect(await modeOf(directory)).toBe('700');
    expect(await modeOf(one.privateKeyFile)).toBe('600');
    expect((await readdir(directory)).sort()).toEqual(['access.jwks.json', 'access.private.json']);
  });

  test('show the public half only', async () => {
    const files = await ensureSigningKey(directory, 'access');
    const { keys } = JSON.parse(await readFile(files.jwksFile, 'utf8'));
    const { kid } = await readSigningKey(files.privateKeyFile);
    expect(keys).toEqual([
      { kty: 'OKP', crv: 'Ed25519', x: expect.any(String), kid, alg: 'EdDSA', use: 'sig' },
    ]);
  });

  test('are not replaced when the file holds something else', async () => {
    const files = await ensureSigningKey(directory, 'access');
    await chmod(files.privateKeyFile, 0o600);
    await writeFile(files.privateKeyFile, '{');
    await expect(ensureSigningKey(directory, 'access')).rejects.toThrow(
      `${files.privateKeyFile} holds no private Ed25519 key`,
    );
    expect(await readFile(files.privateKeyFile, 'utf8')).toBe('{');
  });

  test('a file that is there is left as it is', async () => {
    const path = join(directory, '..', 'file');
    expect(await writeNewFile(path, 'first')).toBe(true);
    expect(await writeNewFile(path, 'second')).toBe(false);
    expect(await readFile(path, 'utf8')).toBe('first');
  });
});

describe('R17 access tokens', () => {
  const verifierOf = (file: string) => new TokenVerifier(new KeySource({ file }));

  test('say who it is to every service that has the public keys', async () => {
    const files = await ensureSigningKey(directory, 'access');
    const signer = await AccessTokenSigner.fromFile(files.privateKeyFile);
    const { token, validUntil } = await signer.sign({
      subject: 'somebody',
      role: 'machine',
      scopes: ['ledger:read'],
    });
    expect(await verifierOf(files.jwksFile).verify(token)).toEqual({
      subject: 'somebody',
      role: 'machine',
      scopes: ['ledger:read'],
    });
    const minutes = (Date.parse(validUntil) - Date.now()) / 60_000;
    expect(minutes).toBeGreaterThan(14.9);
    expect(minutes).toBeLessThanOrEqual(15);
  });

  test('are refused when they have expired, and when another key signed them', async () => {
    const own = await ensureSigningKey(directory, 'access');
    const other = await ensureSigningKey(directory, 'links');
    const expired = await (await AccessTokenSigner.fromFile(own.privateKeyFile)).sign(
      { subject: 'somebody', role: 'auditor' },
      -1,
    );
    const foreign = await (await AccessTokenSigner.fromFile(other.privateKeyFile)).sign({
      subject: 'somebody',
      role: 'administrator',
    });
    const verifier = verifierOf(own.jwksFile);
    await expect(verifier.verify(expired.token)).rejects.toThrow('the token has expired');
    await expect(verifier.verify(foreign.token)).rejects.toThrow(InvalidTokenError);
  });
});
