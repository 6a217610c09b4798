import { localDateOf } from '@monteore/calendar';
import type { SealedEvent } from '@monteore/event-store';
import type { Json } from '@monteore/kernel';
import { type DecidedEvent, type ServiceCore, StreamRuntime } from '@monteore/service';
import type { MailEvent, RequestEvent, ThreadEvent } from './events.js';
import { evolveMail, type MailState, UNKNOWN_MAIL } from './mail-state.js';
import {
  evolveRequest,
  evolveThread,
  type RequestState,
  type ThreadState,
  UNKNOWN_REQUEST,
  UNKNOWN_THREAD,
} from './state.js';

export const requestEventOf = (event: SealedEvent) => event as unknown as RequestEvent;
export const threadEventOf = (event: SealedEvent) => event as unknown as ThreadEvent;
export const mailEventOf = (event: SealedEvent) => event as unknown as MailEvent;

/** Decided events as the runtime takes them; what comes in happened on the day it is recorded. */
export const asDecided = (
  events: readonly { readonly type: string; readonly data: object }[],
  now: string,
): DecidedEvent[] =>
  events.map(({ type, data }) => ({
    type,
    data: data as unknown as Record<string, Json>,
    occurredOn: localDateOf(now),
  }));

/** The three kinds of streams that intake keeps, folded and cached; commands of one stream run in order. */
export class IntakeStreams {
  readonly requests: StreamRuntime<RequestState>;
  readonly threads: StreamRuntime<ThreadState>;
  readonly mails: StreamRuntime<MailState>;

  constructor({ store, clock }: Pick<ServiceCore, 'store' | 'clock'>) {
    this.requests = new StreamRuntime({
      store,
      clock,
      fold: {
        initial: UNKNOWN_REQUEST,
        evolve: (state, event) => evolveRequest(state, requestEventOf(event)),
      },
    });
    this.threads = new StreamRuntime({
      store,
      clock,
      fold: {
        initial: UNKNOWN_THREAD,
        evolve: (state, event) => evolveThread(state, threadEventOf(event)),
      },
    });
    this.mails = new StreamRuntime({
      store,
      clock,
      fold: { initial: UNKNOWN_MAIL, evolve: (state, event) => evolveMail(state, mailEventOf(event)) },
    });
  }
}
