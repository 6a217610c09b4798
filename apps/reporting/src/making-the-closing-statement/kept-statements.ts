import type { StoredEvent } from '@monteore/event-store';
import type { SqlTransaction } from '@monteore/messaging';
import type { StatementFacts } from './statement-stream.js';

export interface KeptStatement {
  readonly sha256: string;
  readonly sizeBytes: number;
  readonly fileName: string;
}

/** Which file is kept for which closed package: a fold of the service's own events. */
export class KeptStatements {
  constructor(private readonly database: SqlTransaction) {}

  async find(packageId: string): Promise<KeptStatement | null> {
    const [row] = await this.database.query<{ sha256: string; size_bytes: number; file_name: string }>(
      'SELECT sha256, size_bytes, file_name FROM kept_statements WHERE package_id = $1',
      [packageId],
    );
    return row === undefined
      ? null
      : { sha256: row.sha256, sizeBytes: row.size_bytes, fileName: row.file_name };
  }
}

export async function projectStatement(event: StoredEvent, tx: SqlTransaction): Promise<void> {
  if (event.type !== 'ClosingStatementMade') return;
  const { packageId, sha256, sizeBytes, fileName } = event.data as unknown as StatementFacts;
  await tx.query(
    `INSERT INTO kept_statements (package_id, sha256, size_bytes, file_name, made_at) VALUES ($1, $2, $3, $4, $5)
     ON CONFLICT DO NOTHING`,
    [packageId, sha256, sizeBytes, fileName, event.recordedAt],
  );
}
