import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
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

/** How often an instance that waits for the lease looks whether it is its turn. */
const TURN_MILLISECONDS = 500;

export const sourceOf = (service: string, storeId: string): string => `monteore.${service}/${storeId}`;

/**
 * Publishes a service's own events in the order of their store, from a checkpoint that is written after the
 * publishing: a crash between the two repeats and never loses. Of several instances the holder of the lease publishes;
 * a holder that was paused too long finds its checkpoint write refused.
 */
export class Relay {
  private readonly holder = randomUUID();
  private subscription: Subscription | null = null;
  /** Ends when those that were followed before have ended: two side by side would publish out of order. */
  private formerEnded: Promise<unknown> = Promise.resolve();
  /** Up to where the subscription has brought events; the checkpoint is behind it only when it was set back. */
  private reached = 0n;
  private source = '';
  /** Ends what is being followed now: others take its place, or the relay stops. */
  private following = new AbortController();

  constructor(private readonly options: RelayOptions) {}

  async start(): Promise<void> {
    this.source = sourceOf(this.options.service, await this.options.store.storeId());
    await this.options.database.query(
      `INSERT INTO ${this.options.schema}.relay_checkpoints (name, position) VALUES ('events', 0) ON CONFLICT DO NOTHING`,
    );
    this.follow(await this.checkpoint());
  }

  async stop(): Promise<void> {
    this.following.abort();
    await this.subscription?.stop();
    await this.formerEnded;
    await this.options.database
      .query(`UPDATE ${this.options.schema}.relay_checkpoints SET held_until = NULL WHERE holder = $1`, [
        this.holder,
      ])
      .catch(() => []);
  }

  /** Events written but not published yet, counted in positions. */
  async lag(): Promise<bigint> {
    const position = await this.checkpoint();
    return (await this.options.store.head()) - position;
  }

  /**
   * Publishes what stands at this position of the store and after it once more, as an operator asks: consumers pass
   * over what they have had. Answers the checkpoint before; null when that is not so far yet, and nothing is changed.
   */
  async republishFrom(position: bigint): Promise<bigint | null> {
    const { schema, database } = this.options;
    const rows = await database.query<{ before: string }>(
      `UPDATE ${schema}.relay_checkpoints relay SET position = $1
       FROM (SELECT position AS before FROM ${schema}.relay_checkpoints WHERE name = 'events' FOR UPDATE) known
       WHERE relay.name = 'events' AND known.before >= $2 RETURNING known.before`,
      [position > 0n ? position - 1n : 0n, position],
    );
    if (rows[0] === undefined) return null;
    this.follow(await this.checkpoint());
    return BigInt(rows[0].before);
  }

  /** Takes up the events after a position, in the place of those that were followed before. */
  private follow(position: bigint): void {
    this.following.abort();
    this.following = new AbortController();
    const { signal } = this.following;
    const formerEnded = Promise.all([this.formerEnded, this.subscription?.stop()]);
    const subscription = this.options.store.subscribe(position, {}, async (events, last) => {
      await formerEnded;
      await this.relay(events, last, signal);
    });
    [this.formerEnded, this.subscription, this.reached] = [formerEnded, subscription, position];
  }

  /** The position up to which events were published. */
  async checkpoint(): Promise<bigint> {
    const rows = await this.options.database.query<{ position: string }>(
      `SELECT position FROM ${this.options.schema}.relay_checkpoints WHERE name = 'events'`,
    );
    return BigInt(rows[0]?.position ?? 0);
  }

  private async relay(events: readonly StoredEvent[], last: bigint, signal: AbortSignal): Promise<void> {
    const position = await this.awaitLease(signal);
    if (position === null) return;
    // Set back by an operator, or moved on by another instance, perhaps for days, which need not be read again.
    if (position < this.reached || position > last) {
      this.follow(position);
      return;
    }
    const messages = events
      .filter((event) => event.position > position)
      .flatMap((event) => this.messageOf(event));
    try {
      await this.options.publisher.publish(this.options.topic, messages);
      await this.moveCheckpoint(position, last);
      this.reached = last;
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

  /** Another instance may publish for as long as it lives: to wait for it is no failure. Null when it is over first. */
  private async awaitLease(signal: AbortSignal): Promise<bigint | null> {
    while (!signal.aborted) {
      const position = await this.takeLease();
      if (position !== null) return position;
      await pause(TURN_MILLISECONDS, undefined, { signal }).catch(() => {});
    }
    return null;
  }

  /** Answers the checkpoint, which only whoever has the lease moves on; null when another instance has it. */
  private async takeLease(): Promise<bigint | null> {
    const rows = await this.options.database.query<{ position: string }>(
      `UPDATE ${this.options.schema}.relay_checkpoints
       SET holder = $1, held_until = now() + make_interval(secs => $2)
       WHERE name = 'events' AND (holder = $1 OR holder IS NULL OR held_until IS NULL OR held_until < now())
       RETURNING position`,
      [this.holder, this.options.leaseSeconds ?? 10],
    );
    return rows[0] === undefined ? null : BigInt(rows[0].position);
  }

  /** Refused when the checkpoint is not where it was when the publishing began: it may have been set back meanwhile. */
  private async moveCheckpoint(from: bigint, to: bigint): Promise<void> {
    const rows = await this.options.database.query(
      `UPDATE ${this.options.schema}.relay_checkpoints SET position = greatest(position, $3)
       WHERE name = 'events' AND holder = $1 AND position = $2 RETURNING 1`,
      [this.holder, from, to],
    );
    if (rows.length === 0)
      throw new TransientError('the lease went to another instance, or the checkpoint back, meanwhile');
  }
}
