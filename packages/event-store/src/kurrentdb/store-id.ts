import { randomId } from '@monteore/kernel';
import type { Appender } from './appender.js';
import { jsonOf } from './encoding.js';
import { streamRequest } from './read-requests.js';
import type { Reads } from './reads.js';

/** The store's id as it is in the database: the newest of a stream that holds one event a generation. */
export class StoreIds {
  constructor(
    private readonly appender: Appender,
    private readonly reads: Reads,
    private readonly streamName: string,
  ) {}

  /** Made at the first asking; of several that make it at once, one wins and all answer its id. */
  async current(): Promise<string> {
    for (;;) {
      const newest = await this.#newest();
      if (newest !== undefined) return newest.storeId;
      const storeId = randomId();
      if (await this.#add(storeId, 0)) return storeId;
    }
  }

  async renew(): Promise<string> {
    const storeId = randomId();
    for (;;) {
      const generation = (await this.#newest())?.generation ?? 0;
      if (await this.#add(storeId, generation)) return storeId;
    }
  }

  async #newest(): Promise<{ readonly storeId: string; readonly generation: number } | undefined> {
    const [newest] = await this.reads.recorded(streamRequest(this.streamName, 'backwards', undefined, 1));
    if (newest === undefined) return undefined;
    const { storeId } = (jsonOf(newest.getData_asU8()) ?? {}) as { storeId?: unknown };
    if (typeof storeId !== 'string')
      throw new Error(`stream ${this.streamName} does not hold the id of a store: see who else writes to it`);
    return { storeId, generation: Number(newest.getStreamRevision()) + 1 };
  }

  /** False when another was faster. */
  async #add(storeId: string, generation: number): Promise<boolean> {
    const data = Buffer.from(JSON.stringify({ storeId }));
    const { kind } = await this.appender.append({
      streamName: this.streamName,
      expectedVersion: generation,
      events: [{ id: storeId, type: 'StoreIdGiven', data, metadata: Buffer.from('{}') }],
    });
    return kind === 'appended';
  }
}
