import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { sharedServerUrl } from './shared-server.js';

export interface TestDatabase {
  /** As the database's owner, a role without further rights: what a service's migrations run as. */
  readonly url: string;
  /** The same database as superuser. */
  readonly adminUrl: string;
  /** Name and connection string of a new role that may log in and nothing else. */
  role(): Promise<{ readonly name: string; readonly url: string }>;
  /** Removes database and roles, with whatever is still connected. */
  drop(): Promise<void>;
}

/** A fresh, empty database on the server that all tests of a Jest run share. `drop` it in `afterAll`. */
export async function testDatabase(): Promise<TestDatabase> {
  const serverUrl = await sharedServerUrl();
  const name = `test_${randomBytes(6).toString('hex')}`;
  const roles: string[] = [];
  const urlAs = (user?: string) => {
    const url = new URL(serverUrl);
    url.pathname = `/${name}`;
    if (user !== undefined) [url.username, url.password] = [user, user];
    return url.toString();
  };
  const makeRole = async () => {
    const role = `${name}_r${roles.length}`;
    roles.push(role);
    await run(serverUrl, [`CREATE ROLE ${role} LOGIN PASSWORD '${role}'`]);
    return { name: role, url: urlAs(role) };
  };
  const owner = await makeRole();
  await run(serverUrl, [`CREATE DATABASE ${name} OWNER ${owner.name} TEMPLATE template0`]);
  return {
    url: owner.url,
    adminUrl: urlAs(),
    role: makeRole,
    drop: () =>
      run(serverUrl, [
        `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`,
        ...roles.map((role) => `DROP ROLE IF EXISTS ${role}`),
      ]),
  };
}

/** One connection for a moment: DROP DATABASE and the like refuse to run inside a transaction or several at a time. */
async function run(url: string, statements: readonly string[]): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    for (const statement of statements) await client.query(statement);
  } finally {
    await client.end();
  }
}
