import { randomUUID } from 'node:crypto';
import type { EventStore, StoredEvent, Subscription } from '@monteore/event-store';
import { derivedId } from '@monteore/kernel';
import { type Message, type Publisher, type SqlTransaction, TransientError } from '../port.js';

/** What a stored event says to others; nothing of it that is the store's business. */
export interface PublicForm {
  readonly type: string;
  readonly key: string;
  readonly data: Message['data'];
}

export const relayTables = (schema: string): string => `
  CREATE TABLE IF NOT EXISTS ${schema}.relay_checkpoints (
    name text PRIMARY KEY,
    position bigint NOT NULL,
    holder text,
    held_until timestamptz
  );`;

export interface RelayOptions {
  readonly service: string;
  readonly store: EventStore;
  readonly publisher: Publisher;
  readonly database: SqlTransaction;
  readonly schema: string;
  readonly topic: string;
  /** One stored event gives at most one message, so that a position names one message. */
  readonly publish: (event: StoredEvent) => PublicForm | null;
  /** What was read could not be published or noted, and is published again after a pause. */
  readonly onRetry?: (error: unknown) => void;
  /** How long the lease lasts without a sign of life. Default 10 s. */
  readonly leaseSeconds?: number;
}

export const sourceOf = (service: string, storeId: string): string => `monteore.${service}/${storeId}`;

/**
 * Publishes a service's own events in the order of their store, from a checkpoint that is written after the
 * publishing: a crash between the two repeats and never loses. Of several instances the holder of the lease publishes;
 * a holder that was paused too long finds its checkpoint write refused.
 */
export class Relay {
  private readonly holder = randomUUID();
  private subscription: Subscription | null = null;
  private source = '';
  private stopped = false;

  constructor(private readonly options: RelayOptions) {}

  async start(): Promise<void> {
    this.source = sourceOf(this.options.service, await this.options.store.storeId());
    await this.options.database.query(
      `INSERT INTO ${this.options.schema}.relay_checkpoints (name, position) VALUES ('events', 0) ON CONFLICT DO NOTHING`,
    );
    const { position } = await this.checkpoint();
    this.subscription = this.options.store.subscribe(position, {}, (events, last) =>
      this.relay(events, last),
    );
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await this.subscription?.stop();
    await this.options.database
      .query(`UPDATE ${this.options.schema}.relay_checkpoints SET held_until = NULL WHERE holder = $1`, [
        this.holder,
      ])
      .catch(() => []);
  }

  /** Events written but not published yet, counted in positions. */
  async lag(): Promise<bigint> {
    const [head, { position }] = await Promise.all([this.options.store.head(), this.checkpoint()]);
    return head - position;
  }

  private async checkpoint(): Promise<{ position: bigint }> {
    const rows = await this.options.database.query<{ position: string }>(
      `SELECT position FROM ${this.options.schema}.relay_checkpoints WHERE name = 'events'`,
    );
    return { position: BigInt(rows[0]?.position ?? 0) };
  }

  private async relay(events: readonly StoredEvent[], last: bigint): Promise<void> {
    if (this.stopped) throw new TransientError('the relay is stopping');
    await this.takeLease();
    const { position } = await this.checkpoint();
    const messages = events
      .filter((event) => event.position > position)
      .flatMap((event) => this.messageOf(event));
    try {
      await this.options.publisher.publish(this.options.topic, messages);
      await this.moveCheckpoint(last);
    } catch (error) {
      this.options.onRetry?.(error);
      throw error;
    }
  }

  private messageOf(event: StoredEvent): Message[] {
    const form = this.options.publish(event);
    if (form === null) return [];
    const { correlationId, traceparent } = event.metadata;
    return [
      {
        id: derivedId('message', event.eventId),
        source: this.source,
        type: form.type,
        key: form.key,
        position: event.position,
        time: event.recordedAt,
        data: form.data,
        correlationId,
        causationId: event.eventId,
        ...(traceparent === undefined ? {} : { traceparent }),
      },
    ];
  }

  private async takeLease(): Promise<void> {
    const rows = await this.options.database.query(
      `UPDATE ${this.options.schema}.relay_checkpoints
       SET holder = $1, held_until = now() + make_interval(secs => $2)
       WHERE name = 'events' AND (holder = $1 OR holder IS NULL OR held_until IS NULL OR held_until < now()) RETURNING 1`,
      [this.holder, this.options.leaseSeconds ?? 10],
    );
    if (rows.length === 0) throw new TransientError('another instance publishes');
  }

  private async moveCheckpoint(position: bigint): Promise<void> {
    const rows = await this.options.database.query(
      `UPDATE ${this.options.schema}.relay_checkpoints SET position = greatest(position, $2)
       WHERE name = 'events' AND holder = $1 RETURNING 1`,
      [this.holder, position],
    );
    if (rows.length === 0) throw new TransientError('the lease went to another instance meanwhile');
  }
}
