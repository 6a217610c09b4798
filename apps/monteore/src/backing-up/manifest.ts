import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { canonicalJson, sha256Hex } from '@monteore/kernel';
import { z } from 'zod';
import { inParallel } from './in-parallel.js';

/** The part of a backup that is the database's own files. */
export const DATABASE = 'database';
export const MANIFEST_FILE = 'manifest.json';

const isInside = (path: string): boolean =>
  path !== '' && !isAbsolute(path) && !path.split(/[/\\]/).some((part) => part === '..' || part === '');

/** Relative to the backup, with `/`. */
const zPath = z.string().max(4096).refine(isInside, 'a path inside the backup is expected');
const zHash = z.string().regex(/^[0-9a-f]{64}$/);

const zContents = z.object({
  form: z.literal(1),
  /** What was acknowledged until `startedAt` is in the backup; it shows the state of `madeAt`. RFC 3339 in UTC. */
  startedAt: z.string(),
  madeAt: z.string(),
  installationId: z.uuid(),
  postgresVersion: z.string(),
  directories: z.array(zPath),
  files: z.array(z.object({ path: zPath, bytes: z.number().int().nonnegative(), sha256: zHash })),
});
export type BackupContents = z.output<typeof zContents>;
export type BackedUpFile = BackupContents['files'][number];

const zManifest = z.object({ sha256: zHash, contents: zContents });

const hashOfContents = (contents: BackupContents): string => sha256Hex(canonicalJson(contents));

/** The text of the manifest: what the backup holds, and the hash of that list itself. */
export const manifestOf = (contents: BackupContents): string =>
  `${JSON.stringify({ sha256: hashOfContents(contents), contents }, null, 1)}\n`;

/** Throws Error that says why this is no backup to restore from. */
export async function readManifest(directory: string): Promise<BackupContents> {
  const file = join(directory, MANIFEST_FILE);
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
    throw new Error(
      `${directory} is no backup, or one that was not finished: ${MANIFEST_FILE} is missing; name another --from`,
    );
  });
  let manifest: z.output<typeof zManifest>;
  try {
    manifest = zManifest.parse(JSON.parse(text));
  } catch (cause) {
    throw new Error(`${file} is damaged: restore from another backup`, { cause });
  }
  if (manifest.sha256 !== hashOfContents(manifest.contents))
    throw new Error(`${file} is damaged: restore from another backup`);
  return manifest.contents;
}

const FAULTS_NAMED = 10;

/** Reads every file of a backup once. Throws Error that names those that are not what was backed up. */
export async function verifyFiles(directory: string, files: readonly BackedUpFile[]): Promise<void> {
  const faults: string[] = [];
  await inParallel(files, async ({ path, sha256 }) => {
    const found = await hashOfFile(join(directory, path));
    if (found === null) faults.push(`${path} is missing`);
    else if (found !== sha256) faults.push(`${path} is not what was backed up`);
  });
  if (faults.length === 0) return;
  const more = faults.length > FAULTS_NAMED ? `, and ${faults.length - FAULTS_NAMED} more` : '';
  throw new Error(
    `the backup in ${directory} is damaged: ${faults.sort().slice(0, FAULTS_NAMED).join('; ')}${more}. Nothing was restored; restore from another backup`,
  );
}

/** SHA-256 in hex; null when there is no such file. */
async function hashOfFile(path: string): Promise<string | null> {
  const hash = createHash('sha256');
  try {
    await pipeline(createReadStream(path), hash);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
  return hash.digest('hex');
}
