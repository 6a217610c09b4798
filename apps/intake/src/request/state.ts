import type { RequestSnapshot } from '@monteore/contracts';
import type { ReplyFlag, RequestEvent, ThreadEvent } from './events.js';

export interface ReplyState {
  readonly replyId: string;
  readonly contactId: string;
  readonly urgent: boolean;
  readonly flag?: ReplyFlag;
  readonly receivedAt: string;
  readonly contentRef: string;
  readonly rawSha256?: string;
  readonly mailId?: string;
  readonly seen: boolean;
  readonly madeRequestId?: string;
}

/** One request: the snapshot that others know, where its texts are kept, and the replies to it. */
export interface Request {
  readonly status: 'open';
  readonly snapshot: RequestSnapshot;
  readonly contentRef: string;
  readonly rawSha256?: string;
  readonly mailId?: string;
  readonly deadlineMissed: boolean;
  readonly dismissedBecause?: string;
  readonly partIds: readonly string[];
  readonly ofReply?: string;
  readonly replies: ReadonlyMap<string, ReplyState>;
}

export type RequestState = { readonly status: 'unknown' } | Request;

export const UNKNOWN_REQUEST: RequestState = { status: 'unknown' };

/** Folds an event into its request. Trusts what it reads. */
export function evolveRequest(state: RequestState, event: RequestEvent): RequestState {
  if (event.type === 'RequestReceived') {
    const { request, contentRef, rawSha256, mailId, ofReply } = event.data;
    return {
      status: 'open',
      snapshot: request,
      contentRef,
      ...(rawSha256 === undefined ? {} : { rawSha256 }),
      ...(mailId === undefined ? {} : { mailId }),
      ...(ofReply === undefined ? {} : { ofReply }),
      deadlineMissed: false,
      partIds: [],
      replies: new Map(),
    };
  }
  if (state.status === 'unknown') return state;
  const replies = evolveReplies(state.replies, event);
  if (!('request' in event.data)) return { ...state, replies };
  const next = { ...state, replies, snapshot: event.data.request };
  switch (event.type) {
    case 'RequestSplit':
      return { ...next, partIds: event.data.partIds };
    case 'RequestDismissed':
      return { ...next, dismissedBecause: event.data.reason };
    case 'RequestDeadlineMissed':
      return { ...next, deadlineMissed: true };
    default:
      return next;
  }
}

/** Replies to mails about an activity that no request stands behind. */
export interface ThreadState {
  readonly activityId?: string;
  readonly packageId?: string;
  readonly clientId?: string;
  readonly replies: ReadonlyMap<string, ReplyState>;
}

export const UNKNOWN_THREAD: ThreadState = { replies: new Map() };

export function evolveThread(state: ThreadState, event: ThreadEvent): ThreadState {
  const replies = evolveReplies(state.replies, event);
  if (event.type !== 'ActivityReplyReceived') return { ...state, replies };
  const { activityId, packageId, clientId } = event.data;
  return { activityId, packageId, clientId, replies };
}

function evolveReplies(
  replies: ReadonlyMap<string, ReplyState>,
  event: RequestEvent | ThreadEvent,
): ReadonlyMap<string, ReplyState> {
  switch (event.type) {
    case 'ReplyReceived':
    case 'ActivityReplyReceived': {
      const { replyId, contactId, urgent, flag, receivedAt, contentRef, rawSha256, mailId } = event.data;
      return new Map(replies).set(replyId, {
        replyId,
        contactId,
        urgent,
        ...(flag === undefined ? {} : { flag }),
        receivedAt,
        contentRef,
        ...(rawSha256 === undefined ? {} : { rawSha256 }),
        ...(mailId === undefined ? {} : { mailId }),
        seen: false,
      });
    }
    case 'ReplySeen':
      return changed(replies, event.data.replyId, { seen: true });
    case 'ReplyMadeRequest':
      return changed(replies, event.data.replyId, { seen: true, madeRequestId: event.data.requestId });
    default:
      return replies;
  }
}

function changed(
  replies: ReadonlyMap<string, ReplyState>,
  replyId: string,
  change: Partial<ReplyState>,
): ReadonlyMap<string, ReplyState> {
  const reply = replies.get(replyId);
  return reply === undefined ? replies : new Map(replies).set(replyId, { ...reply, ...change });
}
