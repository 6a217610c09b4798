import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { MovedClock } from '@monteore/service/testing';
import { eventually } from '@monteore/testing';
import { PackageStreams, streamOfPackage } from '../package-stream/package-streams.js';
import { StartedLedger } from '../testing/started-ledger.js';
import { closePackage } from './decide.js';
import { Rollover } from './rollover.js';

/** Tuesday 24 November 2026, 10:00 in Rome. */
const clock = new MovedClock('2026-11-24T09:00:00.000Z');
let ledger: StartedLedger;
beforeAll(async () => {
  ledger = await StartedLedger.start(clock);
}, 60_000);
afterAll(() => ledger.stop());

const view = async (path: string) => (await ledger.get(path)).body;
const typesOf = async (packageId: string) =>
  (await ledger.service.service.core.store.read(streamOfPackage(packageId))).map(({ type }) => type);
const rolling = (rolloverPackageId: string) => ({
  residual: 'rollover',
  reason: 'Rinnovo',
  rolloverPackageId,
});
const rollover = () => ledger.service.service.app.get(Rollover);
const envelope = () => ({
  commandId: randomUUID(),
  inputHash: 'x',
  actor: { subject: 'referent', role: 'referent' as const },
  correlationId: 'spec',
});

describe('R14 a rollover between two packages', () => {
  it('moves each lot with its own expiry, links both sides, and moves nothing more when repeated', async () => {
    const from = await ledger.open(60, { expiresOn: '2027-06-30' });
    const to = await ledger.open(30);
    await ledger.post(`${from.path}/lots`, { minutes: 45 });
    const key = { 'idempotency-key': randomUUID() };
    const body = rolling(to.packageId);
    const first = await ledger.post(`${from.path}/closure`, body, ledger.admin, key);
    expect([first.status, first.body.residual]).toEqual([
      200,
      { kind: 'rollover', minutes: 105, toPackageId: to.packageId },
    ]);
    const again = await ledger.post(`${from.path}/closure`, body, ledger.admin, key);
    expect([again.status, again.body]).toEqual([200, first.body]);
    expect((await view(from.path)).postedMinutes).toBe(0);
    const received = await view(to.path);
    expect([received.grantedMinutes, received.availableMinutes]).toEqual([135, 135]);
    expect(received.lots.slice(1)).toMatchObject([
      { origin: 'rollover', minutes: 60, expiresOn: '2027-06-30' },
      { origin: 'rollover', minutes: 45 },
    ]);
    const { items } = (await ledger.get(`${to.path}/entries`)).body;
    expect(items.at(-1).facts.fromPackageId).toBe(from.packageId);
  });

  it('is refused to a package of another client, itself, a closed one and an unknown one, in the same words', async () => {
    const from = await ledger.open(60);
    const closed = await ledger.open(60);
    await ledger.post(`${closed.path}/closure`, { residual: 'expire', reason: 'x' });
    const stranger = (await ledger.register('Altro', `${randomUUID()}@altro.example`)).body.clientId;
    const foreign = await ledger.open(60, { clientId: stranger });
    const answers = await Promise.all(
      [foreign.packageId, from.packageId, closed.packageId, randomUUID()].map((target) =>
        ledger.post(`${from.path}/closure`, rolling(target)),
      ),
    );
    for (const answer of answers) {
      expect([answer.status, answer.body.code, answer.body.detail]).toEqual([
        422,
        'ledger.rollover-target',
        answers[0]!.body.detail,
      ]);
    }
    expect((await view(from.path)).status).toBe('open');
  });

  it('withdraws what it announced when the closing is refused, and may be tried again under the same key', async () => {
    const from = await ledger.open(60);
    const to = await ledger.open(30);
    const { overrunId } = (await ledger.work(from.path, from.activityId, 10)).body;
    const key = { 'idempotency-key': randomUUID() };
    const close = () => ledger.post(`${from.path}/closure`, rolling(to.packageId), ledger.admin, key);
    for (const _ of ['once', 'again']) expect((await close()).body.code).toBe('ledger.overruns-open');
    const announced = ['TransferExpected', 'TransferWithdrawn'];
    expect((await typesOf(to.packageId)).slice(2)).toEqual([...announced, ...announced]);
    await ledger.post(`${from.path}/overruns/${overrunId}/decision`, { decision: 'absorb', reason: 'x' });
    expect((await close()).status).toBe(200);
    expect((await view(to.path)).availableMinutes).toBe(90);
  });

  it('is brought to its end by the timer when a crash came after the first package had closed', async () => {
    const from = await ledger.open(60);
    const to = await ledger.open(30);
    const transferId = randomUUID();
    await rollover().expect(
      transferId,
      { packageId: from.packageId, clientId: ledger.clientId },
      to.packageId,
      envelope(),
    );
    await ledger.service.service.app
      .get(PackageStreams)
      .decideOrThrow(from.packageId, envelope(), (state, context) =>
        closePackage(state, context, {
          residual: 'rollover',
          reason: 'x',
          transfer: { transferId, toPackageId: to.packageId },
        }),
      );
    await eventually(async () => (await view(to.path)).availableMinutes === 90, 'the lots that arrive');
  });

  it('does not stand for ever when a crash came before the first package closed, nor when it closed by another', async () => {
    const from = await ledger.open(60);
    const to = await ledger.open(30);
    const [first, second] = [randomUUID(), randomUUID()];
    for (const transferId of [first, second])
      await rollover().expect(
        transferId,
        { packageId: from.packageId, clientId: ledger.clientId },
        to.packageId,
        envelope(),
      );
    await ledger.post(`${from.path}/closure`, rolling(to.packageId));
    const close = () => ledger.post(`${to.path}/closure`, { residual: 'expire', reason: 'x' });
    expect((await close()).body.code).toBe('ledger.transfer-expected');
    clock.moveTo('2026-11-24T09:01:01.000Z');
    await eventually(async () => (await close()).status === 200, 'the expectations that are withdrawn');
    expect((await typesOf(to.packageId)).filter((type) => type === 'TransferWithdrawn')).toHaveLength(2);
  });
});

describe('R13, R14 what falls due when nobody asks', () => {
  it('expires a lot at its midnight and closes a used-up package at its hour', async () => {
    const expiring = await ledger.open(60, { expiresOn: '2026-11-24' });
    const used = await ledger.open(20, { agreedActivities: [] });
    await ledger.post(`${used.path}/adjustments`, { minutes: -20, reason: 'usate' });
    await eventually(async () => (await view(used.path)).closesAt !== undefined, 'the announcement');
    expect((await view(used.path)).closesAt).toBe('2026-12-01T17:00:00.000Z');
    clock.moveTo('2026-11-24T23:00:00.000Z');
    await eventually(async () => (await view(expiring.path)).availableMinutes === 0, 'the expiry');
    expect((await view(used.path)).status).toBe('open');
    clock.moveTo('2026-12-01T17:00:00.000Z');
    await eventually(async () => (await view(used.path)).status === 'closed', 'the closing');
    clock.moveTo('2026-12-02T09:00:00.000Z');
  });

  it('calls the closing off when a request opens, and announces it again when that is dismissed', async () => {
    const { path, packageId } = await ledger.open(20, { agreedActivities: [] });
    await ledger.post(`${path}/adjustments`, { minutes: -20, reason: 'usate' });
    await eventually(async () => (await view(path)).closesAt !== undefined, 'the announcement');
    const requestId = randomUUID();
    const tell = (type: string, state: string, time: string) =>
      ledger.service.publish(
        ledger.service.told(
          'intake',
          type,
          ledger.clientId,
          {
            request: {
              requestId,
              number: 1,
              packageId,
              clientId: ledger.clientId,
              state,
              channel: 'rest',
              urgent: false,
              possiblySeveral: false,
              receivedAt: time,
              takeInChargeBy: time,
              activityIds: [],
            },
            reason: 'x',
          },
          time,
        ),
      );
    await tell('RequestReceived', 'received', '2026-12-02T09:00:01.000Z');
    clock.moveTo('2026-12-02T09:00:02.000Z');
    await eventually(async () => (await view(path)).closesAt === undefined, 'the calling off');
    await tell('RequestDismissed', 'dismissed', '2026-12-02T09:00:03.000Z');
    clock.moveTo('2026-12-02T09:00:04.000Z');
    await eventually(async () => (await view(path)).closesAt !== undefined, 'the announcement');
  });
});
