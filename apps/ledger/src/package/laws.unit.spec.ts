import { describe, expect, it } from '@jest/globals';
import { DEFAULT_POLICY, isRefusal, type Policy, type Refusal } from '@monteore/kernel';
import fc from 'fast-check';
import { adjustBalance } from '../adjusting-the-balance/decide.js';
import { closePackage } from '../closing-a-package/decide.js';
import { decideOverrun } from '../deciding-overruns/decide.js';
import { logWork } from '../logging-work/decide.js';
import { openPackage } from '../opening-a-package/decide.js';
import { askForHours, endActivity, reserveHours, withdrawApproval } from '../reserving-hours/decide.js';
import { reverseWork } from '../reversing-work/decide.js';
import { topUp } from '../topping-up/decide.js';
import { balancesOf } from './balances.js';
import { type Decision, decideDue } from './decide.js';
import type { RecordedPackageEvent } from './events.js';
import { evolve } from './evolve.js';
import type { DecisionContext } from './record.js';
import { type Package, type PackageState, UNOPENED } from './state.js';

const ACTIVITIES = ['a', 'b', 'c'];

const policyArbitrary: fc.Arbitrary<Policy> = fc.record({
  ...Object.fromEntries(Object.entries(DEFAULT_POLICY).map(([key, value]) => [key, fc.constant(value)])),
  toleranceMinutes: fc.constantFrom(0, 20),
  overdraftMinutes: fc.constantFrom(0, 60),
  roundUpToMinutes: fc.constantFrom(1, 15),
  minimumMinutes: fc.constantFrom(0, 30),
}) as unknown as fc.Arbitrary<Policy>;

const minutes = fc.integer({ min: 1, max: 200 });
const commandArbitrary = fc.oneof(
  fc.record({
    type: fc.constant('reserve' as const),
    activity: fc.nat(2),
    minutes,
    multiplier: fc.constantFrom(1, 3),
    automatic: fc.boolean(),
    reopens: fc.boolean(),
  }),
  fc.record({ type: fc.constant('ask' as const), activity: fc.nat(2), minutes }),
  fc.record({ type: fc.constant('work' as const), activity: fc.nat(2), minutes, daysAgo: fc.nat(5) }),
  fc.record({ type: fc.constant('reverse' as const), entry: fc.nat(10) }),
  fc.record({
    type: fc.constant('overrun' as const),
    overrun: fc.nat(5),
    decision: fc.constantFrom('charge' as const, 'refuse' as const, 'absorb' as const),
  }),
  fc.record({ type: fc.constant('withdraw' as const), activity: fc.nat(2), versionsBack: fc.nat(3) }),
  fc.record({ type: fc.constant('end' as const), activity: fc.nat(2) }),
  fc.record({
    type: fc.constant('top-up' as const),
    minutes,
    expiresInDays: fc.option(fc.integer({ min: 0, max: 10 }), { nil: undefined }),
  }),
  fc.record({
    type: fc.constant('adjust' as const),
    minutes: fc.integer({ min: -150, max: 150 }).filter((value) => value !== 0),
  }),
  fc.record({ type: fc.constant('pass' as const), days: fc.integer({ min: 1, max: 4 }) }),
  fc.record({
    type: fc.constant('close' as const),
    residual: fc.constantFrom('expire' as const, 'write-off' as const),
  }),
);
type Command = typeof commandArbitrary extends fc.Arbitrary<infer T> ? T : never;

/** Plays commands against one package and keeps every event, with the day on which it was recorded. */
class Play {
  state: PackageState = UNOPENED;
  readonly history: (RecordedPackageEvent & { day: number })[] = [];
  private day = 0;
  private count = 0;
  private readonly versions = new Map<string, number>();

  constructor(
    policy: Policy,
    firstLotMinutes: number,
    expiresInDays: number | undefined,
    private readonly timerRuns = true,
  ) {
    const opening = {
      packageId: 'p',
      clientId: 'k',
      name: 'P',
      referentId: 'r',
      policy,
      agreedActivities: [],
    };
    const expiry = expiresInDays === undefined ? {} : { expiresOn: this.date(expiresInDays) };
    this.apply(
      openPackage(this.state, this.context(), { opening, firstLot: { minutes: firstLotMinutes, ...expiry } }),
    );
  }

  private date(offset: number): string {
    return new Date(Date.UTC(2026, 0, 10 + this.day + offset)).toISOString().slice(0, 10);
  }

  private context(): DecisionContext {
    this.count += 1;
    const today = this.date(0);
    return {
      now: `${today}T10:00:00.000Z`,
      today,
      commandId: `c${this.count}`,
      actor: { subject: 's', role: 'referent' },
    };
  }

  /** The timer does not run, and the ids of what follows stay the same. */
  private skip(): undefined {
    this.context();
  }

  /** What is due is recorded at last. */
  settle(): this {
    this.apply(decideDue(this.state, this.context()));
    return this;
  }

  private apply(decision: Decision | Refusal): void {
    if (isRefusal(decision)) return;
    for (const event of decision) {
      this.state = evolve(this.state, event, 's');
      this.history.push({ ...event, day: this.day });
    }
  }

  get package(): Package {
    return this.state as Package;
  }

  run(command: Command): void {
    const decision = this.decide(command);
    if (decision !== undefined) this.apply(decision);
  }

  private decide(command: Command): Decision | Refusal | undefined {
    const context = this.context();
    const activityId = 'activity' in command ? ACTIVITIES[command.activity]! : '';
    switch (command.type) {
      case 'reserve':
      case 'ask': {
        const version = (this.versions.get(activityId) ?? 0) + 1;
        this.versions.set(activityId, version);
        const multiplier = command.type === 'reserve' ? command.multiplier : 1;
        const item = {
          activityId,
          version,
          minutes: command.minutes,
          multiplier,
          weightedMinutes: command.minutes * multiplier,
          path:
            command.type === 'reserve' && command.automatic ? ('automatic' as const) : ('approved' as const),
          reopens: command.type === 'reserve' && command.reopens,
        };
        if (command.type === 'ask')
          return askForHours(this.state, context, { askId: context.commandId, item });
        return reserveHours(this.state, context, {
          reservationId: context.commandId,
          items: [item],
          whenLacking: 'wait',
        });
      }
      case 'work':
        return logWork(this.state, context, {
          activityId,
          minutes: command.minutes,
          performedOn: this.date(-command.daysAgo),
          performedById: 'x',
          unapprovedMultiplier: 1,
        });
      case 'reverse': {
        const entries = this.package.entries.values();
        const entry = entries[command.entry % Math.max(1, entries.length)];
        if (entry === undefined) return undefined;
        return reverseWork(this.state, context, {
          workEntryId: entry.workEntryId,
          reason: 'x',
          ownEntriesOnly: false,
        });
      }
      case 'overrun': {
        const ids = this.package.openOverrunIds;
        const overrunId = ids[command.overrun % Math.max(1, ids.length)];
        if (overrunId === undefined) return undefined;
        return decideOverrun(this.state, context, { overrunId, decision: command.decision, reason: 'x' });
      }
      case 'withdraw': {
        const version = this.versions.get(activityId) ?? 0;
        const versionInForce = version - command.versionsBack;
        return withdrawApproval(this.state, context, { activityId, version, versionInForce });
      }
      case 'end':
        return endActivity(this.state, context, { activityId, outcome: 'done' });
      case 'top-up': {
        const expiry =
          command.expiresInDays === undefined ? {} : { expiresOn: this.date(command.expiresInDays) };
        return topUp(this.state, context, { minutes: command.minutes, ...expiry });
      }
      case 'adjust':
        return adjustBalance(this.state, context, { minutes: command.minutes, reason: 'x' });
      case 'pass':
        this.day += command.days;
        return this.timerRuns ? decideDue(this.state, this.context()) : this.skip();
      case 'close':
        return closePackage(this.state, context, { residual: command.residual, reason: 'x' });
    }
  }
}

/** R1 counted anew from the facts of the events, without any of the ledger's own sums. */
function recount(history: readonly RecordedPackageEvent[]) {
  let posted = 0;
  let held = 0;
  let charged = 0;
  const holds = new Map<string, number>();
  const setHold = (activityId: string, value: number) => {
    held += value - (holds.get(activityId) ?? 0);
    holds.set(activityId, value);
  };
  for (const { type, data } of history) {
    if (type === 'LotAdded') posted += data.minutes;
    if (type === 'WorkCharged') {
      posted -= data.chargedMinutes;
      charged += data.chargedMinutes;
      setHold(data.activityId, (holds.get(data.activityId) ?? 0) - data.fromHoldMinutes);
    }
    if (type === 'OverrunDecided' && data.outcome === 'charged') {
      posted -= data.minutes;
      charged += data.minutes;
    }
    if (type === 'ChargeReversed') {
      posted += data.chargedMinutes;
      charged -= data.chargedMinutes;
      setHold(data.activityId, (holds.get(data.activityId) ?? 0) + data.toHoldMinutes);
    }
    if (type === 'BalanceAdjusted') posted += data.minutes;
    if (type === 'LotExpired') posted -= data.minutes;
    if (type === 'HoursReserved') {
      for (const item of data.items)
        setHold(
          item.activityId,
          item.allocations.reduce((sum, part) => sum + part.minutes, 0),
        );
    }
    if (type === 'HoldReleased') setHold(data.activityId, 0);
    if (type === 'HoldsReleased') for (const { activityId } of data.items) setHold(activityId, 0);
  }
  return { posted, held, charged };
}

describe('R1 laws of the ledger', () => {
  const play = (policy: Policy, first: number, expires: number | undefined, commands: readonly Command[]) => {
    const run = new Play(policy, first, expires);
    for (const command of commands) run.run(command);
    return run;
  };
  const plays = fc
    .tuple(
      policyArbitrary,
      fc.integer({ min: 1, max: 400 }),
      fc.option(fc.nat(8), { nil: undefined }),
      fc.array(commandArbitrary, { maxLength: 40 }),
    )
    .map(([policy, first, expires, commands]) => play(policy, first, expires, commands));

  it('balances equal a naive re-count, after every event', () => {
    fc.assert(
      fc.property(plays, (run) => {
        run.history.forEach((event, index) => {
          const counted = recount(run.history.slice(0, index + 1));
          expect(event.stamp.balances).toMatchObject({
            postedMinutes: counted.posted,
            heldMinutes: counted.held,
            chargedMinutes: counted.charged,
            availableMinutes: counted.posted - counted.held,
          });
        });
      }),
      { numRuns: 300 },
    );
  });

  it('available never falls below its floor, and no lot gives what it has not', () => {
    fc.assert(
      fc.property(plays, (run) => {
        for (const event of run.history) {
          expect(event.stamp.balances.availableMinutes).toBeGreaterThanOrEqual(
            -run.package.policy.overdraftMinutes,
          );
          for (const lot of event.stamp.lots) {
            expect(lot.heldMinutes).toBeGreaterThanOrEqual(0);
            expect(lot.remainingMinutes).toBeGreaterThanOrEqual(lot.heldMinutes);
          }
          for (const activity of event.stamp.activities) {
            expect(activity.heldMinutes).toBeGreaterThanOrEqual(0);
            expect(activity.chargedMinutes).toBeGreaterThanOrEqual(0);
            expect(activity.actualMinutes).toBeGreaterThanOrEqual(0);
          }
        }
      }),
      { numRuns: 300 },
    );
  });

  it('lots, holds and charges add up to the balances', () => {
    fc.assert(
      fc.property(plays, (run) => {
        const state = run.package;
        const balances = balancesOf(state);
        const lotsHeld =
          state.lots.reduce((sum, lot) => sum + lot.heldMinutes, 0) + state.overdraft.heldMinutes;
        const holds = state.activities
          .values()
          .reduce((sum, activity) => sum + (activity.hold?.minutes ?? 0), 0);
        const charged = state.activities.values().reduce((sum, activity) => sum + activity.chargedMinutes, 0);
        expect(lotsHeld).toBe(balances.heldMinutes);
        expect(holds).toBe(balances.heldMinutes);
        expect(charged).toBe(balances.chargedMinutes);
        for (const activity of state.activities.values()) {
          const allocated = activity.hold?.allocations.reduce((sum, part) => sum + part.minutes, 0) ?? 0;
          expect(allocated).toBe(activity.hold?.minutes ?? 0);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('a closed package has no minutes left, set aside or in dispute', () => {
    fc.assert(
      fc.property(plays, (run) => {
        if (run.package.status !== 'closed') return;
        expect(balancesOf(run.package)).toMatchObject({
          postedMinutes: 0,
          heldMinutes: 0,
          availableMinutes: 0,
        });
        expect(run.package.openOverrunIds).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });

  it('no result depends on when a timer ran', () => {
    fc.assert(
      fc.property(
        policyArbitrary,
        fc.integer({ min: 1, max: 400 }),
        fc.option(fc.nat(8), { nil: undefined }),
        fc.array(commandArbitrary, { maxLength: 40 }),
        (policy, first, expires, commands) => {
          const [swept, unswept] = [true, false].map((timerRuns) => {
            const run = new Play(policy, first, expires, timerRuns);
            for (const command of commands) run.run(command);
            return run.settle().package;
          });
          expect(unswept!.status).toBe(swept!.status);
          expect(unswept!.lots).toEqual(swept!.lots);
          expect(balancesOf(unswept!)).toEqual(balancesOf(swept!));
          expect(unswept!.openOverrunIds).toEqual(swept!.openOverrunIds);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('every duration is a whole number of minutes, weighted by its pinned multiplier', () => {
    fc.assert(
      fc.property(plays, (run) => {
        for (const { type, data, stamp } of run.history) {
          for (const [name, value] of Object.entries({ ...data, ...stamp.balances })) {
            if (name.endsWith('Minutes') || name === 'minutes')
              expect(Number.isSafeInteger(value)).toBe(true);
          }
          if (type === 'WorkCharged') {
            expect(data.chargedMinutes + data.overrunMinutes).toBe(data.roundedMinutes * data.multiplier);
          }
        }
      }),
      { numRuns: 300 },
    );
  });

  it('a replay of the events gives the state that the decisions had', () => {
    fc.assert(
      fc.property(plays, (run) => {
        const replayed = run.history.reduce<PackageState>(
          (state, event) => evolve(state, event, 's'),
          UNOPENED,
        );
        const { activities, entries, overruns, answers, ...flat } = replayed as Package;
        const { activities: _a, entries: _e, overruns: _o, answers: _r, ...expected } = run.package;
        expect(flat).toEqual(expected);
        const pairs = [
          [activities, run.package.activities],
          [entries, run.package.entries],
          [overruns, run.package.overruns],
          [answers, run.package.answers],
        ] as const;
        const contents = (map: { entries(): [string, unknown][] }) => new Map(map.entries());
        for (const [ours, theirs] of pairs) expect(contents(ours)).toEqual(contents(theirs));
      }),
      { numRuns: 200 },
    );
  });

  it('R1 no lot has more than it was given, and the overdraft owes no less than nothing', () => {
    fc.assert(
      fc.property(plays, (run) => {
        for (const lot of run.package.lots) {
          expect(lot.remainingMinutes).toBeLessThanOrEqual(lot.minutes);
          expect(lot.coveredMinutes).toBeGreaterThanOrEqual(0);
        }
        expect(run.package.overdraft.chargedMinutes).toBeGreaterThanOrEqual(0);
        expect(run.package.overdraft.heldMinutes).toBeGreaterThanOrEqual(0);
      }),
      { numRuns: 300 },
    );
  });
});
