import { decodeMessage } from '../cloud-event.js';
import { Marks } from '../inbox/marks.js';
import type { SqlTransaction } from '../port.js';

/** Which messages of some topics have had their effect in a consumer's tables, as of one moment. */
export interface Taken {
  /** The first offset that was not taken, by topic and partition. */
  readonly next: ReadonlyMap<string, ReadonlyMap<number, bigint>>;
  /** Ids of messages before it that had no effect: they wait with their key, or an operator has dropped them. */
  readonly without: ReadonlySet<string>;
}

/**
 * To be asked in one transaction with what the effects are read by; with `lock` none of the offsets moves until it has
 * ended. What is released meanwhile still moves out of `without`.
 */
export async function takenBy(
  tx: SqlTransaction,
  schema: string,
  topics: readonly string[],
  { lock = false }: { readonly lock?: boolean } = {},
): Promise<Taken> {
  const rows = await tx.query<{ topic: string; partition: number; next_offset: string }>(
    `SELECT topic, partition, next_offset FROM ${schema}.consumer_offsets WHERE topic = ANY ($1)
     ORDER BY topic, partition ${lock ? 'FOR UPDATE' : ''}`,
    [[...topics]],
  );
  const next = new Map<string, Map<number, bigint>>(topics.map((topic) => [topic, new Map()]));
  for (const row of rows) next.get(row.topic)!.set(row.partition, BigInt(row.next_offset));
  return { next, without: await withoutEffect(tx, schema, topics) };
}

/** A message that waits and stands at or below its mark is the repeat of one that had its effect. */
export async function withoutEffect(
  tx: SqlTransaction,
  schema: string,
  topics: readonly string[],
): Promise<ReadonlySet<string>> {
  const rows = await tx.query<{ message: string; dropped: boolean }>(
    `SELECT message, dropped_reason IS NOT NULL AS dropped FROM ${schema}.parked_messages
     WHERE topic = ANY ($1) AND (dropped_at IS NULL OR dropped_reason IS NOT NULL)`,
    [[...topics]],
  );
  const parked = rows.map(({ message, dropped }) => ({ message: decodeMessage(message), dropped }));
  const marks = await new Marks(tx, schema).of(
    tx,
    parked.map(({ message }) => message),
  );
  return new Set(
    parked
      .filter(({ message, dropped }) => dropped || marks.isBehind(message))
      .map(({ message }) => message.id),
  );
}
