import { localDateOf } from '@monteore/calendar';
import {
  type Actor,
  DEFAULT_POLICY,
  derivedId,
  isRefusal,
  type Policy,
  type Refusal,
} from '@monteore/kernel';
import { openPackage } from '../opening-a-package/decide.js';
import { balancesOf } from '../package/balances.js';
import type { Decision } from '../package/decide.js';
import type { PackageEventType, PackageFacts, RequestedItem } from '../package/events.js';
import { evolve } from '../package/evolve.js';
import type { DecisionContext } from '../package/record.js';
import { type Package, type PackageState, UNOPENED } from '../package/state.js';

export const REFERENT: Actor = { subject: 'referent', role: 'referent' };
export const PACKAGE_ID = 'package';

type Decider = (state: PackageState, context: DecisionContext) => Decision | Refusal;

/** For specs: one package, the commands given to it one after another, and what each of them recorded or was refused. */
export class Scenario {
  state: PackageState = UNOPENED;
  /** What the last command came to. */
  outcome: Decision | Refusal = [];
  private now = '2026-03-02T09:00:00.000Z';
  private count = 0;

  /** Opened on Monday 2 March 2026 at 10:00 in Rome, as command `c1`. */
  static opened(
    minutes: number,
    options: { policy?: Partial<Policy>; expiresOn?: string; endsOn?: string } = {},
  ): Scenario {
    const { policy, expiresOn, endsOn } = options;
    return new Scenario().given((state, context) =>
      openPackage(state, context, {
        opening: {
          packageId: PACKAGE_ID,
          clientId: 'client',
          name: 'Sito 2026',
          referentId: 'referent',
          policy: { ...DEFAULT_POLICY, ...policy },
          agreedActivities: [],
          ...(endsOn === undefined ? {} : { endsOn }),
        },
        firstLot: { minutes, ...(expiresOn === undefined ? {} : { expiresOn }) },
      }),
    );
  }

  /** The commands that follow are given at this instant (RFC 3339). */
  at(instant: string): this {
    this.now = new Date(instant).toISOString();
    return this;
  }

  /** A command whose outcome is looked at: its events are folded, a refusal is kept. */
  when(decider: Decider, actor: Actor = REFERENT): this {
    this.count += 1;
    const context = { now: this.now, today: localDateOf(this.now), commandId: `c${this.count}`, actor };
    this.outcome = decider(this.state, context);
    if (!isRefusal(this.outcome)) {
      for (const event of this.outcome) this.state = evolve(this.state, event, actor.subject);
    }
    return this;
  }

  /** A command that must record something. Throws Error when it does not. */
  given(decider: Decider, actor: Actor = REFERENT): this {
    this.when(decider, actor);
    if (isRefusal(this.outcome)) throw new Error(`${this.outcome.code}: ${this.outcome.detail}`);
    if (this.outcome.length === 0) throw new Error('the command recorded nothing');
    return this;
  }

  get package(): Package {
    if (this.state.status === 'unopened') throw new Error('the package has not been opened');
    return this.state;
  }

  get balances() {
    const { postedMinutes, heldMinutes, availableMinutes } = balancesOf(this.package);
    return { postedMinutes, heldMinutes, availableMinutes };
  }

  /** The lots as [minutes left, minutes held, expired], in the order of their coming. */
  get lots(): [number, number, boolean][] {
    return this.package.lots.map((lot) => [lot.remainingMinutes, lot.heldMinutes, lot.expired]);
  }

  /** The last command's events as [type, facts]; throws Error when it was refused. */
  get recorded(): [PackageEventType, unknown][] {
    if (isRefusal(this.outcome)) throw new Error(`${this.outcome.code}: ${this.outcome.detail}`);
    return this.outcome.map(({ type, data }) => [type, data]);
  }

  get types(): PackageEventType[] {
    return this.recorded.map(([type]) => type);
  }

  /** The facts of the last command's one event of a type. */
  facts<T extends PackageEventType>(type: T): PackageFacts[T] {
    const found = this.recorded.filter(([recorded]) => recorded === type);
    if (found.length !== 1) throw new Error(`${found.length} events of type ${type}`);
    return found[0]![1] as PackageFacts[T];
  }
}

/** The id that the command made as its n-th. */
export const madeId = (command: number, what: string, n = 1): string =>
  derivedId(`c${command}`, what, String(n));

/** What estimation asks hours for. */
export const item = (
  activityId: string,
  minutes: number,
  more: Partial<RequestedItem> = {},
): RequestedItem => ({
  activityId,
  version: 1,
  minutes,
  multiplier: 1,
  weightedMinutes: minutes * (more.multiplier ?? 1),
  path: 'approved',
  reopens: false,
  ...more,
});
