import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '@monteore/testing';
import { SetClock, StartedLedger } from '../testing/started-ledger.js';

let ledger: StartedLedger;
// It stands still: whatever is told, is told at one instant.
const clock = new SetClock('2026-11-24T09:00:00.000Z');
beforeAll(async () => {
  ledger = await StartedLedger.start(clock);
}, 60_000);
afterAll(() => ledger.stop());

const closesAt = async (path: string) => (await ledger.get(path)).body.closesAt as string | undefined;
const announced = (path: string) =>
  eventually(async () => (await closesAt(path)) !== undefined, 'the announcement');
const calledOff = (path: string) =>
  eventually(async () => (await closesAt(path)) === undefined, 'the calling off');

/** A package of which every minute is gone and on which nothing is open. */
async function usedUp() {
  const opened = await ledger.open(20, { agreedActivities: [] });
  await ledger.post(`${opened.path}/adjustments`, { minutes: -20, reason: 'usate' });
  await announced(opened.path);
  return opened;
}

const tell = (service: 'estimation' | 'intake', type: string, data: Record<string, unknown>) =>
  ledger.service.publish(ledger.service.told(service, type, ledger.clientId, data as never, clock.now()));

const tellRequest = (type: string, requestId: string, packageId: string, state: string) =>
  tell('intake', type, {
    request: {
      requestId,
      number: 1,
      packageId,
      clientId: ledger.clientId,
      state,
      channel: 'rest',
      urgent: false,
      possiblySeveral: false,
      receivedAt: clock.now(),
      takeInChargeBy: clock.now(),
      activityIds: [],
    },
    reason: 'x',
  });

const tellActivity = (type: string, activityId: string, packageId: string, state: string) =>
  tell('estimation', type, {
    packageId,
    clientId: ledger.clientId,
    version: 1,
    pendingMinutes: 0,
    activity: {
      activityId,
      packageId,
      clientId: ledger.clientId,
      displayTitle: 'Banner (extra)',
      state,
      decisionAsked: state === 'waiting-for-decision',
    },
  });

describe('R14 a used-up package waits for nothing but its hour', () => {
  it('is announced again when what had opened ends at the same instant', async () => {
    const { path, packageId } = await usedUp();
    const requestId = randomUUID();
    await tellRequest('RequestReceived', requestId, packageId, 'received');
    await calledOff(path);
    await tellRequest('RequestDismissed', requestId, packageId, 'dismissed');
    await announced(path);
  });

  it('is announced when the last activity that waited is cancelled', async () => {
    const { path, packageId } = await usedUp();
    const activityId = randomUUID();
    await tellActivity('DecisionAsked', activityId, packageId, 'waiting-for-decision');
    await calledOff(path);
    await tellActivity('ActivityCancelled', activityId, packageId, 'cancelled');
    await announced(path);
  });

  it('is announced when the request that was open on it goes to another package', async () => {
    const [from, to] = [await usedUp(), await usedUp()];
    const requestId = randomUUID();
    await tellRequest('RequestReceived', requestId, from.packageId, 'received');
    await calledOff(from.path);
    await tellRequest('RequestAssigned', requestId, to.packageId, 'received');
    await calledOff(to.path);
    await announced(from.path);
    expect(await closesAt(to.path)).toBeUndefined();
  });
});
