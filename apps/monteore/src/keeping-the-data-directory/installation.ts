import { createHash, createHmac, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeNewFile } from '@monteore/identity/signing-keys';
import { randomId } from '@monteore/kernel';
import { z } from 'zod';
import type { DataLayout } from './layout.js';

const zInstallation = z.object({
  installationId: z.uuid(),
  madeAt: z.string(),
  /** From which ids of people are made: losing it makes strangers of everybody. */
  installationSecret: z.string().min(32),
  postgresPassword: z.string().min(32),
});
export type Installation = z.output<typeof zInstallation>;

/**
 * The secrets of the installation, made at the first start and never changed. Throws Error when the file is damaged,
 * or gone while its database is there: new secrets would not fit it.
 */
export async function openInstallation(layout: DataLayout): Promise<Installation> {
  if (!existsSync(layout.installationFile)) {
    if (existsSync(layout.postgresDirectory))
      throw new Error(
        `${layout.installationFile} is missing while there is a database in ${layout.postgresDirectory}: ` +
          'restore it from the backup, or start with another data directory',
      );
    const made: Installation = {
      installationId: randomId(),
      madeAt: new Date().toISOString(),
      installationSecret: randomBytes(48).toString('base64url'),
      postgresPassword: randomBytes(32).toString('hex'),
    };
    await writeNewFile(layout.installationFile, `${JSON.stringify(made, null, 2)}\n`);
  }
  return readInstallation(layout);
}

/** Throws Error that says what to do when there is no installation, or a damaged one. */
export async function readInstallation({ installationFile, directory }: DataLayout): Promise<Installation> {
  const text = await readFile(installationFile, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
    throw new Error(`${directory} is no data directory yet: start Monteore on it once`);
  });
  try {
    return zInstallation.parse(JSON.parse(text));
  } catch (cause) {
    throw new Error(`${installationFile} is damaged: restore it from the backup`, { cause });
  }
}

/** The password of a database role, so that one secret is kept for all of them. */
export const passwordOfRole = ({ postgresPassword }: Installation, role: string): string =>
  createHmac('sha256', postgresPassword).update(`role ${role}`).digest('hex');

/**
 * Each installation's database has a directory of its own, so that where Postgres cannot use the data directory
 * itself, one that was deleted and made anew does not meet the old one's.
 */
export const databaseDirectoryOf = (
  { postgresDirectory }: DataLayout,
  { installationId }: Pick<Installation, 'installationId'>,
): string => join(postgresDirectory, createHash('sha256').update(installationId).digest('hex').slice(0, 8));
