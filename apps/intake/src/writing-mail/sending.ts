import { setTimeout as pause } from 'node:timers/promises';
import { randomId } from '@monteore/kernel';
import type { ServiceCore } from '@monteore/service';
import { requestFacts } from '../request-list/request-facts.js';
import { requestOfSender } from './addressing.js';
import type { Announcing } from './announcing.js';
import { type Delivery, type Envelope, RecipientRefusedError } from './delivering.js';
import { OUTBOUND_COLUMNS, type OutboundMailRow } from './outbound-mails.js';
import type { MailRenderer } from './rendering.js';
import { nextAttemptAt, nextLookAt } from './waiting.js';

const LOOK_EVERY_MILLIS = 150;
const AT_ONCE = 4;
const LEASE_SECONDS = 5;
const FORGET_EVERY_MILLIS = 2000;
/** How long a stop waits for what is being sent; what comes later is sent again with the same Message-ID. */
const STOP_PATIENCE_MILLIS = 3000;

/**
 * Sends what is queued, several mails at a time, from the one instance that holds the lease (R11). A mail is rendered
 * once and its bytes kept before they are sent, so that a repeat after a crash is the same mail.
 */
export class MailSender {
  private readonly holder = randomId();
  private readonly sending = new Map<string, Promise<void>>();
  private looking: Promise<void> = Promise.resolve();
  private readonly stopping = new AbortController();
  private leaseUntil = 0;
  private forgetAfter = 0;
  private prepareAfter = 0;

  constructor(
    private readonly core: ServiceCore,
    private readonly announcing: Announcing,
    private readonly renderer: MailRenderer,
    private readonly delivery: Delivery,
  ) {}

  start(): void {
    this.looking = this.keepLooking();
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.looking;
    const patience = new AbortController();
    await Promise.race([
      Promise.all(this.sending.values()),
      pause(STOP_PATIENCE_MILLIS, undefined, { signal: patience.signal }).catch(() => undefined),
    ]);
    patience.abort();
    await this.core.database
      .query('DELETE FROM mail_sender_lease WHERE holder = $1', [this.holder])
      .catch(() => []);
  }

  private async keepLooking(): Promise<void> {
    const { signal } = this.stopping;
    while (!signal.aborted) {
      const mayHaveMore = await this.look().catch((error: unknown) => {
        this.core.logger.warn({ err: error }, 'sending mail waits');
        return false;
      });
      const rest = new AbortController();
      await Promise.race([
        pause(LOOK_EVERY_MILLIS, undefined, { signal: AbortSignal.any([signal, rest.signal]) }).catch(
          () => {},
        ),
        ...(mayHaveMore ? this.sending.values() : []),
      ]);
      rest.abort();
    }
  }

  /** Begins to send what is due and has room; true when more may be due than had. */
  private async look(): Promise<boolean> {
    if (!(await this.holdLease())) return false;
    await this.prepare();
    if (this.sending.size >= AT_ONCE) return true;
    const due = await this.core.database.query<OutboundMailRow & { rendered: Buffer | null }>(
      `SELECT ${OUTBOUND_COLUMNS}, rendered FROM outbound_mails
       WHERE state = 'queued' AND next_attempt_at <= $1 AND NOT mail_id = ANY ($2)
       ORDER BY next_attempt_at, place LIMIT $3`,
      [this.core.clock.now(), [...this.sending.keys()], AT_ONCE - this.sending.size],
    );
    for (const { rendered, ...mail } of due) {
      const work = this.send(mail, rendered)
        .catch((error: unknown) =>
          this.core.logger.warn({ err: error, mailId: mail.mail_id }, 'a mail waits'),
        )
        .finally(() => this.sending.delete(mail.mail_id));
      this.sending.set(mail.mail_id, work);
    }
    return this.sending.size >= AT_ONCE;
  }

  /** What comes before sending, as often as it is looked where nothing is due. */
  private async prepare(): Promise<void> {
    if (performance.now() < this.prepareAfter) return;
    await this.forgetErased();
    await this.core.database.transaction((tx) => this.announcing.addressWaiting(tx));
    this.prepareAfter = performance.now() + LOOK_EVERY_MILLIS;
  }

  /** True while this instance is the one that sends; renewed when half of the time has gone by. */
  private async holdLease(): Promise<boolean> {
    if (performance.now() < this.leaseUntil) return true;
    const asked = performance.now();
    const rows = await this.core.database.query(
      `INSERT INTO mail_sender_lease AS lease (name, holder, held_until)
       VALUES ('sender', $1, now() + make_interval(secs => $2))
       ON CONFLICT (name) DO UPDATE SET holder = $1, held_until = EXCLUDED.held_until
       WHERE lease.holder = $1 OR lease.held_until < now() RETURNING 1`,
      [this.holder, LEASE_SECONDS],
    );
    this.leaseUntil = rows.length > 0 ? asked + LEASE_SECONDS * 500 : 0;
    return rows.length > 0;
  }

  /** What was written to people who have been erased since is gone with them; that it was sent stays. */
  private async forgetErased(): Promise<void> {
    if (performance.now() < this.forgetAfter) return;
    await this.core.database.query(
      `UPDATE outbound_mails SET rendered = NULL, subject = NULL
       WHERE rendered IS NOT NULL AND recipient_id IN (SELECT person_id FROM people WHERE erased)`,
    );
    this.forgetAfter = performance.now() + FORGET_EVERY_MILLIS;
  }

  private async send(mail: OutboundMailRow, rendered: Buffer | null): Promise<void> {
    const bytes = rendered ?? (await this.renderOnce(mail));
    const envelope = bytes === null ? null : await this.envelopeOf(mail);
    if (bytes === null || envelope === null) return;
    try {
      await this.delivery.deliver(envelope, bytes);
    } catch (error) {
      if (error instanceof RecipientRefusedError) await this.fail(mail, `smtp-${error.responseCode}`);
      else await this.retry(mail, error);
      return;
    }
    await this.core.database.query(
      `UPDATE outbound_mails SET state = 'sent', sent_at = $2, attempts = attempts + 1, failure = NULL
       WHERE mail_id = $1 AND state = 'queued'`,
      [mail.mail_id, this.core.clock.now()],
    );
  }

  /** The bytes, kept before anybody sees them; null when the mail waits, or can never be sent. */
  private async renderOnce(mail: OutboundMailRow): Promise<Buffer | null> {
    const rendering = await this.renderer.render(mail).catch(async (error: unknown) => {
      await this.retry(mail, error);
      return null;
    });
    if (rendering === null) return null;
    if (rendering === 'erased') {
      await this.fail(mail, 'recipient-erased');
      return null;
    }
    if (rendering === 'waits') {
      await this.core.database.query('UPDATE outbound_mails SET next_attempt_at = $2 WHERE mail_id = $1', [
        mail.mail_id,
        nextLookAt(mail.created_at.toISOString(), this.core.clock.now()),
      ]);
      return null;
    }
    const rows = await this.core.database.query<{ rendered: Buffer }>(
      `UPDATE outbound_mails SET rendered = coalesce(rendered, $2), subject = coalesce(subject, $3)
       WHERE mail_id = $1 AND state = 'queued' RETURNING rendered`,
      [mail.mail_id, rendering.bytes, rendering.subject],
    );
    return rows[0]?.rendered ?? null;
  }

  /** Addresses for the server; a recipient who was erased after the rendering is written to no more. */
  private async envelopeOf(mail: OutboundMailRow): Promise<Envelope | null> {
    const known = await this.core.people.find([mail.recipient_id, mail.from_id ?? '']);
    const from = known.get(mail.from_id ?? '')?.email;
    const requestId = requestOfSender(mail.recipient_id);
    const to =
      requestId === null
        ? known.get(mail.recipient_id)?.email
        : (await requestFacts(this.core.database, requestId))?.fromEmail;
    if (to === undefined || from === undefined) {
      await this.fail(mail, 'recipient-erased');
      return null;
    }
    return { mailId: mail.mail_id, from, to, createdAt: mail.created_at.toISOString() };
  }

  private async retry(mail: OutboundMailRow, error: unknown): Promise<void> {
    const { responseCode, code } = error as { responseCode?: unknown; code?: unknown };
    const failure = typeof responseCode === 'number' ? `smtp-${responseCode}` : String(code ?? 'error');
    const { mail_id: mailId, attempts } = mail;
    this.core.logger.warn({ mailId, attempts: attempts + 1, failure }, 'a mail is sent again later');
    await this.core.database.query(
      'UPDATE outbound_mails SET attempts = attempts + 1, failure = $2, next_attempt_at = $3 WHERE mail_id = $1',
      [mailId, failure, nextAttemptAt(attempts + 1, this.core.clock.now())],
    );
  }

  private async fail(mail: OutboundMailRow, failure: string): Promise<void> {
    const { mail_id: mailId } = mail;
    this.core.logger.error({ mailId, failure }, 'a mail cannot be delivered');
    await this.core.database.query(
      `UPDATE outbound_mails SET state = 'failed', attempts = attempts + 1, failure = $2,
         rendered = CASE WHEN $2 = 'recipient-erased' THEN NULL ELSE rendered END,
         subject = CASE WHEN $2 = 'recipient-erased' THEN NULL ELSE subject END
       WHERE mail_id = $1`,
      [mailId, failure],
    );
  }
}
