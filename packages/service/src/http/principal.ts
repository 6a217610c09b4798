import { type Actor, RefusalError, type Role, refuse } from '@monteore/kernel';
import type { FastifyRequest } from 'fastify';

/** Who asks, as the verified access token says. Rights on a package come from the service's own copy (R17). */
export interface Principal {
  readonly subject: string;
  readonly role: Role;
  readonly scopes: readonly string[];
  /** A contact's client; absent for the team. */
  readonly clientId?: string;
}

export interface AuthenticatedRequest extends FastifyRequest {
  principal?: Principal;
}

const CONTACT = new Set<Role>(['approver', 'requester', 'viewer']);

export const isContact = (principal: Principal): boolean => CONTACT.has(principal.role);

export const actorOf = (principal: Principal, onBehalfOf?: string): Actor => ({
  subject: principal.subject,
  role: principal.role,
  ...(onBehalfOf === undefined ? {} : { onBehalfOf }),
});

/** What a caller may not know of and what does not exist get the same answer. */
export const notFound = (service: string, what: string): RefusalError =>
  new RefusalError(
    refuse(404, `${service}.not-found`, 'Not found', `There is no ${what} with this id that you may see.`),
  );

export const forbidden = (detail: string): RefusalError =>
  new RefusalError(refuse(403, 'service.forbidden', 'Not allowed', detail));
