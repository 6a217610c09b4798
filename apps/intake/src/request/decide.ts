import { type Instant, type LocalDate, reminderAt, takeInChargeDeadline } from '@monteore/calendar';
import type { RequestSnapshot } from '@monteore/contracts';
import { type Refusal, refuse } from '@monteore/kernel';
import type { RequestEvent, RequestFactsByType } from './events.js';
import type { Request, RequestState } from './state.js';

export interface NewRequest {
  readonly requestId: string;
  readonly number: number;
  readonly packageId?: string | undefined;
  readonly clientId?: string | undefined;
  readonly contactId?: string | undefined;
  readonly channel: RequestSnapshot['channel'];
  readonly urgent: boolean;
  readonly possiblySeveral: boolean;
  readonly receivedAt: Instant;
  readonly contentRef: string;
  readonly rawSha256?: string | undefined;
  readonly mailId?: string | undefined;
  readonly partOf?: string | undefined;
  readonly ofReply?: string | undefined;
  /** Days on which the team of its package does not work (R9). */
  readonly closingDays: readonly LocalDate[];
  /** The deadline of what it was made of, where that is not its own receipt (a part of a split mail). */
  readonly takeInChargeBy?: Instant;
}

/** R9: a request as it arrives, its deadline with it. */
export function receiveRequest(given: NewRequest): RequestEvent {
  const { contentRef, rawSha256, mailId, ofReply, closingDays, ...facts } = given;
  const takeInChargeBy =
    given.takeInChargeBy ?? takeInChargeDeadline(given.receivedAt, closingDays).takeInChargeBy;
  const { requestId, number, channel, urgent, possiblySeveral, receivedAt } = facts;
  return {
    type: 'RequestReceived',
    data: {
      request: {
        requestId,
        number,
        ...(facts.packageId === undefined ? {} : { packageId: facts.packageId }),
        ...(facts.clientId === undefined ? {} : { clientId: facts.clientId }),
        ...(facts.contactId === undefined ? {} : { contactId: facts.contactId }),
        state: 'received',
        channel,
        urgent,
        possiblySeveral,
        receivedAt,
        takeInChargeBy,
        ...(facts.partOf === undefined ? {} : { partOf: facts.partOf }),
        activityIds: [],
      },
      contentRef,
      ...(rawSha256 === undefined ? {} : { rawSha256 }),
      ...(mailId === undefined ? {} : { mailId }),
      ...(ofReply === undefined ? {} : { ofReply }),
      remindAt: reminderAt(takeInChargeBy, closingDays),
    },
  };
}

type Changes = Partial<RequestSnapshot>;
type Kind = Exclude<keyof RequestFactsByType, 'RequestReceived' | 'ReplySeen' | 'ReplyMadeRequest'>;
type Own<K extends Kind> = Omit<RequestFactsByType[K], 'request'>;

/** Events of one command, each with the request as it is after it. */
class Story {
  readonly events: RequestEvent[] = [];

  constructor(private snapshot: RequestSnapshot) {}

  tell<K extends Kind>(type: K, facts: Own<K>, changes: Changes = {}): this {
    this.snapshot = { ...this.snapshot, ...changes };
    this.events.push({ type, data: { ...facts, request: this.snapshot } } as unknown as RequestEvent);
    return this;
  }
}

/** The package that a person names for a request, as the service's copy knows it. */
export interface NamedPackage {
  readonly packageId: string;
  readonly clientId: string;
  readonly isOpen: boolean;
}

/** R9: a person takes the request in charge; one without a package is assigned with it. Quiet when repeated. */
export function takeInCharge(state: RequestState, named?: NamedPackage): RequestEvent[] | Refusal {
  if (state.status === 'unknown') return unknownRequest();
  const { snapshot } = state;
  const over = refusedWhenOver(state);
  if (over !== null) return over;
  const story = new Story(snapshot);
  if (named !== undefined && named.packageId !== snapshot.packageId) {
    const refusal = refusedAssignment(snapshot, named);
    if (refusal !== null) return refusal;
    story.tell('RequestAssigned', {}, { packageId: named.packageId, clientId: named.clientId });
  } else if (snapshot.packageId === undefined) {
    return refuse(
      422,
      'intake.package-required',
      'The request belongs to no package yet',
      '/packageId: nothing says for which package this was asked: name it to take the request in charge.',
      { errors: [{ pointer: '/packageId', detail: 'name the package that this was asked for' }] },
    );
  }
  if (snapshot.state === 'received') story.tell('RequestTakenInCharge', {}, { state: 'taken-in-charge' });
  return story.events;
}

function refusedAssignment(snapshot: RequestSnapshot, named: NamedPackage): Refusal | null {
  if (snapshot.clientId !== undefined && snapshot.clientId !== named.clientId) {
    return refuse(
      422,
      'intake.other-client',
      'The package belongs to another client',
      '/packageId: the one who asked belongs to another client than this package.',
      { errors: [{ pointer: '/packageId', detail: 'a package of the same client' }] },
    );
  }
  if (snapshot.state === 'linked') {
    return refuse(
      409,
      'intake.already-assigned',
      'Activities of this request stand on its package already',
      'A request that activities were made of stays on their package.',
      { extra: { packageId: snapshot.packageId } },
    );
  }
  return named.isOpen ? null : packageNotOpen();
}

/** Estimation made an activity of it: that takes it in charge (R9). A fact, so it is recorded whatever was before. */
export function linkActivity(
  state: RequestState,
  activity: { readonly activityId: string; readonly packageId: string; readonly clientId: string },
): RequestEvent[] {
  if (state.status === 'unknown' || state.snapshot.activityIds.includes(activity.activityId)) return [];
  const { snapshot } = state;
  const { activityId, packageId, clientId } = activity;
  const story = new Story(snapshot);
  if (snapshot.packageId !== packageId) story.tell('RequestAssigned', {}, { packageId, clientId });
  if (snapshot.state === 'received') story.tell('RequestTakenInCharge', {}, { state: 'taken-in-charge' });
  story.tell(
    'RequestLinked',
    { activityId },
    {
      state: snapshot.state === 'split' ? 'split' : 'linked',
      activityIds: [...snapshot.activityIds, activityId],
    },
  );
  return story.events;
}

/** R8: nothing is dropped silently: a reason is kept. */
export function dismiss(state: RequestState, reason: string): RequestEvent[] | Refusal {
  if (state.status === 'unknown') return unknownRequest();
  const over = refusedWhenOver(state) ?? refusedWhenLinked(state);
  if (over !== null) return over;
  return new Story(state.snapshot).tell('RequestDismissed', { reason }, { state: 'dismissed' }).events;
}

/** One part as the person who splits wrote it; its texts are kept already. */
export interface SplitPart {
  readonly requestId: string;
  readonly number: number;
  readonly urgent: boolean;
  readonly contentRef: string;
}

/** R8: the parts are requests of their own, each with the original mail and the deadline of its receipt. */
export function split(
  state: RequestState,
  parts: readonly SplitPart[],
  closingDays: readonly LocalDate[],
): { readonly events: RequestEvent[]; readonly received: RequestEvent[] } | Refusal {
  if (state.status === 'unknown') return unknownRequest();
  const over = refusedWhenOver(state) ?? refusedWhenLinked(state);
  if (over !== null) return over;
  const { requestId: partOf, packageId, clientId, contactId, receivedAt, takeInChargeBy } = state.snapshot;
  const partIds = parts.map(({ requestId }) => requestId);
  return {
    events: new Story(state.snapshot).tell('RequestSplit', { partIds }, { state: 'split' }).events,
    received: parts.map((part) =>
      receiveRequest({
        ...part,
        partOf,
        packageId,
        clientId,
        contactId,
        receivedAt,
        takeInChargeBy,
        channel: 'part',
        possiblySeveral: false,
        rawSha256: state.rawSha256,
        mailId: state.mailId,
        closingDays,
      }),
    ),
  };
}

/** R9: the fifth working day ended and nobody had taken it in charge. */
export function missDeadline(state: RequestState): RequestEvent[] {
  if (state.status === 'unknown' || state.snapshot.state !== 'received' || state.deadlineMissed) return [];
  return new Story(state.snapshot).tell('RequestDeadlineMissed', {}).events;
}

/** R8: a reply in the request's thread; once, however often its mail comes. */
export function receiveReply(state: RequestState, reply: Own<'ReplyReceived'>): RequestEvent[] {
  if (state.status === 'unknown' || state.replies.has(reply.replyId)) return [];
  return new Story(state.snapshot).tell('ReplyReceived', reply).events;
}

function refusedWhenOver({ snapshot, partIds, dismissedBecause }: Request): Refusal | null {
  if (snapshot.state !== 'split' && snapshot.state !== 'dismissed') return null;
  return refuse(
    409,
    'intake.request-over',
    snapshot.state === 'split' ? 'The request was split' : 'The request was dismissed',
    snapshot.state === 'split'
      ? 'Its parts are requests of their own: act on them.'
      : 'A dismissed request stays dismissed; a new one can be written for the client.',
    {
      extra: {
        state: snapshot.state,
        ...(partIds.length === 0 ? {} : { requestIds: partIds }),
        ...(dismissedBecause === undefined ? {} : { reason: dismissedBecause }),
      },
    },
  );
}

function refusedWhenLinked({ snapshot }: Request): Refusal | null {
  if (snapshot.state !== 'linked') return null;
  return refuse(
    409,
    'intake.request-linked',
    'Activities were made of this request',
    'What became an activity is ended there: cancel the activity instead.',
    { extra: { activityIds: snapshot.activityIds } },
  );
}

export const packageNotOpen = (): Refusal =>
  refuse(
    409,
    'intake.package-not-open',
    'The package is not open',
    'Nothing new is asked on a package that is closing or closed: name an open one.',
    { errors: [{ pointer: '/packageId', detail: 'the package is closing or closed' }] },
  );

export const unknownRequest = (): Refusal =>
  refuse(404, 'intake.not-found', 'Not found', 'There is no request with this id that you may see.');
