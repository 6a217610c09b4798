import type { SqlTransaction } from '@monteore/messaging';
import pg from 'pg';

/** A chunk of a rebuild may take long where a reader's statement may not. */
const STATEMENT_MILLISECONDS = 60_000;

/**
 * One connection as the role that owns the tables, which alone may make and drop them. What it locks for its session
 * is given back when it ends, however it ends.
 */
export class OwnerConnection implements SqlTransaction {
  private constructor(private readonly client: pg.Client) {}

  static async open(url: string): Promise<OwnerConnection> {
    const client = new pg.Client({
      connectionString: url,
      connectionTimeoutMillis: 2000,
      statement_timeout: STATEMENT_MILLISECONDS,
      application_name: 'monteore rebuild',
    });
    // The statement under way, or the next one, tells of a lost connection.
    client.on('error', () => {});
    await client.connect();
    return new OwnerConnection(client);
  }

  async query<Row extends object = Record<string, unknown>>(
    text: string,
    parameters: readonly unknown[] = [],
  ): Promise<Row[]> {
    return (await this.client.query<Row>(text, [...parameters])).rows;
  }

  /** Several statements without parameters. */
  async script(text: string): Promise<void> {
    await this.client.query(text);
  }

  /** Commits when `work` resolves, rolls back when it throws. */
  async transaction<T>(work: () => Promise<T>, isolation = 'READ COMMITTED'): Promise<T> {
    await this.client.query(`BEGIN ISOLATION LEVEL ${isolation}`);
    try {
      const result = await work();
      await this.client.query('COMMIT');
      return result;
    } catch (error) {
      await this.client.query('ROLLBACK').catch(() => {});
      throw error;
    }
  }

  /** True when nobody else holds this name; for as long as the connection lives. */
  async tryLock(name: string): Promise<boolean> {
    const [row] = await this.query<{ taken: boolean }>(
      'SELECT pg_try_advisory_lock(hashtextextended($1, 0)) AS taken',
      [name],
    );
    return row!.taken;
  }

  async close(): Promise<void> {
    await this.client.end().catch(() => {});
  }
}

/** Whether any session of this database holds the name. */
export async function isLocked(database: SqlTransaction, name: string): Promise<boolean> {
  const rows = await database.query(
    `SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 1 AND granted
       AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
       AND (classid::bigint << 32 | objid::bigint) = hashtextextended($1, 0)`,
    [name],
  );
  return rows.length > 0;
}
