import { undecodableReason } from '../cloud-event.js';
import type { Message, SqlTransaction } from '../port.js';

export class UnknownSourceError extends Error {
  constructor(topic: string, source: string) {
    super(`${topic}: ${source} is a source nobody has accepted: a store was restored or copied`);
    this.name = 'UnknownSourceError';
  }
}

/** Whose messages a consumer takes: the first source of each topic, and those that an operator has accepted. */
export class KnownSources {
  /** Seen among the rows, from which none is ever taken away. */
  private readonly seen = new Set<string>();

  constructor(
    private readonly schema: string,
    private readonly onUnknown?: (topic: string, source: string) => void,
  ) {}

  /** Throws an UnknownSourceError when one of the messages has a source that is neither known nor the topic's first. */
  async check(tx: SqlTransaction, topic: string, messages: readonly Message[]): Promise<void> {
    const readable = messages.filter((message) => undecodableReason(message) === null);
    for (const source of new Set(readable.map((message) => message.source))) {
      if (!this.seen.has(placeOf(topic, source))) await this.checkOne(tx, topic, source);
    }
  }

  async accept(tx: SqlTransaction, topic: string, source: string): Promise<void> {
    await tx.query(
      `INSERT INTO ${this.schema}.consumer_sources (topic, source) VALUES ($1, $2) ON CONFLICT DO NOTHING`,
      [topic, source],
    );
  }

  private async checkOne(tx: SqlTransaction, topic: string, source: string): Promise<void> {
    const rows = await tx.query<{ source: string }>(
      `SELECT source FROM ${this.schema}.consumer_sources WHERE topic = $1`,
      [topic],
    );
    if (rows.length === 0) return this.accept(tx, topic, source);
    for (const row of rows) this.seen.add(placeOf(topic, row.source));
    if (this.seen.has(placeOf(topic, source))) return;
    this.onUnknown?.(topic, source);
    throw new UnknownSourceError(topic, source);
  }
}

const placeOf = (topic: string, source: string): string => `${topic}\n${source}`;
