import { type Refusal, refuse } from '@monteore/kernel';
import type { MailEvent, MailFactsByType } from './events.js';

/** One mail: how it was taken the first time, and what a person decided when it waited. */
export type MailState =
  | { readonly status: 'unknown' }
  | {
      readonly status: 'taken' | 'waiting' | 'released' | 'discarded';
      readonly accepted: MailFactsByType['MailAccepted'];
      readonly requestId?: string;
    };

export const UNKNOWN_MAIL: MailState = { status: 'unknown' };

export function evolveMail(state: MailState, event: MailEvent): MailState {
  switch (event.type) {
    case 'MailAccepted': {
      if (state.status !== 'unknown') return state;
      const { disposition, requestId } = event.data;
      const waits = disposition === 'quarantined' || disposition === 'unreadable';
      return {
        status: waits ? 'waiting' : 'taken',
        accepted: event.data,
        ...(requestId === undefined ? {} : { requestId }),
      };
    }
    case 'MailReleased':
      return state.status === 'unknown'
        ? state
        : { ...state, status: 'released', requestId: event.data.requestId };
    case 'MailDiscarded':
      return state.status === 'unknown' ? state : { ...state, status: 'discarded' };
  }
}

/** R8: only what waits in quarantine is decided on, and once. */
export function refusedUnlessWaiting(state: MailState): Refusal | null {
  if (state.status === 'waiting') return null;
  if (state.status === 'unknown' || state.status === 'taken') {
    return refuse(
      404,
      'intake.not-found',
      'Not found',
      'There is no mail with this id in quarantine that you may see.',
    );
  }
  return refuse(
    409,
    'intake.mail-decided',
    'Somebody decided on this mail already',
    state.status === 'released'
      ? 'It was released: its request is in the list.'
      : 'It was discarded; its raw text is still kept.',
    {
      extra: {
        state: state.status,
        ...(state.requestId === undefined ? {} : { requestId: state.requestId }),
      },
    },
  );
}
