import type { Blobs } from '@monteore/service';
import { loadContent } from '../request/content.js';
import type { ReplyState, Request } from '../request/state.js';

/** api.md, Shapes: a request with its texts and its replies. */
export async function requestView({ snapshot, ...request }: Request, blobs: Blobs) {
  const content = await loadContent(blobs, request.contentRef);
  return {
    ...snapshot,
    displayNumber: `R-${snapshot.number}`,
    from: content.from ?? { email: '' },
    subject: content.subject,
    text: content.text,
    urgencyEvidence: content.urgencyEvidence,
    severalEvidence: content.severalEvidence,
    attachments: content.attachments,
    ...(content.messageId === undefined ? {} : { messageId: content.messageId }),
    ...(request.rawSha256 === undefined ? {} : { rawSha256: request.rawSha256 }),
    deadlineMissed: request.deadlineMissed,
    ...(request.dismissedBecause === undefined ? {} : { dismissedBecause: request.dismissedBecause }),
    ...(request.partIds.length === 0 ? {} : { partIds: request.partIds }),
    replies: await Promise.all([...request.replies.values()].map((reply) => replyView(reply, blobs))),
  };
}

/** One reply with its new text, the words of urgency in it, and what became of it. */
export async function replyView(reply: ReplyState, blobs: Blobs) {
  const content = await loadContent(blobs, reply.contentRef);
  return {
    replyId: reply.replyId,
    contactId: reply.contactId,
    from: content.from ?? { email: '' },
    subject: content.subject,
    text: content.text,
    urgent: reply.urgent,
    urgencyEvidence: content.urgencyEvidence,
    attachments: content.attachments,
    ...(content.messageId === undefined ? {} : { messageId: content.messageId }),
    ...(reply.flag === undefined ? {} : { flag: reply.flag }),
    receivedAt: reply.receivedAt,
    seen: reply.seen,
    ...(reply.madeRequestId === undefined ? {} : { madeRequestId: reply.madeRequestId }),
  };
}
