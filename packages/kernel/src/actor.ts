/** R17. */
export const ROLES = [
  'administrator',
  'team-member',
  'referent',
  'approver',
  'requester',
  'viewer',
  'auditor',
  'machine',
] as const;
export type Role = (typeof ROLES)[number];

export const CONTACT_ROLES = ['approver', 'requester', 'viewer'] as const;
export type ContactRole = (typeof CONTACT_ROLES)[number];

/** Roles of people of the team, whom identity knows; clients' contacts are the ledger's. */
export const TEAM_ROLES = ['administrator', 'referent', 'team-member', 'auditor'] as const;
export type TeamRole = (typeof TEAM_ROLES)[number];

/** Who did it, as events keep it: never a name or an address. `onBehalfOf` is the contact a team member or machine acted for. */
export interface Actor {
  readonly subject: string;
  readonly role: Role | 'system';
  readonly onBehalfOf?: string;
}

export const SYSTEM_ACTOR: Actor = { subject: 'system', role: 'system' };

/** Who says whom an access token is about, and to whom: identity, to every service. */
export const TOKEN_ISSUER = 'monteore';
export const TOKEN_AUDIENCE = 'monteore';
