import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { TOKEN_AUDIENCE, TOKEN_ISSUER } from '@monteore/kernel';
import { exportJWK, generateKeyPair, importJWK, type JWK, SignJWT } from 'jose';
import { InvalidTokenError, KeySource, TokenVerifier } from '../auth/token-verifier.js';
import { LinkSigner, LinkVerifier } from './link-token.js';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'monteore-links-'));
});
afterAll(() => rm(directory, { recursive: true }));

let keys = 0;
/** A key pair as an installation has it: the private key in a file, the public one in a JWKS. */
async function keyPair() {
  const pair = await generateKeyPair('EdDSA', { extractable: true });
  const kid = `key-${keys++}`;
  const [secret, open] = [await exportJWK(pair.privateKey), await exportJWK(pair.publicKey)];
  const [file, jwks] = [join(directory, `${kid}.json`), join(directory, `${kid}.jwks.json`)];
  await writeFile(file, JSON.stringify({ ...secret, kid }));
  const publish = (...more: JWK[]) =>
    writeFile(jwks, JSON.stringify({ keys: [{ ...open, kid, alg: 'EdDSA' }, ...more] }));
  await publish();
  return { file, jwks, kid, secret: { ...secret, kid }, open: { ...open, kid, alg: 'EdDSA' }, publish };
}
const decision = { packageId: 'p', activityId: 'a', version: 2, contactId: 'c' };
const soon = () => new Date(Date.now() + 60_000);
/** An access token with this key, as identity signs it. */
const accessToken = async ({ secret }: { secret: JWK }, claims: Record<string, unknown> = {}) =>
  new SignJWT({ sub: 'c', role: 'approver', iss: TOKEN_ISSUER, aud: TOKEN_AUDIENCE, ...claims })
    .setProtectedHeader({ alg: 'EdDSA', kid: secret.kid! })
    .setExpirationTime(soon())
    .sign(await importJWK(secret, 'EdDSA'));

describe('the token of a link in a mail', () => {
  it('carries its data and the id under which its use is recorded', async () => {
    const pair = await keyPair();
    const token = await (await LinkSigner.fromFile(pair.file)).sign('decision', decision, soon(), 'link-1');
    const verifier = new LinkVerifier(new KeySource({ file: pair.jwks }));
    expect(await verifier.verify('decision', token)).toEqual({ ...decision, linkId: 'link-1' });
  });

  it('is nothing for another purpose, when it was forged, and when it has expired', async () => {
    const [pair, stranger] = [await keyPair(), await keyPair()];
    const signer = await LinkSigner.fromFile(pair.file);
    const verifier = new LinkVerifier(new KeySource({ file: pair.jwks }));
    const token = await signer.sign('decision', decision, soon());
    expect(await verifier.verify('board', token)).toBeNull();
    expect(await verifier.verify('overrun', token)).toBeNull();
    const forged = await (await LinkSigner.fromFile(stranger.file)).sign('decision', decision, soon());
    const [header, payload, signature] = token.split('.') as [string, string, string];
    const other = {
      ...(JSON.parse(Buffer.from(payload, 'base64url').toString()) as object),
      contactId: 'other',
    };
    const changed = [header, Buffer.from(JSON.stringify(other)).toString('base64url'), signature].join('.');
    const none = [Buffer.from('{"alg":"none"}').toString('base64url'), payload, ''].join('.');
    for (const wrong of [forged, changed, none, 'x', '', 'a.b.c']) {
      expect(await verifier.verify('decision', wrong)).toBeNull();
    }
    const late = await signer.sign('decision', decision, new Date(Date.now() - 1000));
    expect(await verifier.verify('decision', late)).toBe('expired');
  });

  it('is no access token, and an access token is no link, even with one key for both', async () => {
    const pair = await keyPair();
    const source = () => new KeySource({ file: pair.jwks });
    const link = await (await LinkSigner.fromFile(pair.file)).sign('decision', decision, soon());
    await expect(new TokenVerifier(source()).verify(link)).rejects.toThrow(InvalidTokenError);
    expect(await new LinkVerifier(source()).verify('decision', await accessToken(pair))).toBeNull();
  });
});

describe('an access token', () => {
  it('says who: subject, client, role, scopes', async () => {
    const pair = await keyPair();
    const token = await accessToken(pair, { client: 'k', scopes: ['ledger:read'] });
    expect(await new TokenVerifier(new KeySource({ file: pair.jwks })).verify(token)).toEqual({
      subject: 'c',
      role: 'approver',
      scopes: ['ledger:read'],
      clientId: 'k',
    });
  });

  it.each([
    ['another issuer', { iss: 'elsewhere' }],
    ['another audience', { aud: 'elsewhere' }],
    ['a role that does not exist', { role: 'owner' }],
    ['no subject', { sub: '' }],
  ])('with %s is refused', async (_, claims) => {
    const pair = await keyPair();
    const verifier = new TokenVerifier(new KeySource({ file: pair.jwks }));
    await expect(verifier.verify(await accessToken(pair, claims))).rejects.toThrow(InvalidTokenError);
  });

  it('that has expired, or never does, is refused', async () => {
    const pair = await keyPair();
    const verifier = new TokenVerifier(new KeySource({ file: pair.jwks }));
    const sign = async (token: SignJWT) => token.sign(await importJWK(pair.secret, 'EdDSA'));
    const claims = { sub: 'c', role: 'approver', iss: TOKEN_ISSUER, aud: TOKEN_AUDIENCE };
    const bare = () => new SignJWT(claims).setProtectedHeader({ alg: 'EdDSA', kid: pair.kid });
    await expect(verifier.verify(await sign(bare()))).rejects.toThrow(InvalidTokenError);
    await expect(
      verifier.verify(await sign(bare().setExpirationTime(new Date(Date.now() - 1000)))),
    ).rejects.toThrow('the token has expired');
  });

  it('of a key that came later is taken as soon as the file has it; an unknown one is refused', async () => {
    const [pair, later] = [await keyPair(), await keyPair()];
    const verifier = new TokenVerifier(new KeySource({ file: pair.jwks }));
    await verifier.verify(await accessToken(pair));
    const token = await accessToken(later);
    await expect(verifier.verify(token)).rejects.toThrow(InvalidTokenError);
    await pair.publish(later.open);
    expect(await verifier.verify(token)).toMatchObject({ subject: 'c' });
  });
});
