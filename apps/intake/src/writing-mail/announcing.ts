import type { Clock } from '@monteore/kernel';
import type { SqlTransaction } from '@monteore/messaging';
import { type Addresses, type Addressing, mailIdOf } from './addressing.js';
import type { MailCause } from './models.js';
import { isOlderThan, nextLookAt, PATIENCE_MILLIS } from './waiting.js';

/** Causes looked at in one go when they waited for what another topic brings. */
const BATCH = 50;

/** Writes mails: one row for each recipient, in the transaction of the mark of what they follow from (R11). */
export class Announcing {
  constructor(
    private readonly addresses: Addresses,
    private readonly clock: Clock,
    /** The right side of Message-IDs. */
    private readonly host: string,
  ) {}

  /**
   * Keeps the cause and writes its mails, unless it is known already: a replay, even with other contacts by now, mails
   * nobody. Where the package or request is not known yet the cause waits for `addressWaiting`.
   */
  async announce(cause: MailCause, tx: SqlTransaction): Promise<void> {
    const now = this.clock.now();
    const added = await tx.query(
      `INSERT INTO mail_causes (cause_event_id, kind, cause, created_at, look_at) VALUES ($1, $2, $3, $4, $4)
       ON CONFLICT DO NOTHING RETURNING 1`,
      [cause.causeEventId, cause.kind, JSON.stringify(cause), now],
    );
    if (added.length > 0) await this.address(cause, now, tx);
  }

  /** Writes the mails of causes that waited and can be addressed by now. */
  async addressWaiting(tx: SqlTransaction): Promise<void> {
    const waiting = await tx.query<{ cause: MailCause; created_at: Date }>(
      `SELECT cause, created_at FROM mail_causes WHERE addressed_at IS NULL AND look_at <= $1
       ORDER BY look_at LIMIT ${BATCH} FOR UPDATE SKIP LOCKED`,
      [this.clock.now()],
    );
    for (const { cause, created_at } of waiting) await this.address(cause, created_at.toISOString(), tx);
  }

  private async address(cause: MailCause, createdAt: string, tx: SqlTransaction): Promise<void> {
    const now = this.clock.now();
    const addressing = await this.addresses.of(cause, tx, isOlderThan(PATIENCE_MILLIS, createdAt, now));
    if (addressing === null) {
      await tx.query('UPDATE mail_causes SET look_at = $3 WHERE cause_event_id = $1 AND kind = $2', [
        cause.causeEventId,
        cause.kind,
        nextLookAt(createdAt, now),
      ]);
      return;
    }
    for (const recipient of addressing.recipients) {
      await this.writeMail(cause, addressing, recipient, createdAt, tx);
    }
    await tx.query('UPDATE mail_causes SET addressed_at = $3 WHERE cause_event_id = $1 AND kind = $2', [
      cause.causeEventId,
      cause.kind,
      now,
    ]);
  }

  private async writeMail(
    cause: MailCause,
    { fromId, clientId, requestId }: Addressing,
    { recipientId, mayDecide }: Addressing['recipients'][number],
    createdAt: string,
    tx: SqlTransaction,
  ): Promise<void> {
    const mailId = mailIdOf(cause, recipientId);
    await tx.query(
      `INSERT INTO outbound_mails (mail_id, message_id, cause_event_id, recipient_id, kind, from_id, package_id,
         client_id, request_id, activity_id, may_decide, model, next_attempt_at, created_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) ON CONFLICT DO NOTHING`,
      [
        mailId,
        `${mailId}@${this.host}`,
        cause.causeEventId,
        recipientId,
        cause.kind,
        fromId,
        cause.packageId ?? null,
        clientId,
        requestId,
        cause.activityId ?? null,
        mayDecide,
        JSON.stringify(cause.facts),
        this.clock.now(),
        createdAt,
      ],
    );
  }
}
