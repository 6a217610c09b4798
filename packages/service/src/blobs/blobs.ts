import { sha256Hex } from '@monteore/kernel';
import pg from 'pg';

/** Makes the blob table as its owner. Rows are added and (when a person is erased) deleted, never changed. */
export async function installBlobs(
  client: Pick<pg.ClientBase, 'query'>,
  schema: string,
  runtimeRoles: readonly string[] = [],
): Promise<void> {
  await client.query(`
    CREATE SCHEMA IF NOT EXISTS ${schema};
    CREATE TABLE IF NOT EXISTS ${schema}.blobs (
      sha256 text PRIMARY KEY,
      bytes bytea NOT NULL,
      created_at timestamptz NOT NULL DEFAULT now()
    );`);
  for (const role of runtimeRoles) {
    await client.query(
      `GRANT USAGE ON SCHEMA ${schema} TO ${role}; GRANT SELECT, INSERT, DELETE ON ${schema}.blobs TO ${role}`,
    );
  }
}

/** Long texts and files by their SHA-256, shared by the services by reference (architecture.md, Messaging port). */
export class Blobs {
  private readonly pool: pg.Pool;

  constructor(
    connectionString: string,
    private readonly schema = 'blobs',
  ) {
    this.pool = new pg.Pool({
      connectionString,
      max: 1,
      connectionTimeoutMillis: 2000,
      statement_timeout: 10_000,
    });
    // An idle connection that the server closes is replaced at the next use.
    this.pool.on('error', () => {});
  }

  /** Keeps the bytes for good before it answers their SHA-256; the same bytes are kept once. */
  async put(bytes: Uint8Array): Promise<string> {
    const sha256 = sha256Hex(bytes);
    await this.pool.query(
      `INSERT INTO ${this.schema}.blobs (sha256, bytes) VALUES ($1, $2) ON CONFLICT DO NOTHING`,
      [sha256, Buffer.from(bytes)],
    );
    return sha256;
  }

  async get(sha256: string): Promise<Buffer | null> {
    const { rows } = await this.pool.query<{ bytes: Buffer }>(
      `SELECT bytes FROM ${this.schema}.blobs WHERE sha256 = $1`,
      [sha256],
    );
    return rows[0]?.bytes ?? null;
  }

  async remove(sha256: string): Promise<void> {
    await this.pool.query(`DELETE FROM ${this.schema}.blobs WHERE sha256 = $1`, [sha256]);
  }

  async close(): Promise<void> {
    await this.pool.end();
  }
}
