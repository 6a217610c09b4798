import type { RequestSnapshot } from '@monteore/contracts';

/**
 * Stored events of intake. Stream `request-<id>`: one request with its replies. Stream `thread-<activityId>`: replies to
 * mails about an activity that no request stands behind. Stream `mail-<mailId>`: what was done with one mail. Stream
 * `call-<commandId>`: the one answer (MailDelivered, the facts of MailAccepted) to a REST call that brought a mail.
 * Names, addresses, subjects and texts are none of theirs: they lie in blobs, named by SHA-256 (`contentRef`).
 */

/** Each event of a request carries the request as it is after it. */
interface OfRequest {
  readonly request: RequestSnapshot;
}

/** Where the texts of what came in are kept. */
interface Kept {
  /** Blob of a `RequestContent`. */
  readonly contentRef: string;
  /** Blob of the raw mail, unchanged; absent for what came by REST or form. */
  readonly rawSha256?: string;
  readonly mailId?: string;
}

/** A reply to a finished activity, or on a package that is not open any more (R8). */
export type ReplyFlag = 'activity-finished' | 'package-closed';

interface Reply extends Kept {
  readonly replyId: string;
  readonly contactId: string;
  readonly urgent: boolean;
  readonly flag?: ReplyFlag;
  readonly receivedAt: string;
}

export interface RequestFactsByType {
  RequestReceived: OfRequest &
    Kept & {
      /** R9: when one working day is left. */
      readonly remindAt: string;
      /** The reply that a person made this request of. */
      readonly ofReply?: string;
    };
  RequestTakenInCharge: OfRequest;
  RequestLinked: OfRequest & { readonly activityId: string };
  RequestSplit: OfRequest & { readonly partIds: readonly string[] };
  RequestDismissed: OfRequest & { readonly reason: string };
  RequestAssigned: OfRequest;
  RequestDeadlineMissed: OfRequest;
  ReplyReceived: OfRequest & Reply;
  ReplySeen: { readonly replyId: string };
  ReplyMadeRequest: { readonly replyId: string; readonly requestId: string };
}

export type RequestEventType = keyof RequestFactsByType;
export type RequestEvent = {
  [T in RequestEventType]: { readonly type: T; readonly data: RequestFactsByType[T] };
}[RequestEventType];

export interface ThreadFactsByType {
  ActivityReplyReceived: Reply & {
    readonly activityId: string;
    readonly packageId: string;
    readonly clientId: string;
  };
  ReplySeen: RequestFactsByType['ReplySeen'];
  ReplyMadeRequest: RequestFactsByType['ReplyMadeRequest'];
}

export type ThreadEvent = {
  [T in keyof ThreadFactsByType]: { readonly type: T; readonly data: ThreadFactsByType[T] };
}[keyof ThreadFactsByType];

export const DISPOSITIONS = [
  'request',
  'reply',
  'duplicate',
  'quarantined',
  'automatic',
  'unreadable',
] as const;
export type Disposition = (typeof DISPOSITIONS)[number];

/** Why a mail waits in quarantine (R8), or what kind of machine wrote it. */
export type DispositionReason =
  | 'unknown-sender'
  | 'viewer'
  | 'unauthenticated'
  | 'auto-reply'
  | 'bounce'
  | 'receipt'
  | 'list'
  | 'loop';

export interface MailFactsByType {
  /** A mail was taken; said again with `duplicate` each time the same mail comes once more. */
  MailAccepted: Kept & {
    readonly mailId: string;
    readonly rawSha256: string;
    readonly disposition: Disposition;
    readonly reason?: DispositionReason;
    readonly requestId?: string;
    readonly replyId?: string;
    readonly contactId?: string;
    readonly clientId?: string;
    /** The referent whose mailbox it came to, where one can be told. */
    readonly referentId?: string;
    readonly receivedAt: string;
  };
  /** A person let a quarantined mail in. */
  MailReleased: { readonly mailId: string; readonly requestId: string; readonly contactId?: string };
  MailDiscarded: { readonly mailId: string; readonly reason: string };
}

export type MailEvent = {
  [T in keyof MailFactsByType]: { readonly type: T; readonly data: MailFactsByType[T] };
}[keyof MailFactsByType];

export const streamOfRequest = (requestId: string): string => `request-${requestId}`;
export const streamOfThread = (activityId: string): string => `thread-${activityId}`;
export const streamOfMail = (mailId: string): string => `mail-${mailId}`;
