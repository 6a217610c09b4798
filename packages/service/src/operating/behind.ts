import type { PartitionEnds } from '@monteore/messaging';
import type { ServiceDatabase } from '../database/service-database.js';

/** The next offset to be handled, by `topic/partition`; a partition that was never handled is not in it. */
export type NextOffsets = ReadonlyMap<string, bigint>;

export async function nextOffsetsOf(database: ServiceDatabase): Promise<NextOffsets> {
  const rows = await database.query<{ topic: string; partition: number; next_offset: string }>(
    'SELECT topic, partition, next_offset FROM consumer_offsets',
  );
  return new Map(rows.map((row) => [`${row.topic}/${row.partition}`, BigInt(row.next_offset)]));
}

/** How many keys of each topic wait behind a message that failed; topics without one are not in it. */
export async function parkedKeysOf(database: ServiceDatabase): Promise<ReadonlyMap<string, number>> {
  const rows = await database.query<{ topic: string; keys: number }>(
    'SELECT topic, count(DISTINCT key)::integer AS keys FROM parked_messages WHERE dropped_at IS NULL GROUP BY topic',
  );
  return new Map(rows.map(({ topic, keys }) => [topic, keys]));
}

/** Messages of a topic that are not handled yet. */
export const messagesBehind = (topic: string, ends: readonly PartitionEnds[], next: NextOffsets): number =>
  ends.reduce((sum, end) => {
    const reached = next.get(`${topic}/${end.partition}`) ?? 0n;
    const from = reached > end.first ? reached : end.first;
    return sum + Math.max(0, Number(end.next - from));
  }, 0);
