import { readFile } from 'node:fs/promises';
import { randomId } from '@monteore/kernel';
import { calculateJwkThumbprint, errors, importJWK, type JWK, jwtVerify, SignJWT } from 'jose';
import { z } from 'zod';
import type { KeySource } from '../auth/token-verifier.js';

/**
 * What the links in mails carry (architecture.md, Keys and rights): signed by intake with a key of its own, verified by
 * the service that owns what the link opens. They can never pass for access tokens: keys and audience are others.
 */
export const LINK_ISSUER = 'monteore-mail';
const LINK_AUDIENCE = 'monteore-links';

const links = {
  /** Estimation: one version of one activity, for one approver. */
  decision: z.object({
    packageId: z.string(),
    activityId: z.string(),
    version: z.number().int(),
    contactId: z.string(),
  }),
  /** Ledger: one overrun, for one approver. */
  overrun: z.object({ packageId: z.string(), overrunId: z.string(), contactId: z.string() }),
  /** Reporting: the board of a package, read-only, for one contact. */
  board: z.object({ packageId: z.string(), contactId: z.string() }),
} as const;

export type LinkPurpose = keyof typeof links;
export type LinkData<P extends LinkPurpose> = z.output<(typeof links)[P]>;
export type VerifiedLink<P extends LinkPurpose> = LinkData<P> & {
  /** Single use is recorded under this id, by whoever verifies the link. */
  readonly linkId: string;
};

export class LinkSigner {
  private constructor(
    private readonly key: Awaited<ReturnType<typeof importJWK>>,
    private readonly kid: string,
  ) {}

  /** Reads the private Ed25519 JWK that only intake holds. */
  static async fromFile(path: string): Promise<LinkSigner> {
    const jwk = JSON.parse(await readFile(path, 'utf8')) as JWK;
    return new LinkSigner(await importJWK(jwk, 'EdDSA'), jwk.kid ?? (await calculateJwkThumbprint(jwk)));
  }

  /** A token for one purpose, valid until `expiresAt` by real time. */
  sign<P extends LinkPurpose>(
    purpose: P,
    data: LinkData<P>,
    expiresAt: Date,
    linkId: string = randomId(),
  ): Promise<string> {
    return new SignJWT({ ...data, purpose })
      .setProtectedHeader({ alg: 'EdDSA', kid: this.kid })
      .setIssuer(LINK_ISSUER)
      .setAudience(LINK_AUDIENCE)
      .setJti(linkId)
      .setExpirationTime(expiresAt)
      .sign(this.key);
  }
}

export class LinkVerifier {
  constructor(private readonly source: KeySource) {}

  /** The link's data, `expired`, or null for whatever this installation did not sign for this purpose. */
  async verify<P extends LinkPurpose>(
    purpose: P,
    token: string,
  ): Promise<VerifiedLink<P> | 'expired' | null> {
    try {
      const payload = await this.payloadOf(token);
      if (payload.purpose !== purpose || typeof payload.jti !== 'string') return null;
      const data = links[purpose].safeParse(payload);
      return data.success ? ({ ...data.data, linkId: payload.jti } as unknown as VerifiedLink<P>) : null;
    } catch (error) {
      if (error instanceof errors.JWTExpired) return 'expired';
      if (error instanceof errors.JOSEError) return null;
      throw error;
    }
  }

  private async payloadOf(token: string) {
    const options = { issuer: LINK_ISSUER, audience: LINK_AUDIENCE, algorithms: ['EdDSA', 'Ed25519'] };
    try {
      return (await jwtVerify(token, await this.source.resolve(), options)).payload;
    } catch (error) {
      const keys = error instanceof errors.JWKSNoMatchingKey ? await this.source.refresh() : null;
      if (keys === null) throw error;
      return (await jwtVerify(token, keys, options)).payload;
    }
  }
}
