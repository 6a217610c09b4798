import type { SqlTransaction } from '@monteore/messaging';
import type { Migration, ServiceDatabase } from '@monteore/service';
import { isLocked } from './owner-connection.js';

export const BOARDS = 'boards';

/** Held by whoever rebuilds, so that one does at a time. */
export const rebuildLock = (schema: string): string => `monteore.${schema}.rebuild.${BOARDS}`;

/** The last rebuild of each read model, and how many have been swapped in: a board's position says by which it was made. */
export const rebuildsTable: Migration = {
  name: 'ReadModelRebuilds',
  sql: `
  CREATE TABLE read_model_rebuilds (
    read_model text PRIMARY KEY,
    generation integer NOT NULL DEFAULT 0,
    state text CHECK (state IN ('running', 'done', 'failed')),
    read_messages bigint NOT NULL DEFAULT 0,
    all_messages bigint NOT NULL DEFAULT 0,
    begun_at timestamptz,
    ended_at timestamptz,
    failure text
  );
  INSERT INTO read_model_rebuilds (read_model) VALUES ('${BOARDS}');`,
};

/** How a rebuild stands. */
export interface RebuildState {
  readonly readModel: string;
  /** How many were swapped in so far. */
  readonly generation: number;
  /** `interrupted`: whoever did it has died; the boards that were there serve. */
  readonly state: 'never' | 'running' | 'done' | 'failed' | 'interrupted';
  readonly readMessages: number;
  /** Those that the consumer had taken when it was last asked. */
  readonly allMessages: number;
  readonly begunAt?: string;
  readonly endedAt?: string;
  /** Why it failed, for an operator. */
  readonly failure?: string;
}

interface Row {
  readonly generation: number;
  readonly state: 'running' | 'done' | 'failed' | null;
  readonly read_messages: string;
  readonly all_messages: string;
  readonly begun_at: Date | null;
  readonly ended_at: Date | null;
  readonly failure: string | null;
}

export async function rebuildState(database: ServiceDatabase): Promise<RebuildState> {
  // Asked first: a run gives the lock back after it has written how it ended.
  const isRunning = await isLocked(database, rebuildLock(database.schema));
  const [row] = await database.query<Row>('SELECT * FROM read_model_rebuilds WHERE read_model = $1', [
    BOARDS,
  ]);
  const { generation, state, read_messages, all_messages, begun_at, ended_at, failure } = row!;
  return {
    readModel: BOARDS,
    generation,
    state: state === 'running' && !isRunning ? 'interrupted' : (state ?? 'never'),
    readMessages: Number(read_messages),
    allMessages: Number(all_messages),
    ...(begun_at === null ? {} : { begunAt: begun_at.toISOString() }),
    ...(ended_at === null ? {} : { endedAt: ended_at.toISOString() }),
    ...(failure === null ? {} : { failure }),
  };
}

/** What a run notes of itself, in the service's schema. */
export class RebuildNotes {
  private readonly table: string;

  constructor(
    private readonly owner: SqlTransaction,
    schema: string,
  ) {
    this.table = `${schema}.read_model_rebuilds`;
  }

  async begin(): Promise<void> {
    await this.owner.query(
      `UPDATE ${this.table} SET state = 'running', read_messages = 0, all_messages = 0, begun_at = now(),
         ended_at = NULL, failure = NULL WHERE read_model = $1`,
      [BOARDS],
    );
  }

  async progress(readMessages: bigint, allMessages: bigint): Promise<void> {
    await this.owner.query(
      `UPDATE ${this.table} SET read_messages = $2, all_messages = $3 WHERE read_model = $1`,
      [BOARDS, readMessages, allMessages],
    );
  }

  /** In the transaction that swaps. */
  async swapped(readMessages: bigint): Promise<void> {
    await this.owner.query(
      `UPDATE ${this.table} SET state = 'done', generation = generation + 1, read_messages = $2, all_messages = $2,
         ended_at = clock_timestamp() WHERE read_model = $1`,
      [BOARDS, readMessages],
    );
  }

  async failed(failure: string): Promise<void> {
    await this.owner.query(
      `UPDATE ${this.table} SET state = 'failed', ended_at = now(), failure = $2 WHERE read_model = $1`,
      [BOARDS, failure],
    );
  }
}
