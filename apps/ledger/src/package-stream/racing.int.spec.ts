import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  createPostgresEventStore,
  type EventStore,
  findChainFault,
  installPostgresEventStore,
} from '@monteore/event-store';
import { type Clock, DEFAULT_POLICY, isRefusal, type Policy } from '@monteore/kernel';
import { type TestDatabase, testDatabase } from '@monteore/testing';
import pg from 'pg';
import { closePackage } from '../closing-a-package/decide.js';
import { openPackage } from '../opening-a-package/decide.js';
import { balancesOf } from '../package/balances.js';
import { item, REFERENT } from '../testing/scenario.js';
import { add, decide, reserve, reserveTogether, work } from '../testing/scenario-commands.js';
import { type PackageDecider, PackageStreams, packageEventOf, streamOfPackage } from './package-streams.js';

let database: TestDatabase;
let stores: [EventStore, EventStore];
beforeAll(async () => {
  database = await testDatabase();
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  await installPostgresEventStore(client, 'ledger_events');
  await client.end();
  const open = () => createPostgresEventStore({ connectionString: database.url, schema: 'ledger_events' });
  stores = [open(), open()];
}, 60_000);
afterAll(async () => {
  await Promise.all(stores.map((store) => store.close()));
  await database.drop();
});

const NOON = '2026-03-31T10:00:00.000Z';
const clockAt = (instant: string): Clock => ({ now: () => instant });

/** A store whose next append waits for the test's word, before or after it reaches the server. */
class GatedStore {
  private readonly reached = Promise.withResolvers<void>();
  private readonly opened = Promise.withResolvers<void>();
  private used = false;

  constructor(
    private readonly inner: EventStore,
    private readonly fails: 'never' | 'after the commit' = 'never',
  ) {}

  get store(): EventStore {
    return new Proxy(this.inner, {
      get: (target, name) => {
        if (name === 'append') return (...given: Parameters<EventStore['append']>) => this.append(...given);
        const member = Reflect.get(target, name) as unknown;
        return typeof member === 'function' ? member.bind(target) : member;
      },
    });
  }

  /** Resolves when the append has been decided and stands before the gate. */
  get waiting(): Promise<void> {
    return this.reached.promise;
  }

  letGo(): void {
    this.opened.resolve();
  }

  private async append(...given: Parameters<EventStore['append']>): ReturnType<EventStore['append']> {
    if (this.used) return this.inner.append(...given);
    this.used = true;
    this.reached.resolve();
    await this.opened.promise;
    const outcome = await this.inner.append(...given);
    if (this.fails === 'never') return outcome;
    throw Object.assign(new Error('the answer was lost'), { name: 'StoreUnavailableError' });
  }
}

const envelope = (commandId: string) => ({
  commandId,
  inputHash: commandId,
  actor: REFERENT,
  correlationId: 'spec',
});
const give = (
  streams: PackageStreams,
  packageId: string,
  decider: PackageDecider,
  commandId: string = randomUUID(),
) => streams.decide(packageId, envelope(commandId), decider);

const instance = (store: EventStore, instant = NOON) =>
  new PackageStreams({ store, clock: clockAt(instant) });

async function opened(
  minutes: number,
  options: { policy?: Partial<Policy>; expiresOn?: string } = {},
): Promise<string> {
  const packageId = randomUUID();
  const { policy, ...lot } = options;
  await give(instance(stores[0]), packageId, (state, context) =>
    openPackage(state, context, {
      opening: {
        packageId,
        clientId: 'client',
        name: 'Sito',
        referentId: 'referent',
        policy: { ...DEFAULT_POLICY, ...policy },
        agreedActivities: [],
      },
      firstLot: { minutes, ...lot },
    }),
  );
  return packageId;
}

/** What is stored, read by an instance that has seen nothing before; its chain and its floor are checked on the way. */
async function stored(packageId: string, floorMinutes = 0) {
  const events = await stores[0].read(streamOfPackage(packageId));
  expect(findChainFault(events)).toBeNull();
  for (const event of events)
    expect(packageEventOf(event).stamp.balances.availableMinutes).toBeGreaterThanOrEqual(floorMinutes);
  const { package: found } = await instance(stores[1]).loadOrThrow(packageId);
  return { types: events.map(({ type }) => type), found, balances: balancesOf(found) };
}

/** The first command is decided and held before its commit; the second is carried out meanwhile; then the first goes on. */
async function crossing(
  packageId: string,
  first: PackageDecider,
  second: PackageDecider,
  instants = [NOON, NOON],
) {
  const gated = new GatedStore(stores[0]);
  const late = give(instance(gated.store, instants[0]), packageId, first);
  await gated.waiting;
  const early = await give(instance(stores[1], instants[1]), packageId, second);
  gated.letGo();
  return { late: await late, early };
}

describe('R1 commands that meet on one package', () => {
  it('a thousand work entries at once from two instances keep every invariant', async () => {
    const packageId = await opened(1500, { policy: { roundUpToMinutes: 3 } });
    await give(instance(stores[0]), packageId, reserve('a', 1200));
    const instances = stores.map((store) => instance(store));
    const results = await Promise.all(
      Array.from({ length: 1000 }, (_, index) => give(instances[index % 2]!, packageId, work('a', 2))),
    );
    expect(results.filter(isRefusal)).toEqual([]);
    const { found, balances, types } = await stored(packageId);
    expect(types.filter((type) => type === 'WorkCharged')).toHaveLength(1000);
    const overrun = found.overruns.values().reduce((sum, { minutes }) => sum + minutes, 0);
    expect(found.activities.get('a')).toMatchObject({ actualMinutes: 2000, chargedMinutes: 1200 });
    // 2,000 minutes round up to 2,001, of which the hold had 1,200.
    expect([balances.postedMinutes, balances.heldMinutes, overrun]).toEqual([300, 0, 801]);
  }, 60_000);

  it('two approvals that race for the last hour cannot both win', async () => {
    const packageId = await opened(60);
    await crossing(packageId, reserve('a', 60), reserve('b', 60));
    const { found, balances } = await stored(packageId);
    expect(balances).toMatchObject({ heldMinutes: 60, availableMinutes: 0 });
    expect(found.activities.get('b')!.hold!.minutes).toBe(60);
    expect(found.needs.map((need) => need.item.activityId)).toEqual(['a']);
  });

  it('an approval that crosses a top-up is granted once', async () => {
    const packageId = await opened(30);
    await crossing(packageId, reserve('a', 60), add(30));
    expect((await stored(packageId)).types.slice(2)).toEqual(['LotAdded', 'HoursReserved']);
    const other = await opened(30);
    await crossing(other, add(30), reserve('a', 60));
    expect((await stored(other)).types.slice(2)).toEqual(['ReservationRefused', 'LotAdded', 'HoursReserved']);
  });

  it('a batch that crosses a single approval is granted or refused whole (R5)', async () => {
    const batch = reserveTogether(item('a', 40), item('b', 40));
    const packageId = await opened(100);
    await crossing(packageId, batch, reserve('c', 40));
    const refused = await stored(packageId);
    expect(refused.types.slice(2)).toEqual(['HoursReserved', 'ReservationRefused']);
    expect([refused.balances.heldMinutes, refused.found.needs]).toEqual([40, []]);
    const other = await opened(100);
    await crossing(other, reserve('c', 40), batch);
    const granted = await stored(other);
    expect(granted.types.slice(2)).toEqual(['HoursReserved', 'ReservationRefused']);
    expect(granted.balances.heldMinutes).toBe(80);
    expect(granted.found.needs.map((need) => need.item.activityId)).toEqual(['c']);
  });

  it('a newer version that crosses an older reservation replaces it, whichever is committed first (R5)', async () => {
    const [older, newer] = [reserve('a', 60), reserve('a', 90, { version: 2 })];
    const packageId = await opened(100);
    expect(await crossing(packageId, older, newer)).toMatchObject({
      early: { events: [{ type: 'HoursReserved' }] },
      late: { events: [{ type: 'ReservationRefused', data: { code: 'superseded' } }] },
    });
    const other = await opened(100);
    await crossing(other, newer, older);
    expect((await stored(other)).types.slice(2)).toEqual(['HoursReserved', 'HoursReserved']);
    for (const { found, balances } of [await stored(packageId), await stored(other)]) {
      expect(found.activities.get('a')).toMatchObject({ hold: { minutes: 90, version: 2 } });
      expect(balances).toMatchObject({ heldMinutes: 90, availableMinutes: 10 });
    }
  });

  it('an approval that crosses the closing is answered by the closed package', async () => {
    const packageId = await opened(60);
    await crossing(packageId, reserve('a', 60), (state, context) =>
      closePackage(state, context, { residual: 'expire', reason: 'fine' }),
    );
    const { types, balances } = await stored(packageId);
    expect(types.slice(2)).toEqual(['LotExpired', 'PackageClosed', 'ReservationRefused']);
    expect(balances.heldMinutes).toBe(0);
  });

  it('a closing that crosses an approval releases its hold', async () => {
    const packageId = await opened(60);
    await crossing(
      packageId,
      (state, context) => closePackage(state, context, { residual: 'expire', reason: 'fine' }),
      reserve('a', 60),
    );
    expect((await stored(packageId)).types.slice(2)).toEqual([
      'HoursReserved',
      'HoldReleased',
      'LotExpired',
      'PackageClosed',
    ]);
  });

  it('a work entry that crosses the midnight of a lot is charged by what was committed first (R13)', async () => {
    const AFTER = '2026-03-31T22:00:00.000Z';
    const packageId = await opened(60, { expiresOn: '2026-03-31', policy: { toleranceMinutes: 60 } });
    await give(instance(stores[0]), packageId, reserve('a', 10));
    // Decided before midnight with 60 minutes in the lot, but the other's expiry is committed first.
    await crossing(packageId, work('a', 40), add(5), ['2026-03-31T21:59:59.999Z', AFTER]);
    const { types, found, balances } = await stored(packageId);
    expect(types.slice(3)).toEqual([
      'LotExpired',
      'LotAdded',
      'WorkCharged',
      'OverrunRecorded',
      'ThresholdCrossed',
    ]);
    expect(found.activities.get('a')!.chargedMinutes).toBe(15);
    expect(balances.availableMinutes).toBe(0);
  });
});

describe('an append whose outcome is unclear', () => {
  it('is told as 503, and the same command then answers from what was stored, once', async () => {
    const packageId = await opened(60);
    const gated = new GatedStore(stores[0], 'after the commit');
    gated.letGo();
    const streams = instance(gated.store);
    await expect(give(streams, packageId, add(30), 'top-up')).rejects.toMatchObject({
      name: 'UnavailableError',
      code: 'service.store-unavailable',
    });
    const repeat = await give(streams, packageId, add(30), 'top-up');
    expect(repeat).toMatchObject({ repeated: true, events: [{ type: 'LotAdded' }] });
    expect((await stored(packageId)).balances.postedMinutes).toBe(90);
  });
});

describe('a refusal from a cache', () => {
  it('is not given before the stream’s tail is known to be the one decided on', async () => {
    const packageId = await opened(10);
    const stale = instance(stores[0]);
    await give(stale, packageId, work('a', 30));
    expect(await give(stale, packageId, decide(0, 'charge'))).toMatchObject({
      code: 'ledger.hours-insufficient',
    });
    await give(instance(stores[1]), packageId, add(20));
    expect(isRefusal(await give(stale, packageId, decide(0, 'charge')))).toBe(false);
    expect((await stored(packageId)).balances.postedMinutes).toBe(0);
  });

  it('nor is "nothing to do"', async () => {
    const packageId = await opened(100);
    const stale = instance(stores[0]);
    await give(stale, packageId, reserve('a', 60));
    const close: PackageDecider = (state, context) =>
      closePackage(state, context, { residual: 'expire', reason: 'fine' });
    await give(instance(stores[1]), packageId, close);
    expect(await give(stale, packageId, close)).toMatchObject({ code: 'ledger.package-closed' });
  });
});

describe('commands of one batch', () => {
  it('that are too much for one commit are committed in several, in order', async () => {
    const packageId = await opened(10);
    const streams = instance(stores[0]);
    for (let lot = 0; lot < 150; lot += 1) await give(streams, packageId, add(1));
    const results = await Promise.all(
      Array.from({ length: 64 }, (_, index) => give(streams, packageId, work('a', index + 1))),
    );
    expect(results.filter(isRefusal)).toEqual([]);
    const { found } = await stored(packageId);
    expect(found.entries.values().map(({ actualMinutes }) => actualMinutes)).toEqual(
      Array.from({ length: 64 }, (_, index) => index + 1),
    );
  }, 30_000);
});
