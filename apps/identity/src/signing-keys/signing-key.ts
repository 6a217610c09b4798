import { randomBytes } from 'node:crypto';
import { link, mkdir, open, readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { calculateJwkThumbprint, exportJWK, generateKeyPair, type JSONWebKeySet, type JWK } from 'jose';

/** Where a key pair is: the private Ed25519 JWK (mode 600), and the JWKS that may be shown to anybody. */
export interface SigningKeyFiles {
  readonly privateKeyFile: string;
  readonly jwksFile: string;
}

export const signingKeyFiles = (directory: string, name: string): SigningKeyFiles => ({
  privateKeyFile: join(directory, `${name}.private.json`),
  jwksFile: join(directory, `${name}.jwks.json`),
});

/**
 * The key pair `name` in `directory` (mode 700), made when it is absent. A private key is never overwritten: when
 * two make it at once, the first one's is everybody's. Throws Error when a file is there that is no such key.
 */
export async function ensureSigningKey(directory: string, name: string): Promise<SigningKeyFiles> {
  const files = signingKeyFiles(directory, name);
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const { privateKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519', extractable: true });
  const made = await exportJWK(privateKey);
  const kid = await calculateJwkThumbprint(made);
  await writeNewFile(files.privateKeyFile, JSON.stringify({ ...made, kid, alg: 'EdDSA', use: 'sig' }));
  const { d: _, ...publicKey } = await readSigningKey(files.privateKeyFile);
  await writeNewFile(files.jwksFile, JSON.stringify({ keys: [publicKey] } satisfies JSONWebKeySet), 0o644);
  return files;
}

/** Throws Error that names the file when it holds no private Ed25519 key. */
export async function readSigningKey(file: string): Promise<JWK & { readonly kid: string }> {
  const text = await readFile(file, 'utf8');
  let jwk: Partial<JWK> = {};
  try {
    jwk = JSON.parse(text) as JWK;
  } catch {
    // Told below, like every other content that is no key.
  }
  if (jwk.crv !== 'Ed25519' || typeof jwk.d !== 'string' || typeof jwk.kid !== 'string')
    throw new Error(`${file} holds no private Ed25519 key (a JWK with kid): restore it from the backup`);
  return jwk as JWK & { kid: string };
}

/**
 * Writes a file whole or not at all, and only when there is none of that name; true when it did. The content is on
 * the disk before the name is.
 */
export async function writeNewFile(path: string, content: string, mode = 0o600): Promise<boolean> {
  const unfinished = join(dirname(path), `.${randomBytes(8).toString('hex')}.unfinished`);
  try {
    await writeDown(unfinished, content, mode);
    await link(unfinished, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(unfinished, { force: true });
  }
}

async function writeDown(path: string, content: string, mode: number): Promise<void> {
  const file = await open(path, 'wx', mode);
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
}
