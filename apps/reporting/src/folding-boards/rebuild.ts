import type { Message } from '@monteore/messaging';
import type { ServiceCore, ServiceTransaction } from '@monteore/service';
import { boardHandlers } from './handlers.js';
import { KEYS } from './tables.js';

interface Target {
  readonly topic: string;
  readonly partition: number;
  /** The first offset that the consumer has not taken yet. */
  readonly next_offset: string;
}

/**
 * Throws the boards away and folds them anew from the first message on, up to where the consumer stands, while it
 * waits. One transaction: readers see the old boards until the new ones are whole. What is parked stays unfolded.
 * The kept statements are facts of this service and stay.
 */
export async function rebuildBoards(core: Pick<ServiceCore, 'database' | 'messaging'>): Promise<void> {
  const topics = Object.keys(boardHandlers);
  await core.database.transaction(async (tx) => {
    const targets = await tx.query<Target>(
      'SELECT topic, partition, next_offset FROM consumer_offsets WHERE topic = ANY ($1) ORDER BY topic, partition FOR UPDATE',
      [topics],
    );
    const parked = await tx.query<{ id: string }>(
      `SELECT message::jsonb->>'id' AS id FROM parked_messages WHERE topic = ANY ($1)`,
      [topics],
    );
    const unfolded = new Set(parked.map(({ id }) => id));
    for (const table of Object.keys(KEYS)) await tx.query(`DELETE FROM ${table}`);
    for (const topic of topics) {
      const ends = new Map(
        targets
          .filter((target) => target.topic === topic)
          .map((target) => [target.partition, BigInt(target.next_offset)]),
      );
      await replay(core, topic, ends, async (message) => {
        if (!unfolded.has(message.id)) await project(topic, message, tx);
      });
    }
  });
}

const project = async (topic: string, message: Message, tx: ServiceTransaction): Promise<void> =>
  boardHandlers[topic]?.[message.type]?.project?.(message, tx);

/** Hands on every message of a topic before the given end of each partition, in order. */
async function replay(
  { messaging }: Pick<ServiceCore, 'messaging'>,
  topic: string,
  ends: ReadonlyMap<number, bigint>,
  fold: (message: Message) => Promise<void>,
): Promise<void> {
  const reached = new Map<number, bigint>();
  const open = new Set(ends.keys());
  if (open.size === 0) return;
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const consumption = await messaging.consume({
    group: 'monteore.reporting.rebuild',
    topics: [topic],
    startAt: (_topic, partition) => Promise.resolve(reached.get(partition) ?? 0n),
    handle: async ({ partition, deliveries }) => {
      if (!open.has(partition)) return;
      const end = ends.get(partition)!;
      for (const { offset, message } of deliveries.filter((delivery) => delivery.offset < end)) {
        await fold(message).catch(reject);
        reached.set(partition, offset + 1n);
      }
      if ((reached.get(partition) ?? 0n) >= end) open.delete(partition);
      if (open.size === 0) resolve();
    },
  });
  await promise.finally(() => consumption.stop());
}
