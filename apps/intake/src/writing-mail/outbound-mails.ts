import type { MailKind, MailModels } from './models.js';

export type MailState = 'queued' | 'sent' | 'failed';

/** A row of `outbound_mails` without its bytes. */
export interface OutboundMailRow<K extends MailKind = MailKind> {
  readonly place: string;
  readonly mail_id: string;
  /** Without angle brackets. */
  readonly message_id: string;
  readonly recipient_id: string;
  readonly kind: K;
  readonly from_id: string | null;
  readonly package_id: string | null;
  readonly client_id: string | null;
  readonly request_id: string | null;
  readonly activity_id: string | null;
  readonly may_decide: boolean;
  readonly model: MailModels[K];
  readonly state: MailState;
  readonly attempts: number;
  readonly next_attempt_at: Date;
  readonly failure: string | null;
  readonly subject: string | null;
  readonly sent_at: Date | null;
  readonly created_at: Date;
}

export const OUTBOUND_COLUMNS = `place, mail_id, message_id, recipient_id, kind, from_id, package_id, client_id, request_id,
  activity_id, may_decide, model, state, attempts, next_attempt_at, failure, subject, sent_at, created_at`;
