import { chmod, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SERVICES, type ServiceName } from '@monteore/contracts';
import { ensureSigningKey } from '@monteore/identity/signing-keys';
import { openInstallation, passwordOfRole } from '../keeping-the-data-directory/installation.js';
import { type DataLayout, replaceFile } from '../keeping-the-data-directory/layout.js';
import { prepareDatabases } from '../running-postgres/databases.js';

export interface PrepareOptions {
  /** Of a role that may create roles and databases. */
  readonly adminDatabaseUrl: string;
  /** At most so many connections of one service's role: 12 for each instance that may run at once. */
  readonly connectionsPerService: number;
}

/**
 * What services that run alone need before their first start: secrets and keys of the installation, database roles,
 * and for each service a directory with the files that its variables name (mode 600). May run again at any time; what
 * was made stays as it is, and a new address of the database is written.
 */
export async function prepareServices(layout: DataLayout, options: PrepareOptions): Promise<void> {
  await mkdir(layout.directory, { recursive: true, mode: 0o700 });
  const installation = await openInstallation(layout);
  const access = await ensureSigningKey(layout.keysDirectory, 'access');
  const links = await ensureSigningKey(layout.keysDirectory, 'links');
  const databases = await prepareDatabases(
    (database) => addressOf(options.adminDatabaseUrl, database),
    SERVICES,
    (role) => passwordOfRole(installation, role),
    options.connectionsPerService,
  );
  const keysOf: Partial<Record<ServiceName, readonly (readonly [name: string, file: string])[]>> = {
    identity: [['access.jwks.json', access.jwksFile]],
    intake: [
      ['links.private.json', links.privateKeyFile],
      ['links.jwks.json', links.jwksFile],
    ],
  };
  for (const service of SERVICES) {
    const directory = join(layout.directory, service);
    await mkdir(directory, { recursive: true, mode: 0o700 });
    await chmod(directory, 0o700);
    await replaceFile(join(directory, 'database-url'), databases.urlOf(service));
    await replaceFile(join(directory, 'owner-database-url'), databases.ownerUrl);
    await replaceFile(join(directory, 'installation-secret'), installation.installationSecret);
    for (const [name, file] of keysOf[service] ?? [])
      await replaceFile(join(directory, name), await readFile(file, 'utf8'));
  }
}

function addressOf(adminUrl: string, database: string): string {
  const url = new URL(adminUrl);
  url.pathname = `/${database}`;
  return url.toString();
}
