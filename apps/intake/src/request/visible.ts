import { AccessCopy, isContact, type Principal, type ServiceCore } from '@monteore/service';
import type { Request } from './state.js';

/**
 * R17: the team sees every request; a contact those of its own client, on packages it sees or on none yet.
 */
export async function maySee(core: ServiceCore, principal: Principal, request: Request): Promise<boolean> {
  if (!isContact(principal)) return true;
  const { clientId, packageId } = request.snapshot;
  if (principal.clientId === undefined || clientId !== principal.clientId) return false;
  return packageId === undefined || (await core.access.rightsOn(principal, packageId)) !== null;
}

/** The same as an SQL condition on the table `requests`; `contact` and `client` are the parameters with their ids. */
export const visibleRequests = (contact: string, client: string): string =>
  `(${contact}::text IS NULL OR (client_id = ${client} AND (package_id IS NULL
     OR ${AccessCopy.visibleTo('requests.package_id', contact)})))`;
