import { decodeMessage, encodeMessage } from '../cloud-event.js';
import type { Message, SqlTransaction, TransactionRunner } from '../port.js';

export interface ParkedMessage {
  readonly id: string;
  readonly topic: string;
  readonly key: string;
  readonly message: Message;
  readonly error: string | null;
  readonly parkedAt: Date;
}

interface Row {
  id: string;
  topic: string;
  key: string;
  message: string;
  error: string | null;
  parked_at: Date;
}

/** Keys whose messages wait because one of them failed by itself; other keys go on meanwhile. */
export class ParkedMessages<Tx extends SqlTransaction> {
  private readonly table: string;

  constructor(
    private readonly database: TransactionRunner<Tx>,
    schema: string,
    private readonly handle: (topic: string, message: Message) => Promise<void>,
  ) {
    this.table = `${schema}.parked_messages`;
  }

  async isParked(tx: SqlTransaction, topic: string, key: string): Promise<boolean> {
    const rows = await tx.query(
      `SELECT 1 FROM ${this.table} WHERE topic = $1 AND key = $2 AND dropped_at IS NULL LIMIT 1`,
      [topic, key],
    );
    return rows.length > 0;
  }

  async park(tx: SqlTransaction, topic: string, message: Message, error: string | null): Promise<void> {
    await tx.query(`INSERT INTO ${this.table} (topic, key, message, error) VALUES ($1, $2, $3, $4)`, [
      topic,
      message.key,
      encodeMessage(message),
      error,
    ]);
  }

  async list(): Promise<ParkedMessage[]> {
    const rows = await this.database.query<Row>(
      `SELECT * FROM ${this.table} WHERE dropped_at IS NULL ORDER BY id`,
    );
    return rows.map(fromRow);
  }

  /** Handles what waits for a key, in order, until one fails again (its error is thrown) or none is left. */
  async retry(topic: string, key: string): Promise<number> {
    const rows = await this.database.query<Row>(
      `SELECT * FROM ${this.table} WHERE topic = $1 AND key = $2 AND dropped_at IS NULL ORDER BY id`,
      [topic, key],
    );
    for (const row of rows) {
      await this.handle(topic, fromRow(row).message);
      await this.drop(row.id, 'handled on retry');
    }
    return rows.length;
  }

  /** Gives a message up for ever; the reason is kept with it. */
  async drop(id: string, reason: string): Promise<void> {
    await this.database.query(
      `UPDATE ${this.table} SET dropped_at = now(), dropped_reason = $2 WHERE id = $1`,
      [id, reason],
    );
  }
}

const fromRow = (row: Row): ParkedMessage => ({
  id: row.id,
  topic: row.topic,
  key: row.key,
  message: decodeMessage(row.message),
  error: row.error,
  parkedAt: row.parked_at,
});
