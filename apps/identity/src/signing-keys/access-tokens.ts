import { type Role, TOKEN_AUDIENCE, TOKEN_ISSUER } from '@monteore/kernel';
import { importJWK, SignJWT } from 'jose';
import { readSigningKey } from './signing-key.js';

/** An access token lives this long, unless whoever signs it says otherwise. */
export const ACCESS_TOKEN_MINUTES = 15;

export interface AccessClaims {
  readonly subject: string;
  readonly role: Role;
  /** A contact's client; services find it by themselves where it is absent. */
  readonly clientId?: string;
  /** What a machine may do; ignored for every other role. */
  readonly scopes?: readonly string[];
}

export interface AccessToken {
  readonly token: string;
  /** RFC 3339 in UTC, by real time whatever the clock of the domain says. */
  readonly validUntil: string;
}

/** Signs access tokens with the private key that only identity, and the command line on its directory, can read. */
export class AccessTokenSigner {
  private constructor(
    private readonly key: Awaited<ReturnType<typeof importJWK>>,
    private readonly kid: string,
  ) {}

  static async fromFile(privateKeyFile: string): Promise<AccessTokenSigner> {
    const jwk = await readSigningKey(privateKeyFile);
    return new AccessTokenSigner(await importJWK(jwk, 'EdDSA'), jwk.kid);
  }

  async sign(
    { subject, role, clientId, scopes = [] }: AccessClaims,
    lifetimeMinutes = ACCESS_TOKEN_MINUTES,
  ): Promise<AccessToken> {
    const issuedAt = Math.floor(Date.now() / 1000);
    const expiresAt = issuedAt + lifetimeMinutes * 60;
    const token = await new SignJWT({ role, scopes, ...(clientId === undefined ? {} : { client: clientId }) })
      .setProtectedHeader({ alg: 'EdDSA', kid: this.kid })
      .setIssuer(TOKEN_ISSUER)
      .setAudience(TOKEN_AUDIENCE)
      .setSubject(subject)
      .setIssuedAt(issuedAt)
      .setExpirationTime(expiresAt)
      .sign(this.key);
    return { token, validUntil: new Date(expiresAt * 1000).toISOString() };
  }
}
