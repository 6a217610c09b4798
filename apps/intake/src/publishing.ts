import type { StoredEvent } from '@monteore/event-store';
import type { PublicForm } from '@monteore/messaging';
import type { RequestEvent } from './request/events.js';
import { requestEventOf, threadEventOf } from './request/streams.js';

/** What is nobody else's business: mails and where their texts are kept, and what a person has looked at. */
export function publishIntakeEvent(event: StoredEvent): PublicForm | null {
  if (event.streamId.startsWith('thread-')) {
    const { type, data } = threadEventOf(event);
    if (type !== 'ActivityReplyReceived') return null;
    const { activityId, packageId, clientId, contactId, replyId, urgent } = data;
    return { type, key: clientId, data: { activityId, packageId, clientId, contactId, replyId, urgent } };
  }
  return event.streamId.startsWith('request-') ? publicRequest(requestEventOf(event)) : null;
}

/** A request goes under its client's key; under its own id as long as it has none (architecture.md, Messaging port). */
function publicRequest(event: RequestEvent): PublicForm | null {
  if (event.type === 'ReplySeen' || event.type === 'ReplyMadeRequest') return null;
  const { request } = event.data;
  const key = request.clientId ?? request.requestId;
  return { type: event.type, key, data: { request: { ...request }, ...factsOf(event) } };
}

function factsOf(event: RequestEvent): PublicForm['data'] {
  switch (event.type) {
    case 'RequestLinked':
      return { activityId: event.data.activityId };
    case 'RequestSplit':
      return { partIds: [...event.data.partIds] };
    case 'RequestDismissed':
      return { reason: event.data.reason };
    case 'ReplyReceived':
      return { replyId: event.data.replyId, urgent: event.data.urgent };
    default:
      return {};
  }
}
