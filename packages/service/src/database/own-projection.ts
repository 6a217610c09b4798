import type { EventStore, StoredEvent, Subscription } from '@monteore/event-store';
import type { ServiceDatabase, ServiceTransaction } from './service-database.js';

export const ownProjectionTables = (schema: string): string => `
  CREATE TABLE IF NOT EXISTS ${schema}.projection_checkpoints (
    name text PRIMARY KEY,
    position bigint NOT NULL
  );`;

/**
 * Folds a service's own events into its tables: checkpoint and rows in one transaction, so that each event has its
 * effect once, whichever instance was faster. Sends nothing and commands nothing: it may be run again from the start.
 */
export class OwnProjection {
  private subscription: Subscription | null = null;

  constructor(
    private readonly options: {
      readonly name: string;
      readonly store: EventStore;
      readonly database: ServiceDatabase;
      readonly project: (event: StoredEvent, tx: ServiceTransaction) => Promise<void>;
      /** The effects of these events are committed. */
      readonly onProjected?: (events: readonly StoredEvent[]) => void;
    },
  ) {}

  async start(): Promise<void> {
    await this.options.database.query(
      'INSERT INTO projection_checkpoints (name, position) VALUES ($1, 0) ON CONFLICT DO NOTHING',
      [this.options.name],
    );
    this.subscription = this.options.store.subscribe(await this.position(), {}, (events, last) =>
      this.apply(events, last),
    );
  }

  async stop(): Promise<void> {
    await this.subscription?.stop();
  }

  /** The position up to which the tables have come. */
  async position(): Promise<bigint> {
    const rows = await this.options.database.query<{ position: string }>(
      'SELECT position FROM projection_checkpoints WHERE name = $1',
      [this.options.name],
    );
    return BigInt(rows[0]?.position ?? 0);
  }

  private async apply(events: readonly StoredEvent[], last: bigint): Promise<void> {
    const projected = await this.options.database.transaction(async (tx) => {
      const rows = await tx.query<{ position: string }>(
        'SELECT position FROM projection_checkpoints WHERE name = $1 FOR UPDATE',
        [this.options.name],
      );
      const reached = BigInt(rows[0]?.position ?? 0);
      const fresh = events.filter(({ position }) => position > reached);
      for (const event of fresh) await this.options.project(event, tx);
      if (last > reached) {
        await tx.query('UPDATE projection_checkpoints SET position = $2 WHERE name = $1', [
          this.options.name,
          last,
        ]);
      }
      return fresh;
    });
    this.options.onProjected?.(projected);
  }
}
