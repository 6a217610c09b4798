import { describe, expect, it } from '@jest/globals';
import { intakeEvents } from '@monteore/contracts';
import type { StoredEvent } from '@monteore/event-store';
import { publishIntakeEvent } from './publishing.js';
import {
  dismiss,
  linkActivity,
  missDeadline,
  receiveReply,
  receiveRequest,
  split,
  takeInCharge,
} from './request/decide.js';
import type { MailEvent, RequestEvent, ThreadEvent } from './request/events.js';
import { evolveRequest, type RequestState, UNKNOWN_REQUEST } from './request/state.js';

const stored = (streamId: string, { type, data }: RequestEvent | ThreadEvent | MailEvent) =>
  ({ streamId, type, data }) as unknown as StoredEvent;
const received = (clientId?: string): RequestEvent =>
  receiveRequest({
    requestId: 'r1',
    number: 1,
    packageId: clientId === undefined ? undefined : 'p1',
    clientId,
    contactId: clientId === undefined ? undefined : 'k1',
    channel: 'mail',
    urgent: true,
    possiblySeveral: false,
    receivedAt: '2026-11-10T09:30:00.000Z',
    contentRef: 'content',
    rawSha256: 'raw',
    mailId: 'mail',
    closingDays: [],
  });
const state: RequestState = evolveRequest(UNKNOWN_REQUEST, received('c1'));
const unassigned: RequestState = evolveRequest(UNKNOWN_REQUEST, received());
const reply = {
  replyId: 'x',
  contactId: 'k1',
  urgent: true,
  receivedAt: '2026-11-10T09:30:00.000Z',
  contentRef: 'content',
};
const activity = { activityId: 'a1', packageId: 'p1', clientId: 'c1' };
const parts = split(state, [{ requestId: 'r2', number: 2, urgent: false, contentRef: 'part' }], []);
const all: readonly RequestEvent[] = [
  received('c1'),
  ...linkActivity(unassigned, activity),
  ...('events' in parts ? [...parts.events, ...parts.received] : []),
  ...(dismiss(state, 'già fatto') as RequestEvent[]),
  ...missDeadline(state),
  ...receiveReply(state, reply),
];
const threadReply: ThreadEvent = { type: 'ActivityReplyReceived', data: { ...reply, ...activity } };

describe('what intake tells the others', () => {
  it('holds every public event, each as its contract says and with nothing more', () => {
    const told = [
      ...all.map((event) => publishIntakeEvent(stored('request-r1', event))),
      publishIntakeEvent(stored('thread-a1', threadReply)),
    ];
    for (const form of told) {
      const schema = intakeEvents[form!.type as keyof typeof intakeEvents];
      expect(schema.strict().parse(form!.data)).toEqual(form!.data);
    }
    expect(new Set(told.map((form) => form!.type))).toEqual(new Set(Object.keys(intakeEvents)));
  });

  it('goes under the client’s key; a request without a client under its own id until it is assigned', () => {
    expect(publishIntakeEvent(stored('request-r1', received('c1')))?.key).toBe('c1');
    expect(publishIntakeEvent(stored('request-r1', received()))?.key).toBe('r1');
    const [assigned] = takeInCharge(unassigned, { ...activity, isOpen: true }) as RequestEvent[];
    expect(publishIntakeEvent(stored('request-r1', assigned!))).toMatchObject({
      type: 'RequestAssigned',
      key: 'c1',
      data: { request: { requestId: 'r1', packageId: 'p1', clientId: 'c1', urgent: true } },
    });
  });

  it.each<readonly [string, RequestEvent | MailEvent]>([
    ['mail-m1', { type: 'MailDiscarded', data: { mailId: 'm1', reason: 'x' } }],
    ['request-r1', { type: 'ReplySeen', data: { replyId: 'x' } }],
    ['request-r1', { type: 'ReplyMadeRequest', data: { replyId: 'x', requestId: 'r2' } }],
  ])('keeps to itself what happens in %s: $type', (streamId, event) => {
    expect(publishIntakeEvent(stored(streamId, event))).toBeNull();
  });
});
