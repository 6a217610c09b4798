import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { TOKEN_AUDIENCE, TOKEN_ISSUER } from '@monteore/kernel';
import { type TestDatabase, testDatabase } from '@monteore/testing';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { migrate, ServiceDatabase } from '../database/service-database.js';
import { keptKeysIn, keptKeysTables } from './kept-keys.js';
import { InvalidTokenError, KeySource, TokenVerifier } from './token-verifier.js';

let test: TestDatabase;
let database: ServiceDatabase;
let identity: Server;
let url: string;
/** What identity publishes; nothing while it is down. */
let published: object[] | null = [];
let fetches = 0;

beforeAll(async () => {
  test = await testDatabase();
  await migrate({ ownerUrl: test.url, schema: 'keys', migrations: [{ name: 'Keys', sql: keptKeysTables }] });
  database = await ServiceDatabase.connect({ url: test.url, schema: 'keys' });
  identity = createServer((_request, response) => {
    fetches += 1;
    if (published === null) response.writeHead(503).end();
    else response.end(JSON.stringify({ keys: published }));
  });
  await new Promise<void>((resolve) => identity.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(identity.address() as AddressInfo).port}/jwks`;
}, 60_000);
afterAll(async () => {
  await new Promise((resolve) => identity.close(resolve));
  await database.close();
  await test.drop();
});

async function key(kid: string) {
  const { publicKey, privateKey } = await generateKeyPair('EdDSA');
  const token = await new SignJWT({ sub: 's', role: 'auditor', iss: TOKEN_ISSUER, aud: TOKEN_AUDIENCE })
    .setProtectedHeader({ alg: 'EdDSA', kid })
    .setExpirationTime('5m')
    .sign(privateKey);
  return { token, jwk: { ...(await exportJWK(publicKey)), kid, alg: 'EdDSA' } };
}
const verifierOf = (name: string, retryMillis?: number) =>
  new TokenVerifier(new KeySource({ url }, keptKeysIn(database, name), retryMillis));

describe('public keys from another process', () => {
  it('are kept, and serve a start while it is down', async () => {
    const { token, jwk } = await key('first');
    published = null;
    await expect(verifierOf('access').verify(token)).rejects.toThrow('503');
    published = [jwk];
    await verifierOf('access').verify(token);
    published = null;
    expect(await verifierOf('access').verify(token)).toMatchObject({ subject: 's', role: 'auditor' });
  });

  it('are fetched at most once a minute, however many tokens name keys that nobody knows', async () => {
    const [known, unknown] = [await key('known'), await key('unknown')];
    published = [known.jwk];
    const verifier = verifierOf('busy');
    await verifier.verify(known.token);
    fetches = 0;
    for (let token = 0; token < 20; token += 1)
      await expect(verifier.verify(unknown.token)).rejects.toThrow(InvalidTokenError);
    expect(fetches).toBe(0);
    const patient = verifierOf('patient', 0);
    await patient.verify(known.token);
    published = [known.jwk, unknown.jwk];
    expect(await patient.verify(unknown.token)).toMatchObject({ subject: 's' });
  });
});
