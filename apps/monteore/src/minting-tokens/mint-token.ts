import { type AccessToken, AccessTokenSigner, signingKeyFiles } from '@monteore/identity/signing-keys';
import { CONTACT_ROLES, isUuid, personIdOf, ROLES, type Role } from '@monteore/kernel';
import { readInstallation } from '../keeping-the-data-directory/installation.js';
import { type DataLayout } from '../keeping-the-data-directory/layout.js';

/** What the command line was asked for. */
export interface TokenRequest {
  readonly role: string;
  readonly contact?: string | undefined;
  readonly subject?: string | undefined;
  readonly scopes?: readonly string[] | undefined;
}

const isContactRole = (role: string): boolean => (CONTACT_ROLES as readonly string[]).includes(role);

/**
 * An access token for 15 minutes, signed with the key of the data directory, whether Monteore runs on it or not. A
 * subject that is an e-mail address becomes the id of that person: no token and no event holds an address.
 * Throws Error that says what to ask instead.
 */
export async function mintToken(layout: DataLayout, request: TokenRequest): Promise<AccessToken> {
  const fault = faultOf(request);
  if (fault !== null) throw new Error(fault);
  const { installationSecret } = await readInstallation(layout);
  const subject = request.contact?.toLowerCase() ?? request.subject ?? 'command-line';
  const signer = await AccessTokenSigner.fromFile(
    signingKeyFiles(layout.keysDirectory, 'access').privateKeyFile,
  );
  return signer.sign({
    subject: subject.includes('@') ? personIdOf(installationSecret, subject) : subject,
    role: request.role as Role,
    ...(request.scopes === undefined ? {} : { scopes: request.scopes }),
  });
}

function faultOf({ role, contact, subject, scopes }: TokenRequest): string | null {
  if (!(ROLES as readonly string[]).includes(role)) return `--role ${role}: one of ${ROLES.join(', ')}`;
  if (isContactRole(role)) {
    if (contact === undefined)
      return `--role ${role} is a role of a client's contact: name it with --contact ID`;
    if (!isUuid(contact)) return `--contact ${contact}: not an id (GET /api/ledger/v1/clients shows them)`;
    if (subject !== undefined) return '--subject is for the team and machines; a contact is its own subject';
  } else if (contact !== undefined)
    return `--contact goes with ${CONTACT_ROLES.join(', ')}, not with ${role}`;
  if (subject !== undefined && !/^[\x21-\x7e]{1,200}$/.test(subject))
    return '--subject: 1 to 200 visible ASCII characters';
  const hasScopes = scopes !== undefined && scopes.length > 0;
  if (role === 'machine' && !hasScopes) return '--role machine may do what --scope says: name at least one';
  if (role !== 'machine' && hasScopes) return `--scope goes with --role machine, not with ${role}`;
  return null;
}
