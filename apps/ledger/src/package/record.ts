import { type Actor, derivedId, type Refusal, refuse } from '@monteore/kernel';
import { activityMinutes, balancesOf, lotViews } from './balances.js';
import type { PackageEvent, PackageEventType, PackageFacts, RecordedPackageEvent } from './events.js';
import { evolve } from './evolve.js';
import type { LivePackage, Package, PackageState } from './state.js';

/** What a decision may know beside the state: the instant, who asks, and the id that makes all other ids. */
export interface DecisionContext {
  /** RFC 3339, UTC. */
  readonly now: string;
  /** The Europe/Rome date of `now`. */
  readonly today: string;
  readonly commandId: string;
  readonly actor: Actor;
}

/**
 * Collects the events of one decision, folding each into the state at once, and stamps every event with the
 * balances after it. It lives for one call of a decider: from outside that call is pure.
 */
export class Recorder {
  readonly events: RecordedPackageEvent[] = [];
  private current: PackageState;
  private idsMade = 0;

  constructor(
    state: PackageState,
    readonly context: DecisionContext,
  ) {
    this.current = state;
  }

  get state(): PackageState {
    return this.current;
  }

  /** The package; only after it was opened. */
  get package(): Package {
    if (this.current.status === 'unopened') throw new Error('the package has not been opened');
    return this.current;
  }

  /** An id derived from the command, so that a repeated decision makes the same one. */
  newId(what: string): string {
    this.idsMade += 1;
    return derivedId(this.context.commandId, what, String(this.idsMade));
  }

  /** Records an event as of today, or of the day it happened on (R15). */
  record<T extends PackageEventType>(type: T, data: PackageFacts[T], occurredOn = this.context.today): void {
    const event = { type, data } as unknown as PackageEvent;
    const before = this.current.status === 'unopened' ? null : balancesOf(this.current);
    const next = evolve(this.current, event, this.context.actor.subject) as Package;
    const balances = balancesOf(next);
    this.current = next;
    this.events.push({
      ...event,
      occurredOn,
      stamp: {
        packageId: next.packageId,
        clientId: next.clientId,
        postedDeltaMinutes: balances.postedMinutes - (before?.postedMinutes ?? 0),
        heldDeltaMinutes: balances.heldMinutes - (before?.heldMinutes ?? 0),
        balances,
        lots: lotViews(next),
        activities: activitiesOf(event).map((activityId) => activityMinutes(next, activityId)),
      },
    });
  }
}

function activitiesOf(event: PackageEvent): string[] {
  if (event.type === 'HoursReserved' || event.type === 'HoldsReleased')
    return event.data.items.map((item) => item.activityId);
  const activityId = (event.data as { activityId?: string }).activityId;
  return activityId === undefined ? [] : [activityId];
}

/** A closed package is read-only for ever (R14). */
export function closedRefusal(state: Package): Refusal {
  return refuse(
    409,
    'ledger.package-closed',
    'The package is closed',
    `«${state.name}» was closed on ${state.status === 'closed' ? state.closedOn : ''}: nothing can be recorded on it any more.`,
  );
}

export const isLive = (state: Package): state is LivePackage => state.status !== 'closed';
