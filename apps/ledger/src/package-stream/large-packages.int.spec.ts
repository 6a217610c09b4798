import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createPostgresEventStore, type EventStore, installPostgresEventStore } from '@monteore/event-store';
import {
  DEFAULT_POLICY,
  derivedId,
  inputHashOf,
  isRefusal,
  SYSTEM_ACTOR,
  systemClock,
} from '@monteore/kernel';
import { type TestDatabase, testDatabase } from '@monteore/testing';
import pg from 'pg';
import { closePackage, considerUsedUp } from '../closing-a-package/decide.js';
import { openPackage } from '../opening-a-package/decide.js';
import type { Package } from '../package/state.js';
import { reserveHours } from '../reserving-hours/decide.js';
import { item } from '../testing/scenario.js';
import { topUp } from '../topping-up/decide.js';
import { type PackageDecider, PackageStreams } from './package-streams.js';

const ACTIVITIES = 500;

let database: TestDatabase;
let store: EventStore;
let streams: PackageStreams;
beforeAll(async () => {
  database = await testDatabase();
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  await installPostgresEventStore(client, 'large');
  await client.end();
  store = createPostgresEventStore({ connectionString: database.url, schema: 'large' });
  streams = new PackageStreams({ store, clock: systemClock });
});
afterAll(async () => {
  await store.close();
  await database.drop();
});

let commands = 0;
async function give(packageId: string, decider: PackageDecider): Promise<Package> {
  commands += 1;
  const commandId = derivedId('command', String(commands));
  const envelope = {
    commandId,
    inputHash: inputHashOf(commandId),
    actor: SYSTEM_ACTOR,
    correlationId: commandId,
  };
  const result = await streams.decide(packageId, envelope, decider);
  if (isRefusal(result)) throw new Error(`${result.code}: ${result.detail}`);
  return result.state as Package;
}

async function opened(minutes: number): Promise<string> {
  const packageId = derivedId('package', String(commands));
  await give(packageId, (state, context) =>
    openPackage(state, context, {
      opening: {
        packageId,
        clientId: derivedId('client'),
        name: 'Grande',
        referentId: derivedId('referent'),
        policy: DEFAULT_POLICY,
        agreedActivities: [],
      },
      firstLot: { minutes },
    }),
  );
  // Several lots, as a package of that size has them after some time.
  for (let lot = 0; lot < 10; lot += 1)
    await give(packageId, (state, context) => topUp(state, context, { minutes: 1 }));
  return packageId;
}

const approve = (packageId: string, activity: number) =>
  give(packageId, (state, context) =>
    reserveHours(state, context, {
      reservationId: derivedId('reservation', String(activity)),
      items: [item(derivedId('activity', String(activity)), 60)],
      whenLacking: 'wait',
    }),
  );
const approveAll = (packageId: string) =>
  Promise.all(Array.from({ length: ACTIVITIES }, (_, activity) => approve(packageId, activity)));

const close: PackageDecider = (state, context) =>
  closePackage(state, context, { residual: 'expire', reason: 'finito' });

const look: PackageDecider = (state, context) => considerUsedUp(state, context, 0);

describe('a package with 500 activities', () => {
  it('R14 closes with all of their holds', async () => {
    const packageId = await opened(60 * ACTIVITIES);
    await approveAll(packageId);
    const closed = await give(packageId, close);
    expect([closed.status, closed.heldMinutes]).toEqual(['closed', 0]);
    expect(closed.activities.values().filter(({ hold }) => hold !== undefined)).toEqual([]);
  }, 60_000);

  it('R14 closes with all of them waiting for hours', async () => {
    const packageId = await opened(1);
    await approveAll(packageId);
    const closed = await give(packageId, close);
    expect([closed.status, closed.needs]).toEqual(['closed', []]);
  }, 60_000);

  it('R5 serves all that waited after one top-up, oldest first', async () => {
    const packageId = await opened(1);
    await approveAll(packageId);
    let state = await give(packageId, (current, context) =>
      topUp(current, context, { minutes: 60 * ACTIVITIES }),
    );
    expect(state.heldMinutes).toBeGreaterThan(0);
    while (state.needs.length > 0) {
      const [first] = state.needs;
      state = await give(packageId, look);
      expect(state.needs[0]).not.toEqual(first);
    }
    expect(state.heldMinutes).toBe(60 * ACTIVITIES);
  }, 60_000);
});
