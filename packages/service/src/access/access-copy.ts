import type { IntegrationEvent } from '@monteore/contracts';
import type { ContactRole } from '@monteore/kernel';
import type { Message, MessageHandler, SqlTransaction } from '@monteore/messaging';
import type { ServiceTransaction } from '../database/service-database.js';
import { ContactDirectory } from '../http/auth.guard.js';
import { isContact, type Principal } from '../http/principal.js';

/** A service's own copy of who belongs to which client and package, kept from the ledger's events (R17). */
export const accessTables = `
  CREATE TABLE clients (client_id text PRIMARY KEY, language text NOT NULL);
  CREATE TABLE contacts (
    contact_id text PRIMARY KEY,
    client_id text NOT NULL,
    roles text[] NOT NULL,
    active boolean NOT NULL,
    language text NOT NULL
  );
  CREATE INDEX contacts_of_client ON contacts (client_id);
  CREATE TABLE packages (
    package_id text PRIMARY KEY,
    client_id text NOT NULL,
    name text NOT NULL,
    referent_id text NOT NULL,
    status text NOT NULL,
    shared_with_all boolean NOT NULL,
    policy jsonb NOT NULL,
    opened_at timestamptz NOT NULL
  );
  CREATE INDEX packages_of_client ON packages (client_id);
  CREATE TABLE package_contacts (
    package_id text NOT NULL,
    contact_id text NOT NULL,
    roles text[] NOT NULL,
    PRIMARY KEY (package_id, contact_id)
  );`;

type Ledger<T extends Parameters<typeof dataOf>[1]> = IntegrationEvent<'ledger', T>;
const dataOf = <
  T extends
    | 'ClientRegistered'
    | 'ContactChanged'
    | 'PackageOpened'
    | 'PackageClosed'
    | 'PackageClosing'
    | 'PolicyChanged',
>(
  message: Message,
  _type: T,
) => message.data as unknown as IntegrationEvent<'ledger', T>;

/** Handlers for the ledger's topic; every service has them beside its own (allHandlers in service.ts). */
export const accessHandlers: Readonly<Record<string, MessageHandler<ServiceTransaction>>> = {
  ClientRegistered: {
    project: async (message, tx) => {
      const { clientId, language } = dataOf(message, 'ClientRegistered');
      await tx.query(
        'INSERT INTO clients (client_id, language) VALUES ($1, $2) ON CONFLICT (client_id) DO UPDATE SET language = $2',
        [clientId, language],
      );
    },
  },
  ContactChanged: { project: (message, tx) => contactChanged(dataOf(message, 'ContactChanged'), tx) },
  PackageOpened: {
    project: (message, tx) => packageOpened(dataOf(message, 'PackageOpened'), message.time, tx),
  },
  PolicyChanged: {
    project: async (message, tx) => {
      const { packageId, policy } = dataOf(message, 'PolicyChanged');
      await tx.query('UPDATE packages SET policy = $2 WHERE package_id = $1', [
        packageId,
        JSON.stringify(policy),
      ]);
    },
  },
  PackageClosing: {
    project: (message, tx) => setStatus(dataOf(message, 'PackageClosing').packageId, 'closing', tx),
  },
  PackageClosed: {
    project: (message, tx) => setStatus(dataOf(message, 'PackageClosed').packageId, 'closed', tx),
  },
};

async function setStatus(packageId: string, status: string, tx: SqlTransaction): Promise<void> {
  await tx.query('UPDATE packages SET status = $2 WHERE package_id = $1', [packageId, status]);
}

async function contactChanged(contact: Ledger<'ContactChanged'>, tx: SqlTransaction): Promise<void> {
  const { contactId, clientId, roles, previousRoles, active, language } = contact;
  await tx.query(
    `INSERT INTO contacts (contact_id, client_id, roles, active, language) VALUES ($1, $2, $3, $4, $5)
     ON CONFLICT (contact_id) DO UPDATE SET roles = $3, active = $4, language = $5`,
    [contactId, clientId, roles, active, language],
  );
  // A role that the client takes away is gone on every package, whatever the package itself had said.
  const lost = previousRoles.filter((role) => !roles.includes(role));
  if (lost.length > 0) {
    await tx.query(
      `UPDATE package_contacts SET roles = ARRAY(SELECT unnest(roles) EXCEPT SELECT unnest($2::text[])) WHERE contact_id = $1`,
      [contactId, lost],
    );
  }
}

async function packageOpened(
  opened: Ledger<'PackageOpened'>,
  openedAt: string,
  tx: SqlTransaction,
): Promise<void> {
  await tx.query(
    `INSERT INTO packages (package_id, client_id, name, referent_id, status, shared_with_all, policy, opened_at)
     VALUES ($1, $2, $3, $4, 'open', $5, $6, $7) ON CONFLICT DO NOTHING`,
    [
      opened.packageId,
      opened.clientId,
      opened.name,
      opened.referentId,
      opened.contacts === undefined,
      JSON.stringify(opened.policy),
      openedAt,
    ],
  );
  for (const { contactId, roles } of opened.contacts ?? []) {
    await tx.query(
      'INSERT INTO package_contacts (package_id, contact_id, roles) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING',
      [opened.packageId, contactId, roles],
    );
  }
}

export interface PackageCopy {
  readonly packageId: string;
  readonly clientId: string;
  readonly name: string;
  readonly referentId: string;
  readonly status: 'open' | 'closing' | 'closed';
}

/** Roles that a token of a coarse role can use at most. */
const WITHIN: Readonly<Record<string, readonly ContactRole[]>> = {
  approver: ['approver', 'requester', 'viewer'],
  requester: ['requester', 'viewer'],
  viewer: ['viewer'],
};

export interface PackageRights {
  readonly package: PackageCopy;
  /** Empty for the team, which is not bound to a package. */
  readonly roles: readonly ContactRole[];
}

export class AccessCopy extends ContactDirectory {
  constructor(private readonly database: SqlTransaction) {
    super();
  }

  async clientOf(contactId: string): Promise<string | null> {
    const rows = await this.database.query<{ client_id: string }>(
      'SELECT client_id FROM contacts WHERE contact_id = $1 AND active',
      [contactId],
    );
    return rows[0]?.client_id ?? null;
  }

  async packageOf(packageId: string): Promise<PackageCopy | null> {
    const rows = await this.database.query<PackageRow>('SELECT * FROM packages WHERE package_id = $1', [
      packageId,
    ]);
    return rows[0] === undefined ? null : fromRow(rows[0]);
  }

  /** The roles a contact has on a package as of now; none when it is inactive or the package is not shared with it. */
  async rolesOn(
    packageId: string,
    contactId: string,
    database: SqlTransaction = this.database,
  ): Promise<ContactRole[]> {
    const rows = await database.query<{ roles: ContactRole[] }>(
      `SELECT CASE WHEN p.shared_with_all THEN c.roles ELSE coalesce(pc.roles, '{}') END AS roles
       FROM packages p JOIN contacts c ON c.client_id = p.client_id AND c.contact_id = $2 AND c.active
       LEFT JOIN package_contacts pc ON pc.package_id = p.package_id AND pc.contact_id = c.contact_id
       WHERE p.package_id = $1`,
      [packageId, contactId],
    );
    return rows[0]?.roles ?? [];
  }

  /** Contacts of a package with a role, for mails. */
  async contactsOn(
    packageId: string,
    role: ContactRole,
    database: SqlTransaction = this.database,
  ): Promise<string[]> {
    const rows = await database.query<{ contact_id: string }>(
      `SELECT c.contact_id FROM packages p JOIN contacts c ON c.client_id = p.client_id AND c.active
       LEFT JOIN package_contacts pc ON pc.package_id = p.package_id AND pc.contact_id = c.contact_id
       WHERE p.package_id = $1
         AND $2 = ANY (CASE WHEN p.shared_with_all THEN c.roles ELSE coalesce(pc.roles, '{}') END)
       ORDER BY c.contact_id`,
      [packageId, role],
    );
    return rows.map((row) => row.contact_id);
  }

  /**
   * What the caller may do on a package, or null when it may not know that there is one. One question, whether the
   * package is unknown or another client's.
   */
  async rightsOn(principal: Principal, packageId: string): Promise<PackageRights | null> {
    const [row] = await this.database.query<PackageRow & { roles: ContactRole[] }>(
      `SELECT p.*, CASE WHEN p.shared_with_all THEN coalesce(c.roles, '{}') ELSE coalesce(pc.roles, '{}') END AS roles
       FROM packages p LEFT JOIN contacts c ON c.client_id = p.client_id AND c.contact_id = $2 AND c.active
       LEFT JOIN package_contacts pc ON pc.package_id = p.package_id AND pc.contact_id = c.contact_id
       WHERE p.package_id = $1`,
      [packageId, principal.subject],
    );
    if (row === undefined) return null;
    if (!isContact(principal)) return { package: fromRow(row), roles: [] };
    const roles = row.roles.filter((role) => WITHIN[principal.role]?.includes(role));
    return roles.length === 0 ? null : { package: fromRow(row), roles };
  }

  /** SQL condition on a column holding a package id: the packages a contact sees. `parameter` holds its id. */
  static visibleTo(column: string, parameter: string): string {
    return `EXISTS (SELECT 1 FROM packages p JOIN contacts c ON c.client_id = p.client_id AND c.active
      LEFT JOIN package_contacts pc ON pc.package_id = p.package_id AND pc.contact_id = c.contact_id
      WHERE p.package_id = ${column} AND c.contact_id = ${parameter}
        AND cardinality(CASE WHEN p.shared_with_all THEN c.roles ELSE coalesce(pc.roles, '{}') END) > 0)`;
  }
}

interface PackageRow {
  package_id: string;
  client_id: string;
  name: string;
  referent_id: string;
  status: PackageCopy['status'];
}

const fromRow = (row: PackageRow): PackageCopy => ({
  packageId: row.package_id,
  clientId: row.client_id,
  name: row.name,
  referentId: row.referent_id,
  status: row.status,
});
