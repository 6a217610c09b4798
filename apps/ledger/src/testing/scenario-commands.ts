import { decideOverrun } from '../deciding-overruns/decide.js';
import { logWork } from '../logging-work/decide.js';
import type { PackageState, WorkEntryState } from '../package/state.js';
import { askForHours, endActivity, reserveHours } from '../reserving-hours/decide.js';
import { reverseWork } from '../reversing-work/decide.js';
import { topUp } from '../topping-up/decide.js';
import { item, type Scenario } from './scenario.js';

type Decider = Parameters<Scenario['when']>[0];

/** For specs: commands in short, with what rarely matters filled in. */

/** One approved estimate, as reservation `<activity>:<version>`. */
export const reserve =
  (activityId: string, minutes: number, more: Parameters<typeof item>[2] = {}): Decider =>
  (state, context) => {
    const wanted = item(activityId, minutes, more);
    const reservationId = `${activityId}:${wanted.version}`;
    return reserveHours(state, context, { reservationId, items: [wanted], whenLacking: 'wait' });
  };

/** Several estimates approved in one go, as reservation `together`. */
export const reserveTogether =
  (...items: ReturnType<typeof item>[]): Decider =>
  (state, context) =>
    reserveHours(state, context, { reservationId: 'together', items, whenLacking: 'refuse' });

export const ask =
  (activityId: string, minutes: number, more: Parameters<typeof item>[2] = {}): Decider =>
  (state, context) =>
    askForHours(state, context, { askId: `ask-${activityId}`, item: item(activityId, minutes, more) });

export const work =
  (activityId: string, minutes: number, more: Partial<Parameters<typeof logWork>[2]> = {}): Decider =>
  (state, context) =>
    logWork(state, context, {
      activityId,
      minutes,
      performedOn: context.today,
      performedById: 'luca',
      unapprovedMultiplier: 1,
      ...more,
    });

export const end =
  (activityId: string, outcome: 'done' | 'cancelled' = 'done'): Decider =>
  (state, context) =>
    endActivity(state, context, { activityId, outcome });

export const add =
  (minutes: number, expiresOn?: string): Decider =>
  (state, context) =>
    topUp(state, context, { minutes, ...(expiresOn === undefined ? {} : { expiresOn }) });

/** Reverses the n-th work entry that was recorded (0 is the first). */
export const reverse =
  (place: number, ownEntriesOnly = false): Decider =>
  (state, context) =>
    reverseWork(state, context, {
      workEntryId: entriesOf(state)[place]?.workEntryId ?? 'none',
      reason: 'errore',
      ownEntriesOnly,
    });

/** Decides the n-th overrun that was recorded. */
export const decide =
  (place: number, decision: 'charge' | 'refuse' | 'absorb'): Decider =>
  (state, context) => {
    const overrunId = state.status === 'unopened' ? undefined : state.overruns.values()[place]?.overrunId;
    return decideOverrun(state, context, { overrunId: overrunId ?? 'none', decision, reason: 'perché' });
  };

const entriesOf = (state: PackageState): WorkEntryState[] =>
  state.status === 'unopened' ? [] : state.entries.values();
