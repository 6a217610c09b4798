import type { SqlTransaction } from '../port.js';

/** A source whose store went on under a new id, from a point that this consumer has not passed. */
export interface ContinuedSource {
  readonly topic: string;
  readonly from: string;
  readonly to: string;
}

/**
 * For a consumer that was restored together with the stores it follows: it accepts them under both ids, and what it
 * has handled of the old one counts as handled of the new one. To be called in one transaction with the renewal of the
 * ids, while the consumer does not run. A consumer that is ahead of the restored store must not be told so: positions
 * that it has passed will be those of other events.
 */
export async function continueSources(
  tx: SqlTransaction,
  schema: string,
  sources: readonly ContinuedSource[],
): Promise<void> {
  await tx.query(
    `INSERT INTO ${schema}.consumer_sources (topic, source)
     SELECT topic, source FROM unnest($1::text[], $2::text[]) AS given (topic, source) ON CONFLICT DO NOTHING`,
    [sources.flatMap(({ topic }) => [topic, topic]), sources.flatMap(({ from, to }) => [from, to])],
  );
  await tx.query(
    `INSERT INTO ${schema}.consumer_marks (source, key, position)
     SELECT continued.new, mark.key, mark.position
     FROM unnest($1::text[], $2::text[]) AS continued (old, new)
     JOIN ${schema}.consumer_marks mark ON mark.source = continued.old
     ON CONFLICT (source, key) DO UPDATE SET position = greatest(consumer_marks.position, EXCLUDED.position)`,
    [sources.map(({ from }) => from), sources.map(({ to }) => to)],
  );
}
