import type { Clock } from '@monteore/kernel';
import type { SqlTransaction } from '@monteore/messaging';
import type { ServiceDatabase } from '../database/service-database.js';

/** What becomes due: one row a thing, fired once its instant has come by the clock (architecture.md, Time). */
export const dueTables = `
  CREATE TABLE due_things (
    kind text NOT NULL,
    entity_id text NOT NULL,
    due_at timestamptz NOT NULL,
    data jsonb NOT NULL DEFAULT '{}',
    done_at timestamptz,
    failures integer NOT NULL DEFAULT 0,
    retry_at timestamptz,
    PRIMARY KEY (kind, entity_id, due_at)
  );
  CREATE INDEX due_things_waiting ON due_things (due_at) WHERE done_at IS NULL;
  CREATE INDEX due_things_done ON due_things (done_at) WHERE done_at IS NOT NULL;`;

export interface DueThing {
  readonly kind: string;
  readonly entityId: string;
  readonly dueAt: string;
  readonly data: Readonly<Record<string, unknown>>;
}

export async function scheduleDue(
  tx: SqlTransaction,
  thing: Omit<DueThing, 'data'> & Partial<DueThing>,
): Promise<void> {
  await tx.query(
    'INSERT INTO due_things (kind, entity_id, due_at, data) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING',
    [thing.kind, thing.entityId, thing.dueAt, JSON.stringify(thing.data ?? {})],
  );
}

export async function cancelDue(tx: SqlTransaction, kind: string, entityId: string): Promise<void> {
  await tx.query(
    'UPDATE due_things SET done_at = now() WHERE kind = $1 AND entity_id = $2 AND done_at IS NULL',
    [kind, entityId],
  );
}

/** Carries a due thing out; its command's id derives from (kind, entity, instant), so that a repeat is one. */
export type DueHandler = (thing: DueThing) => Promise<void>;

const FORGET_EVERY_MILLIS = 3_600_000;

/**
 * Looks at the clock and fires what is due, oldest first. A thing that fails is tried again at the next look, from its
 * fifth failure on ever more rarely, at least every five minutes. What was done is forgotten after 30 days.
 */
export class Sweeper {
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> = Promise.resolve();
  private stopped = false;
  private forgetAfter = 0;

  constructor(
    private readonly options: {
      readonly database: ServiceDatabase;
      readonly clock: Clock;
      readonly handlers: Readonly<Record<string, DueHandler>>;
      readonly everyMillis: number;
      readonly onError: (error: unknown, thing?: DueThing) => void;
      /** Further work of the same rhythm, such as telling the people outbox. */
      readonly alsoRun?: readonly (() => Promise<void>)[];
    },
  ) {}

  start(): void {
    this.timer = setTimeout(() => {
      this.running = this.sweep()
        .catch((error: unknown) => this.options.onError(error))
        .finally(() => {
          if (!this.stopped) this.start();
        });
    }, this.options.everyMillis);
  }

  async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    await this.running;
  }

  async sweep(): Promise<void> {
    for (const work of [() => this.forgetDone(), ...(this.options.alsoRun ?? [])]) {
      await work().catch((error: unknown) => this.options.onError(error));
    }
    const rows = await this.options.database.query<{
      kind: string;
      entity_id: string;
      due_at: Date;
      data: DueThing['data'];
    }>(
      `SELECT kind, entity_id, due_at, data FROM due_things
       WHERE done_at IS NULL AND due_at <= $1 AND kind = ANY ($2) AND (retry_at IS NULL OR retry_at <= now()) ORDER BY failures, due_at LIMIT 100`,
      [this.options.clock.now(), Object.keys(this.options.handlers)],
    );
    for (const row of rows) {
      if (this.stopped) return;
      await this.fire({
        kind: row.kind,
        entityId: row.entity_id,
        dueAt: row.due_at.toISOString(),
        data: row.data,
      });
    }
  }

  private async forgetDone(): Promise<void> {
    if (performance.now() < this.forgetAfter) return;
    await this.options.database.query("DELETE FROM due_things WHERE done_at < now() - interval '30 days'");
    this.forgetAfter = performance.now() + FORGET_EVERY_MILLIS;
  }

  private async fire(thing: DueThing): Promise<void> {
    const key = [thing.kind, thing.entityId, thing.dueAt];
    try {
      await this.options.handlers[thing.kind]!(thing);
      await this.options.database.query(
        'UPDATE due_things SET done_at = now() WHERE kind = $1 AND entity_id = $2 AND due_at = $3',
        key,
      );
    } catch (error) {
      this.options.onError(error, thing);
      await this.options.database.query(
        `UPDATE due_things SET failures = failures + 1,
           retry_at = now() + make_interval(secs => least(300, greatest(0, 2 ^ least(failures, 20) - 8)))
         WHERE kind = $1 AND entity_id = $2 AND due_at = $3`,
        key,
      );
    }
  }
}
