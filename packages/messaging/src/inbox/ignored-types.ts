import type { Message, SqlTransaction } from '../port.js';

const placeOf = (topic: string, type: string): string => `${topic}\n${type}`;

/** The types that nobody handles here, each with the first position of it, from which a later version may fold anew. */
export class IgnoredTypes {
  private readonly noted = new Set<string>();

  constructor(private readonly schema: string) {}

  /** Notes what is new among these messages of nobody, in order. */
  async note(tx: SqlTransaction, topic: string, messages: readonly Message[]): Promise<void> {
    const first = new Map<string, Message>();
    for (const message of messages) {
      if (!first.has(message.type) && !this.noted.has(placeOf(topic, message.type)))
        first.set(message.type, message);
    }
    for (const { type, source, position } of first.values()) {
      await tx.query(
        `INSERT INTO ${this.schema}.ignored_types (topic, type, source, first_position)
         VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`,
        [topic, type, source, position],
      );
    }
  }

  /** To be called after the commit of what was noted. */
  committed(topic: string, messages: readonly Message[]): void {
    for (const { type } of messages) this.noted.add(placeOf(topic, type));
  }
}
