import { mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { TOKEN_AUDIENCE, TOKEN_ISSUER } from '@monteore/kernel';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { InvalidTokenError, KeySource, TokenVerifier } from './token-verifier.js';

let directory: string;
let file: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'monteore-keys-'));
  file = join(directory, 'keys.json');
});
afterEach(() => {
  jest.useRealTimers();
});
afterAll(() => rm(directory, { recursive: true }));

async function keyOf(kid: string) {
  const { publicKey, privateKey } = await generateKeyPair('EdDSA');
  const tokenOf = (sub: string, seconds = 300) =>
    new SignJWT({ sub, role: 'auditor', iss: TOKEN_ISSUER, aud: TOKEN_AUDIENCE })
      .setProtectedHeader({ alg: 'EdDSA', kid })
      .setExpirationTime(Math.floor(Date.now() / 1000) + seconds)
      .sign(privateKey);
  return { tokenOf, jwk: { ...(await exportJWK(publicKey)), kid, alg: 'EdDSA' } };
}

let changes = 0;
async function publish(...keys: readonly object[]): Promise<void> {
  await writeFile(file, JSON.stringify({ keys }));
  changes += 1;
  await utimes(file, new Date(), new Date(Date.UTC(2026, 0, changes)));
}

describe('a token that was verified before', () => {
  it('says who it is for, each its own', async () => {
    const { tokenOf, jwk } = await keyOf('one');
    await publish(jwk);
    const verifier = new TokenVerifier(new KeySource({ file }));
    const [anna, bruno] = [await tokenOf('anna'), await tokenOf('bruno')];
    for (const [token, subject] of [
      [anna, 'anna'],
      [bruno, 'bruno'],
      [anna, 'anna'],
    ] as const)
      expect(await verifier.verify(token)).toMatchObject({ subject, role: 'auditor' });
    await expect(verifier.verify(`${anna.slice(0, -4)}AAAA`)).rejects.toThrow(InvalidTokenError);
  });

  it('expires at its time', async () => {
    const { tokenOf, jwk } = await keyOf('one');
    await publish(jwk);
    const verifier = new TokenVerifier(new KeySource({ file }));
    const token = await tokenOf('anna', 60);
    await verifier.verify(token);
    jest.useFakeTimers({
      now: Date.now() + 61_000,
      doNotFake: ['nextTick', 'queueMicrotask', 'setImmediate', 'setTimeout', 'performance'],
    });
    await expect(verifier.verify(token)).rejects.toThrow('expired');
  });

  it('is good no longer once keys without its own were read', async () => {
    const [former, next] = [await keyOf('former'), await keyOf('next')];
    await publish(former.jwk);
    const verifier = new TokenVerifier(new KeySource({ file }));
    const token = await former.tokenOf('anna');
    await verifier.verify(token);
    await publish(next.jwk);
    await verifier.verify(await next.tokenOf('bruno'));
    await expect(verifier.verify(token)).rejects.toThrow(InvalidTokenError);
  });
});
