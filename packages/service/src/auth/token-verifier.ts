import { readFile, stat } from 'node:fs/promises';
import { ROLES, type Role, sha256Hex, TOKEN_AUDIENCE, TOKEN_ISSUER } from '@monteore/kernel';
import { createLocalJWKSet, errors, type JSONWebKeySet, jwtVerify } from 'jose';
import { z } from 'zod';
import type { Principal } from '../http/principal.js';

/** Where public keys are. */
export type KeyLocation = { readonly file: string } | { readonly url: string };

const zClaims = z.object({
  sub: z.string().min(1).max(200),
  role: z.enum(ROLES),
  client: z.string().optional(),
  scopes: z.array(z.string()).default([]),
  exp: z.number(),
});

export class InvalidTokenError extends Error {
  constructor(readonly reason: string) {
    super(reason);
    this.name = 'InvalidTokenError';
  }
}

type Keys = ReturnType<typeof createLocalJWKSet>;

/** Where the last good copy of the keys outlives the process. */
export interface KeptKeys {
  load(): Promise<JSONWebKeySet | null>;
  save(keys: JSONWebKeySet): Promise<void>;
}

/**
 * Where public keys come from: a JWKS file or URL. Read again when a key id is unknown, at most once a minute; where
 * they cannot be read at all, the last good copy serves.
 */
export class KeySource {
  private keys: Keys | null = null;
  private readAt = 0;
  private version = '';

  constructor(
    private readonly location: KeyLocation,
    private readonly kept: KeptKeys | null = null,
    private readonly retryMillis = 60_000,
  ) {}

  async resolve(): Promise<Keys> {
    this.keys ??= await this.read().catch((error: unknown) => this.lastGood(error));
    return this.keys;
  }

  /** After a token named an unknown key; null when it is too early to look again. */
  async refresh(): Promise<Keys | null> {
    if (Date.now() - this.readAt < this.retryMillis && !(await this.hasChanged())) return null;
    this.keys = await this.read();
    return this.keys;
  }

  /** A file is cheap to look at; an URL is left alone for its minute. */
  private async hasChanged(): Promise<boolean> {
    return 'file' in this.location && (await this.fileVersion(this.location.file)) !== this.version;
  }

  private async fileVersion(file: string): Promise<string> {
    const { mtimeMs, size } = await stat(file);
    return `${mtimeMs}/${size}`;
  }

  private async lastGood(error: unknown): Promise<Keys> {
    const keys = (await this.kept?.load()) ?? null;
    if (keys === null) throw error;
    return createLocalJWKSet(keys);
  }

  private async read(): Promise<Keys> {
    this.readAt = Date.now();
    const keys = await this.fetchKeys();
    const usable = createLocalJWKSet(keys);
    await this.kept?.save(keys);
    return usable;
  }

  private async fetchKeys(): Promise<JSONWebKeySet> {
    if ('file' in this.location) {
      this.version = await this.fileVersion(this.location.file);
      return JSON.parse(await readFile(this.location.file, 'utf8')) as JSONWebKeySet;
    }
    const answer = await fetch(this.location.url, { signal: AbortSignal.timeout(2000) });
    if (!answer.ok) throw new Error(`${this.location.url} answered ${answer.status}`);
    return (await answer.json()) as JSONWebKeySet;
  }
}

/** A token that was found good, until it expires or other keys are read. */
interface Verified {
  readonly principal: Principal;
  readonly expiresAt: number;
  readonly keys: Keys;
}

const VERIFIED_REMEMBERED = 10_000;

/**
 * Verifies an access token (EdDSA) by itself. Throws InvalidTokenError with a reason that may be told. What was
 * verified is remembered by its hash, for as long as verifying it again would have the same outcome.
 */
export class TokenVerifier {
  private readonly verified = new Map<string, Verified>();

  constructor(private readonly source: KeySource) {}

  async verify(token: string): Promise<Principal> {
    const keys = await this.source.resolve();
    const hash = sha256Hex(token);
    const known = this.verified.get(hash);
    if (known?.keys === keys && known.expiresAt > Date.now()) return known.principal;
    const claims = zClaims.safeParse(await this.payloadOf(token, keys));
    if (!claims.success) throw new InvalidTokenError('the token lacks a claim that this system needs');
    const { sub, role, client, scopes, exp } = claims.data;
    const principal = {
      subject: sub,
      role: role as Role,
      scopes,
      ...(client === undefined ? {} : { clientId: client }),
    };
    if (this.verified.size >= VERIFIED_REMEMBERED) this.verified.clear();
    this.verified.set(hash, { principal, expiresAt: exp * 1000, keys: await this.source.resolve() });
    return principal;
  }

  private async payloadOf(token: string, keys: Keys): Promise<unknown> {
    const options = {
      issuer: TOKEN_ISSUER,
      audience: TOKEN_AUDIENCE,
      algorithms: ['EdDSA', 'Ed25519'],
      requiredClaims: ['exp'],
    };
    try {
      return (await jwtVerify(token, keys, options)).payload;
    } catch (error) {
      if (error instanceof errors.JWKSNoMatchingKey) {
        const newer = await this.source.refresh();
        if (newer !== null) {
          return (await jwtVerify(token, newer, options).catch(asInvalid)).payload;
        }
      }
      return asInvalid(error);
    }
  }
}

function asInvalid(error: unknown): never {
  if (error instanceof errors.JWTExpired) throw new InvalidTokenError('the token has expired');
  if (error instanceof errors.JOSEError) throw new InvalidTokenError('the token is not valid here');
  throw error;
}
