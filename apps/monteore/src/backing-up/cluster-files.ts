import { type Dirent } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** Directories that a new start fills by itself; the WAL that is needed is copied at the end. */
const EMPTIED = new Set([
  'pg_dynshmem',
  'pg_notify',
  'pg_replslot',
  'pg_serial',
  'pg_snapshots',
  'pg_stat_tmp',
  'pg_subtrans',
  'pg_wal',
]);
/** About the server that runs, or about another backup that this database was restored from. */
const OF_THE_MOMENT = new Set([
  'backup_label',
  'backup_label.old',
  'backup_manifest',
  'current_logfiles',
  'postmaster.opts',
  'postmaster.pid',
  'tablespace_map',
  'tablespace_map.old',
]);

export const CONTROL_FILE = 'global/pg_control';

/** PostgreSQL's documentation, Making a Base Backup Using the Low Level API: what is better not in a backup. */
export function isLeftOut(path: string): boolean {
  const parts = path.split('/');
  const name = parts.at(-1)!;
  return (
    (parts.length > 1 && EMPTIED.has(parts[0]!)) ||
    (parts.length === 1 && OF_THE_MOMENT.has(name)) ||
    parts.some((part) => part.startsWith('pgsql_tmp')) ||
    name.startsWith('pg_internal.init')
  );
}

export interface ClusterFiles {
  /** Relative to the cluster with `/`, each before those in it. */
  readonly directories: readonly string[];
  /** Relative to the cluster with `/`, those that are left out not among them. */
  readonly files: readonly string[];
}

/** What a cluster consists of just now; while it runs, files come and go. Throws Error for what cannot be copied. */
export async function listCluster(cluster: string): Promise<ClusterFiles> {
  const directories: string[] = [];
  const files: string[] = [];
  const visit = async (directory: string): Promise<void> => {
    for (const entry of await entriesOf(join(cluster, directory))) {
      const path = directory === '' ? entry.name : `${directory}/${entry.name}`;
      if (isLeftOut(path)) continue;
      if (entry.isDirectory()) {
        directories.push(path);
        await visit(path);
      } else if (entry.isFile()) files.push(path);
      else
        throw new Error(
          `${join(cluster, path)} is neither a file nor a directory: this backup holds the cluster's own directory only`,
        );
    }
  };
  await visit('');
  return { directories, files };
}

async function entriesOf(directory: string): Promise<Dirent[]> {
  try {
    return await readdir(directory, { withFileTypes: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
