import { RefusalError, type Role, refuse } from '@monteore/kernel';
import { type CanActivate, type ExecutionContext, Inject, Injectable, SetMetadata } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { InvalidTokenError, TokenVerifier } from '../auth/token-verifier.js';
import type { AuthenticatedRequest, Principal } from './principal.js';
import { forbidden } from './principal.js';

const ALLOWED = 'monteore:allowed';
const PUBLIC = 'monteore:public';

interface Allowed {
  readonly roles: readonly Role[];
  readonly scope: string;
}

/** R17: who may call a route; a machine needs the scope. Every route says it, or is refused to everybody. */
export const Allow = (scope: string, ...roles: readonly Role[]) =>
  SetMetadata(ALLOWED, { scope, roles } satisfies Allowed);

/** A route that carries its own proof (a signed link) or tells nothing about anybody. */
export const Public = () => SetMetadata(PUBLIC, true);

export const TEAM = ['administrator', 'referent', 'team-member'] as const satisfies readonly Role[];
export const REFERENTS = ['administrator', 'referent'] as const satisfies readonly Role[];
export const CONTACTS = ['approver', 'requester', 'viewer'] as const satisfies readonly Role[];

/** Turns a contact's token without a client into one with it, from the service's own copy. */
export abstract class ContactDirectory {
  abstract clientOf(contactId: string): Promise<string | null>;
}

@Injectable()
export class AuthGuard implements CanActivate {
  constructor(
    @Inject(Reflector) private readonly reflector: Reflector,
    @Inject(TokenVerifier) private readonly verifier: TokenVerifier,
    @Inject(ContactDirectory) private readonly contacts: ContactDirectory,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const targets = [context.getHandler(), context.getClass()];
    if (this.reflector.getAllAndOverride<boolean>(PUBLIC, targets)) return true;
    const request = context.switchToHttp().getRequest<AuthenticatedRequest>();
    const principal = await this.authenticate(request.headers.authorization);
    request.principal = principal;
    const allowed = this.reflector.getAllAndOverride<Allowed | undefined>(ALLOWED, targets);
    const isAllowed =
      principal.role === 'machine'
        ? allowed !== undefined && principal.scopes.includes(allowed.scope)
        : allowed?.roles.includes(principal.role) === true;
    if (!isAllowed) throw forbidden(`Your role (${principal.role}) may not do this.`);
    return true;
  }

  private async authenticate(header: string | undefined): Promise<Principal> {
    const token = /^Bearer ([\w.~+/=-]+)$/i.exec(header ?? '')?.[1];
    if (token === undefined) throw unauthorized('Send an access token: Authorization: Bearer <token>.');
    try {
      const principal = await this.verifier.verify(token);
      if (principal.clientId !== undefined || !(CONTACTS as readonly Role[]).includes(principal.role))
        return principal;
      const clientId = await this.contacts.clientOf(principal.subject);
      return clientId === null ? principal : { ...principal, clientId };
    } catch (error) {
      if (error instanceof InvalidTokenError)
        throw unauthorized(`The access token is refused: ${error.reason}.`);
      throw error;
    }
  }
}

const unauthorized = (detail: string) =>
  new RefusalError(refuse(401, 'service.unauthorized', 'Not signed in', detail));
