import { describe, expect, it } from '@jest/globals';
import type { RequestSnapshot } from '@monteore/contracts';
import { isRefusal, type Refusal } from '@monteore/kernel';
import {
  dismiss,
  linkActivity,
  missDeadline,
  receiveReply,
  receiveRequest,
  split,
  takeInCharge,
} from './decide.js';
import type { RequestEvent } from './events.js';
import { evolveRequest, type RequestState, UNKNOWN_REQUEST } from './state.js';

const RECEIVED_AT = '2026-11-10T09:30:00.000Z';
const received = (more: Partial<Parameters<typeof receiveRequest>[0]> = {}): RequestEvent =>
  receiveRequest({
    requestId: 'r1',
    number: 7,
    packageId: 'sito',
    clientId: 'comune',
    contactId: 'luca',
    channel: 'mail',
    urgent: false,
    possiblySeveral: true,
    receivedAt: RECEIVED_AT,
    contentRef: 'content',
    rawSha256: 'raw',
    mailId: 'mail',
    closingDays: [],
    ...more,
  });
const SNAPSHOT: RequestSnapshot = {
  requestId: 'r1',
  number: 7,
  packageId: 'sito',
  clientId: 'comune',
  contactId: 'luca',
  state: 'received',
  channel: 'mail',
  urgent: false,
  possiblySeveral: true,
  receivedAt: RECEIVED_AT,
  takeInChargeBy: '2026-11-17T17:00:00.000Z',
  activityIds: [],
};
const after = (...events: readonly RequestEvent[]): RequestState =>
  events.reduce<RequestState>(evolveRequest, UNKNOWN_REQUEST);
const done = (decided: readonly RequestEvent[] | Refusal): readonly RequestEvent[] => {
  if (isRefusal(decided)) throw new Error(decided.code);
  return decided;
};
const then = (state: RequestState, decided: readonly RequestEvent[] | Refusal): RequestState =>
  done(decided).reduce(evolveRequest, state);
const fresh = after(received());
const unassigned = after(received({ packageId: undefined, clientId: undefined, contactId: undefined }));
const taken = then(fresh, takeInCharge(fresh));
const activity = { activityId: 'a1', packageId: 'sito', clientId: 'comune' };
const linked = then(fresh, linkActivity(fresh, activity));
const part = { requestId: 'p1', number: 8, urgent: true, contentRef: 'part' };
const splitUp = then(fresh, (split(fresh, [part], []) as { events: RequestEvent[] }).events);
const open = { packageId: 'app', clientId: 'comune', isOpen: true };

describe('R9 a request arrives with its deadline', () => {
  it('is received with the fifth working day, and a reminder when one is left', () => {
    expect(received()).toEqual({
      type: 'RequestReceived',
      data: {
        request: SNAPSHOT,
        contentRef: 'content',
        rawSha256: 'raw',
        mailId: 'mail',
        remindAt: '2026-11-16T17:00:00.000Z',
      },
    });
  });

  it("does not count the package's own closing days", () => {
    const event = received({ closingDays: ['2026-11-12', '2026-11-13'] });
    expect(event).toMatchObject({
      data: { request: { takeInChargeBy: '2026-11-19T17:00:00.000Z' }, remindAt: '2026-11-18T17:00:00.000Z' },
    });
  });
});

describe('R9 taking in charge', () => {
  it('is recorded once and quiet when repeated', () => {
    expect(done(takeInCharge(fresh))).toEqual([
      { type: 'RequestTakenInCharge', data: { request: { ...SNAPSHOT, state: 'taken-in-charge' } } },
    ]);
    expect(done(takeInCharge(taken))).toEqual([]);
    expect(done(takeInCharge(linked))).toEqual([]);
  });

  it('asks for the package where nothing said it, and assigns it', () => {
    expect(takeInCharge(unassigned)).toMatchObject({ code: 'intake.package-required', status: 422 });
    expect(done(takeInCharge(unassigned, open)).map(({ type }) => type)).toEqual([
      'RequestAssigned',
      'RequestTakenInCharge',
    ]);
    expect(then(unassigned, takeInCharge(unassigned, open))).toMatchObject({
      snapshot: { packageId: 'app', clientId: 'comune', state: 'taken-in-charge' },
    });
  });

  it.each([
    ['another client’s package', fresh, { ...open, clientId: 'museo' }, 'intake.other-client'],
    ['a package that is not open', fresh, { ...open, isOpen: false }, 'intake.package-not-open'],
    ['another package once activities stand', linked, open, 'intake.already-assigned'],
    ['a split request', splitUp, undefined, 'intake.request-over'],
    ['a dismissed request', then(fresh, dismiss(fresh, 'spam')), undefined, 'intake.request-over'],
    ['an unknown request', UNKNOWN_REQUEST, undefined, 'intake.not-found'],
  ])('refuses %s', (_name, state, named, code) => {
    expect(takeInCharge(state, named)).toMatchObject({ refused: true, code });
  });

  it('moves a request to another open package of its client', () => {
    expect(done(takeInCharge(fresh, open)).map(({ type }) => type)).toEqual([
      'RequestAssigned',
      'RequestTakenInCharge',
    ]);
  });
});

describe('R9 making an activity takes the request in charge', () => {
  it('links it, once each activity', () => {
    expect(done(linkActivity(fresh, activity)).map(({ type }) => type)).toEqual([
      'RequestTakenInCharge',
      'RequestLinked',
    ]);
    expect(linkActivity(linked, activity)).toEqual([]);
    const second = linkActivity(linked, { ...activity, activityId: 'a2' });
    expect(second).toMatchObject([
      { type: 'RequestLinked', data: { activityId: 'a2', request: { activityIds: ['a1', 'a2'] } } },
    ]);
  });

  it('assigns a request without a package to that of the activity', () => {
    expect(linkActivity(unassigned, activity).map(({ type }) => type)).toEqual([
      'RequestAssigned',
      'RequestTakenInCharge',
      'RequestLinked',
    ]);
  });

  it('stays quiet about what it does not know', () => {
    expect(linkActivity(UNKNOWN_REQUEST, activity)).toEqual([]);
  });
});

describe('R8 splitting', () => {
  it('makes each part a request of its own with the mail and the deadline of the whole', () => {
    const decided = split(fresh, [part, { ...part, requestId: 'p2', number: 9, urgent: false }], []);
    if (isRefusal(decided)) throw new Error(decided.code);
    expect(decided.events).toEqual([
      { type: 'RequestSplit', data: { partIds: ['p1', 'p2'], request: { ...SNAPSHOT, state: 'split' } } },
    ]);
    expect(decided.received[0]).toEqual({
      type: 'RequestReceived',
      data: {
        request: {
          ...SNAPSHOT,
          requestId: 'p1',
          number: 8,
          channel: 'part',
          urgent: true,
          possiblySeveral: false,
          partOf: 'r1',
        },
        contentRef: 'part',
        rawSha256: 'raw',
        mailId: 'mail',
        remindAt: '2026-11-16T17:00:00.000Z',
      },
    });
  });

  it.each([
    ['twice', splitUp, 'intake.request-over'],
    ['what became an activity', linked, 'intake.request-linked'],
    ['what is unknown', UNKNOWN_REQUEST, 'intake.not-found'],
  ])('refuses %s', (_name, state, code) => {
    expect(split(state, [part], [])).toMatchObject({ refused: true, code });
  });
});

describe('R8 dismissing', () => {
  it('keeps the reason', () => {
    expect(done(dismiss(taken, 'già fatto'))).toEqual([
      {
        type: 'RequestDismissed',
        data: { reason: 'già fatto', request: { ...SNAPSHOT, state: 'dismissed' } },
      },
    ]);
  });

  it.each([
    ['twice', then(fresh, dismiss(fresh, 'a')), 'intake.request-over'],
    ['what became an activity', linked, 'intake.request-linked'],
    ['what is unknown', UNKNOWN_REQUEST, 'intake.not-found'],
  ])('refuses %s', (_name, state, code) => {
    expect(dismiss(state, 'b')).toMatchObject({ refused: true, code });
  });
});

describe('R9 a missed deadline', () => {
  it('is recorded once, and only while nobody took it in charge', () => {
    expect(missDeadline(fresh).map(({ type }) => type)).toEqual(['RequestDeadlineMissed']);
    expect(missDeadline(then(fresh, missDeadline(fresh)))).toEqual([]);
    expect(missDeadline(taken)).toEqual([]);
    expect(missDeadline(UNKNOWN_REQUEST)).toEqual([]);
  });
});

describe('R8 replies', () => {
  const reply = { replyId: 'x', contactId: 'luca', urgent: true, receivedAt: RECEIVED_AT, contentRef: 'c' };

  it('attach once, also to a request that is over', () => {
    expect(receiveReply(splitUp, reply)).toMatchObject([
      { type: 'ReplyReceived', data: { ...reply, request: { requestId: 'r1', state: 'split' } } },
    ]);
    expect(receiveReply(then(fresh, receiveReply(fresh, reply)), reply)).toEqual([]);
  });

  it('are seen, or made a request, and both are kept', () => {
    const withReply = then(fresh, receiveReply(fresh, reply));
    const seen = evolveRequest(withReply, { type: 'ReplySeen', data: { replyId: 'x' } });
    expect(seen.status === 'open' && seen.replies.get('x')).toMatchObject({ seen: true });
    const made = evolveRequest(withReply, {
      type: 'ReplyMadeRequest',
      data: { replyId: 'x', requestId: 'r2' },
    });
    expect(made.status === 'open' && made.replies.get('x')).toMatchObject({
      seen: true,
      madeRequestId: 'r2',
    });
  });
});
