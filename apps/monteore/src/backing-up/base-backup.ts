import pg from 'pg';

/** What makes copied files of a running server a database again. */
export interface BackupEnd {
  /** Content of `backup_label`, byte for byte. */
  readonly label: string;
  /** Names of the WAL segments from the backup's start to its end, in order. */
  readonly segments: readonly string[];
}

export interface BackupSteps {
  /** Copies the files of the cluster while it runs. */
  readonly copyFiles: () => Promise<void>;
  /** Copies the segments, which are there until this resolves. */
  readonly finish: (end: BackupEnd) => Promise<void>;
}

const SIGN_OF_LIFE_MILLISECONDS = 30_000;

/**
 * PostgreSQL's low-level base backup over one session. Backup mode and the slot that keeps the WAL are the session's
 * own: the server ends both when the session ends, whether this is done, fails or is killed, and after five minutes
 * without a sign of life of a process that stands still.
 */
export async function withBaseBackup(adminUrl: string, steps: BackupSteps): Promise<void> {
  const client = new pg.Client({
    connectionString: adminUrl,
    connectionTimeoutMillis: 10_000,
    application_name: 'monteore backup',
  });
  // Its loss is met by the next query.
  client.on('error', () => {});
  await client.connect();
  try {
    await client.query("SET idle_session_timeout = '5min'");
    await client.query('SELECT pg_create_physical_replication_slot($1, true, true)', [
      `monteore_backup_${process.pid}`,
    ]);
    const [start] = (
      await client.query<{ lsn: string }>('SELECT pg_backup_start($1, fast => true) AS lsn', [
        'monteore backup',
      ])
    ).rows;
    await givingSigns(client, steps.copyFiles);
    const end = await stop(client, start!.lsn);
    await givingSigns(client, () => steps.finish(end));
  } finally {
    await client.end();
  }
}

/** Keeps the session from ending while it asks for nothing. */
async function givingSigns(client: pg.Client, work: () => Promise<void>): Promise<void> {
  const signs = setInterval(() => void client.query('SELECT 1').catch(() => {}), SIGN_OF_LIFE_MILLISECONDS);
  try {
    await work();
  } finally {
    clearInterval(signs);
  }
}

async function stop(client: pg.Client, startLsn: string): Promise<BackupEnd> {
  const { rows } = await client.query<{ lsn: string; labelfile: string; spcmapfile: string }>(
    'SELECT lsn, labelfile, spcmapfile FROM pg_backup_stop(wait_for_archive => false)',
  );
  const { lsn: endLsn, labelfile: label, spcmapfile } = rows[0]!;
  if (spcmapfile !== '') throw new Error('the database has tablespaces, which this backup does not hold');
  // The end is behind the last record: its last byte may be that of a segment.
  const named = await client.query<{ name: string }>(
    `SELECT pg_walfile_name($1::pg_lsn + n * size) AS name
     FROM (SELECT setting::numeric AS size FROM pg_settings WHERE name = 'wal_segment_size') AS segment,
       generate_series(0, ceil(($2::pg_lsn - $1::pg_lsn) / size)) AS n
     WHERE pg_walfile_name($1::pg_lsn + n * size) <= pg_walfile_name($2::pg_lsn - 1)
     ORDER BY n`,
    [startLsn, endLsn],
  );
  return { label, segments: named.rows.map(({ name }) => name) };
}
