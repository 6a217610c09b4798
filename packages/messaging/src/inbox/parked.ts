import { decodeMessage, encodeMessage } from '../cloud-event.js';
import { isTransient } from '../errors.js';
import { BATCH, type Message, type SqlTransaction, type TransactionRunner } from '../port.js';

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

/**
 * Keys whose messages wait because one of them failed by itself; other keys go on meanwhile. Whoever parks a message or
 * releases the last one holds the key's lock, so that none is parked behind the back of a release.
 */
export class ParkedMessages<Tx extends SqlTransaction> {
  private readonly table: string;

  constructor(
    private readonly database: TransactionRunner<Tx>,
    private readonly options: {
      readonly schema: string;
      /** True when it shares no transaction with others. */
      readonly standsAlone: (topic: string, message: Message) => boolean;
      /** Handles messages again; `settle` runs in the transaction of their effects, and says which of them still waited. */
      readonly handle: (
        topic: string,
        messages: readonly Message[],
        settle: (tx: Tx) => Promise<readonly Message[]>,
      ) => Promise<void>;
      /** A message given up counts as passed. */
      readonly markPassed: (tx: Tx, message: Message) => Promise<void>;
    },
  ) {
    this.table = `${options.schema}.parked_messages`;
  }

  async isParked(tx: SqlTransaction, topic: string, key: string): Promise<boolean> {
    const rows = await tx.query(
      `SELECT 1 FROM ${this.table} WHERE topic = $1 AND key = $2 AND dropped_at IS NULL LIMIT 1`,
      [topic, key],
    );
    return rows.length > 0;
  }

  /** The keys of these messages for which something waits. */
  async keysAmong(
    tx: SqlTransaction,
    topic: string,
    messages: readonly Pick<Message, 'key'>[],
  ): Promise<Set<string>> {
    const rows = await tx.query<{ key: string }>(
      `SELECT DISTINCT key FROM ${this.table} WHERE topic = $1 AND key = ANY ($2) AND dropped_at IS NULL`,
      [topic, [...new Set(messages.map(({ key }) => key))]],
    );
    return new Set(rows.map(({ key }) => key));
  }

  /** Puts a message behind those of its key that wait; false when none waits any more. One given up stays so. */
  async parkBehind(tx: SqlTransaction, topic: string, message: Message): Promise<boolean> {
    if (!(await this.isParked(tx, topic, message.key))) return false;
    await this.lock(tx, topic, message.key);
    if (!(await this.isParked(tx, topic, message.key))) return false;
    if (!(await this.isGivenUp(tx, topic, message))) await this.insert(tx, topic, message, null);
    return true;
  }

  private async isGivenUp(tx: SqlTransaction, topic: string, message: Message): Promise<boolean> {
    const rows = await tx.query<Row>(
      `SELECT * FROM ${this.table} WHERE topic = $1 AND key = $2 AND dropped_reason IS NOT NULL`,
      [topic, message.key],
    );
    return rows.map(fromRow).some((dropped) => dropped.message.id === message.id);
  }

  async park(tx: SqlTransaction, topic: string, message: Message, error: string): Promise<void> {
    await this.lock(tx, topic, message.key);
    await this.insert(tx, topic, message, error);
  }

  /** In the order in which they came to wait: all, or so many of those after a place. */
  async list({
    after = 0n,
    limit = null,
  }: {
    after?: bigint;
    limit?: number | null;
  } = {}): Promise<ParkedMessage[]> {
    const rows = await this.database.query<Row>(
      `SELECT * FROM ${this.table} WHERE dropped_at IS NULL AND id > $1 ORDER BY id LIMIT $2`,
      [after, limit],
    );
    return rows.map(fromRow);
  }

  /** One that waits; null when it was handled or dropped, or never was. */
  async find(id: string): Promise<ParkedMessage | null> {
    const [row] = await this.database.query<Row>(
      `SELECT * FROM ${this.table} WHERE id = $1 AND dropped_at IS NULL`,
      [id],
    );
    return row === undefined ? null : fromRow(row);
  }

  /**
   * Handles what waits for a key, in order, until one fails again (its error is thrown) or none is left; answers how
   * many had their turn. Fewer are asked for after a run that failed by a fault of one of its messages, to find that
   * one, and where messages stand alone; twice as many after each run that was whole.
   */
  async retry(topic: string, key: string): Promise<number> {
    let handled = 0;
    let atOnce = BATCH;
    for (;;) {
      const waiting = await this.firstOf(this.database, topic, key, atOnce);
      const run = this.runOf(waiting);
      if (run.length === 0) return handled;
      try {
        handled += await this.handle(topic, key, run);
        atOnce = run.length === waiting.length ? Math.min(BATCH, atOnce * 2) : 1;
      } catch (error) {
        if (isTransient(error) || run.length === 1) throw error;
        atOnce = 1;
      }
    }
  }

  private runOf(waiting: readonly ParkedMessage[]): readonly ParkedMessage[] {
    const end = waiting.findIndex(({ topic, message }) => this.options.standsAlone(topic, message));
    return end === -1 ? waiting : waiting.slice(0, Math.max(1, end));
  }

  private async handle(topic: string, key: string, run: readonly ParkedMessage[]): Promise<number> {
    let ended: readonly string[] = [];
    const settle = async (tx: Tx) => {
      await this.lock(tx, topic, key);
      ended = await this.end(
        tx,
        run.map(({ id }) => id),
        null,
      );
      return run.filter(({ id }) => ended.includes(id)).map(({ message }) => message);
    };
    await this.options.handle(
      topic,
      run.map(({ message }) => message),
      settle,
    );
    return ended.length;
  }

  /**
   * Gives a message up for ever, with its repeats and the reason kept; what waited behind it is handled now, as `retry`
   * does.
   */
  async drop(id: string, reason: string): Promise<void> {
    const dropped = await this.database.transaction(async (tx) => {
      const rows = await tx.query<Row>(`SELECT * FROM ${this.table} WHERE id = $1 AND dropped_at IS NULL`, [
        id,
      ]);
      if (rows[0] === undefined) return null;
      const parked = fromRow(rows[0]);
      await this.lock(tx, parked.topic, parked.key);
      const [first] = await this.firstOf(tx, parked.topic, parked.key, 1);
      await this.end(tx, await this.sameAs(tx, parked), reason);
      if (first?.message.id !== parked.message.id) return null;
      await this.options.markPassed(tx, parked.message);
      return parked;
    });
    if (dropped !== null) await this.retry(dropped.topic, dropped.key);
  }

  private async firstOf(
    tx: SqlTransaction,
    topic: string,
    key: string,
    limit: number,
  ): Promise<readonly ParkedMessage[]> {
    const rows = await tx.query<Row>(
      `SELECT * FROM ${this.table} WHERE topic = $1 AND key = $2 AND dropped_at IS NULL ORDER BY id LIMIT $3`,
      [topic, key, limit],
    );
    return rows.map(fromRow);
  }

  private async insert(
    tx: SqlTransaction,
    topic: string,
    message: Message,
    error: string | null,
  ): Promise<void> {
    await tx.query(`INSERT INTO ${this.table} (topic, key, message, error) VALUES ($1, $2, $3, $4)`, [
      topic,
      message.key,
      encodeMessage(message),
      error,
    ]);
  }

  /** What waits for a key and is this message: itself, and its repeats. */
  private async sameAs(tx: SqlTransaction, { topic, key, message }: ParkedMessage): Promise<string[]> {
    const rows = await tx.query<Row>(
      `SELECT * FROM ${this.table} WHERE topic = $1 AND key = $2 AND dropped_at IS NULL`,
      [topic, key],
    );
    return rows
      .map(fromRow)
      .filter((waiting) => waiting.message.id === message.id)
      .map(({ id }) => id);
  }

  /** What was handled has no reason; what was dropped has. Answers those that waited until now. */
  private async end(
    tx: SqlTransaction,
    ids: readonly string[],
    reason: string | null,
  ): Promise<readonly string[]> {
    const rows = await tx.query<{ id: string }>(
      `UPDATE ${this.table} SET dropped_at = now(), dropped_reason = $2
       WHERE id = ANY ($1) AND dropped_at IS NULL RETURNING id`,
      [ids, reason],
    );
    return rows.map(({ id }) => id);
  }

  private async lock(tx: SqlTransaction, topic: string, key: string): Promise<void> {
    await tx.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 2))', [
      `${this.table}/${topic}/${key}`,
    ]);
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
