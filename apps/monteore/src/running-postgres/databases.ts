import type { ServiceName } from '@monteore/contracts';
import { installPostgresMessaging } from '@monteore/messaging';
import { installBlobs } from '@monteore/service';
import pg from 'pg';

/** The one database of an instance. */
export const DATABASE_NAME = 'monteore';
const OWNER = 'monteore_owner';
/** An instance opens at most 10; a connection that is being closed counts for a moment more. */
export const CONNECTIONS_OF_AN_INSTANCE = 12;

export interface Databases {
  readonly ownerUrl: string;
  readonly roleOf: (service: ServiceName) => string;
  readonly urlOf: (service: ServiceName) => string;
}

/**
 * One database; an owner, who migrates; and for each service a role that may use what it owns and the shared tables
 * of messages and blobs. May run at every start.
 */
export async function prepareDatabases(
  adminUrl: (database: string) => string,
  services: readonly ServiceName[],
  passwordOf: (role: string) => string,
  connectionsPerService: number = CONNECTIONS_OF_AN_INSTANCE,
): Promise<Databases> {
  const roleOf = (service: ServiceName) => `monteore_${service}`;
  const runtimeRoles = services.map(roleOf);
  await withClient(adminUrl('postgres'), async (admin) => {
    await ensureRole(admin, OWNER, passwordOf(OWNER));
    for (const role of runtimeRoles) {
      await ensureRole(admin, role, passwordOf(role));
      await admin.query(`ALTER ROLE ${role} CONNECTION LIMIT ${connectionsPerService}`);
    }
    const { rowCount } = await admin.query('SELECT 1 FROM pg_database WHERE datname = $1', [DATABASE_NAME]);
    if (rowCount === 0)
      await admin.query(`CREATE DATABASE ${DATABASE_NAME} OWNER ${OWNER} TEMPLATE template0`);
    for (const database of [DATABASE_NAME, 'postgres'])
      await admin.query(`REVOKE ALL ON DATABASE ${database} FROM PUBLIC`);
    await admin.query(`GRANT CONNECT ON DATABASE ${DATABASE_NAME} TO ${runtimeRoles.join(', ')}`);
  });
  const urlAs = (role: string) => {
    const url = new URL(adminUrl(DATABASE_NAME));
    [url.username, url.password] = [role, passwordOf(role)];
    return url.toString();
  };
  await withClient(urlAs(OWNER), async (owner) => {
    await installPostgresMessaging(owner, 'messaging', { runtimeRoles });
    await installBlobs(owner, 'blobs', runtimeRoles);
  });
  return { ownerUrl: urlAs(OWNER), roleOf, urlOf: (service) => urlAs(roleOf(service)) };
}

/** Names and passwords here are ours and made of letters, digits and underscores. */
async function ensureRole(admin: pg.Client, role: string, password: string): Promise<void> {
  const { rowCount } = await admin.query('SELECT 1 FROM pg_roles WHERE rolname = $1', [role]);
  await admin.query(`${rowCount === 0 ? 'CREATE' : 'ALTER'} ROLE ${role} LOGIN PASSWORD '${password}'`);
}

async function withClient(url: string, work: (client: pg.Client) => Promise<void>): Promise<void> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000 });
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}
