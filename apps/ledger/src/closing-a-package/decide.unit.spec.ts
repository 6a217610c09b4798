import { describe, expect, it } from '@jest/globals';
import { decideDue } from '../package/decide.js';
import { madeId, PACKAGE_ID, Scenario } from '../testing/scenario.js';
import { add, ask, decide, end, reserve, work } from '../testing/scenario-commands.js';
import {
  type ClosePackage,
  closePackage,
  considerUsedUp,
  expectTransfer,
  receiveTransfer,
  withdrawTransfer,
} from './decide.js';

type Decider = Parameters<Scenario['when']>[0];
const transfer = { transferId: 't', toPackageId: 'other' };
const close =
  (residual: ClosePackage['residual']): Decider =>
  (state, context) =>
    closePackage(state, context, {
      residual,
      reason: 'Fine lavori',
      ...(residual === 'rollover' ? { transfer } : {}),
    });
const consider =
  (openItems = 0): Decider =>
  (state, context) =>
    considerUsedUp(state, context, openItems);
const expecting =
  (more: Partial<{ fromPackageId: string; clientId: string }> = {}): Decider =>
  (state, context) =>
    expectTransfer(state, context, { transferId: 't', fromPackageId: 'from', clientId: 'client', ...more });
const receiving: Decider = (state, context) =>
  receiveTransfer(state, context, {
    transferId: 't',
    fromPackageId: 'from',
    lots: [{ minutes: 40, expiresOn: '2026-06-30' }, { minutes: 5 }],
  });
const withdrawing: Decider = (state, context) => withdrawTransfer(state, context, 't');
const first = madeId(1, 'lot');
const second = madeId(2, 'lot');
/** 60 until June and 40 for ever; 30 of the first are charged, 10 held, and something waits. */
const busy = () =>
  Scenario.opened(60, { expiresOn: '2026-06-30' })
    .given(add(40))
    .given(reserve('a', 40))
    .given(work('a', 30))
    .given(ask('b', 500));

describe('R14 closing by decision', () => {
  it('cancels what waits, releases what is held, and lets the residual expire', () => {
    const scenario = busy().when(close('expire'));
    expect(scenario.recorded).toEqual([
      [
        'HoldReleased',
        {
          activityId: 'a',
          releasedMinutes: 10,
          reason: 'closing',
          allocations: [{ lotId: first, minutes: 10 }],
        },
      ],
      ['LotExpired', { lotId: first, minutes: 30, cause: 'closing' }],
      ['LotExpired', { lotId: second, minutes: 40, cause: 'closing' }],
      [
        'PackageClosed',
        {
          cause: 'decision',
          closedOn: '2026-03-02',
          reason: 'Fine lavori',
          residual: { kind: 'expire', minutes: 70 },
        },
      ],
    ]);
    expect(scenario.balances).toEqual({ postedMinutes: 0, heldMinutes: 0, availableMinutes: 0 });
  });

  it('writes the residual off with its reason', () => {
    const scenario = busy().when(close('write-off'));
    expect(scenario.facts('BalanceAdjusted')).toEqual({
      adjustmentId: madeId(6, 'adjustment'),
      minutes: -70,
      reason: 'Fine lavori',
      draws: [
        { lotId: first, minutes: 30 },
        { lotId: second, minutes: 40 },
      ],
      writeOff: true,
    });
    expect(scenario.facts('PackageClosed').residual).toEqual({ kind: 'write-off', minutes: 70 });
    expect(scenario.balances.postedMinutes).toBe(0);
  });

  it('rolls each lot over with its own expiry', () => {
    const scenario = busy().when(close('rollover'));
    expect(scenario.facts('HoursTransferred')).toEqual({
      ...transfer,
      minutes: 70,
      transferred: [
        { lotId: first, minutes: 30, expiresOn: '2026-06-30' },
        { lotId: second, minutes: 40 },
      ],
    });
    expect(scenario.facts('PackageClosed').residual).toEqual({
      kind: 'rollover',
      minutes: 70,
      toPackageId: 'other',
    });
    expect(scenario.package.transferOutId).toBe('t');
  });

  it('refuses while overruns are open, refused ones too, and names them', () => {
    const scenario = busy().given(work('a', 15)).given(decide(0, 'refuse')).when(close('expire'));
    expect(scenario.outcome).toMatchObject({
      code: 'ledger.overruns-open',
      status: 409,
      extra: { overruns: [{ activityId: 'a', minutes: 5, state: 'refused' }] },
    });
    expect(scenario.given(decide(0, 'absorb')).when(close('expire')).types.at(-1)).toBe('PackageClosed');
  });

  it('settles an overdrawn package only by write-off', () => {
    const scenario = Scenario.opened(10, { policy: { overdraftMinutes: 30 } })
      .given(reserve('a', 30))
      .given(work('a', 30));
    for (const residual of ['expire', 'rollover'] as const) {
      expect(scenario.when(close(residual)).outcome).toMatchObject({ code: 'ledger.residual-negative' });
    }
    scenario.when(close('write-off'));
    expect(scenario.facts('BalanceAdjusted')).toMatchObject({ minutes: 20, writeOff: true });
    expect(scenario.balances.postedMinutes).toBe(0);
  });

  it('closes once: a closed package refuses it', () => {
    expect(busy().given(close('expire')).when(close('write-off')).outcome).toMatchObject({
      code: 'ledger.package-closed',
    });
  });
});

describe('R14 receiving a rollover', () => {
  it('is expected once, by another open package of the same client', () => {
    const scenario = Scenario.opened(10).when(expecting());
    expect(scenario.recorded).toEqual([['TransferExpected', { transferId: 't', fromPackageId: 'from' }]]);
    expect(scenario.when(expecting()).recorded).toEqual([]);
  });

  it.each([
    ['another client’s', {}, { clientId: 'stranger' }],
    ['the same package', {}, { fromPackageId: PACKAGE_ID }],
  ])('is refused for %s', (_, __, more) => {
    expect(Scenario.opened(10).when(expecting(more)).outcome).toMatchObject({
      code: 'ledger.rollover-target',
    });
  });

  it('is refused by a package that is closed or closing', () => {
    expect(Scenario.opened(10).given(close('expire')).when(expecting()).outcome).toMatchObject({
      code: 'ledger.rollover-target',
    });
    const closing = Scenario.opened(10, { endsOn: '2026-03-02' })
      .given(work('x', 5))
      .at('2026-03-03T09:00:00Z');
    expect(closing.when(expecting()).outcome).toMatchObject({ code: 'ledger.rollover-target' });
  });

  it('brings the lots in, each with its own expiry, once', () => {
    const scenario = Scenario.opened(10).given(expecting()).when(receiving);
    const link = { origin: 'rollover', transferId: 't', fromPackageId: 'from' };
    expect(scenario.recorded).toEqual([
      ['LotAdded', { lotId: madeId(3, 'lot'), minutes: 40, expiresOn: '2026-06-30', ...link }],
      ['LotAdded', { lotId: madeId(3, 'lot', 2), minutes: 5, ...link }],
    ]);
    expect(scenario.when(receiving).recorded).toEqual([]);
    expect(scenario.when(expecting()).recorded).toEqual([]);
  });

  it('keeps the package from closing while it is expected, and no longer', () => {
    const scenario = Scenario.opened(10).given(expecting());
    expect(scenario.when(close('expire')).outcome).toMatchObject({ code: 'ledger.transfer-expected' });
    expect(scenario.when(withdrawing).recorded).toEqual([['TransferWithdrawn', { transferId: 't' }]]);
    expect(scenario.when(withdrawing).recorded).toEqual([]);
    expect(scenario.when(close('expire')).types.at(-1)).toBe('PackageClosed');
  });

  it('keeps it open past its end date too, until the hours are there', () => {
    const scenario = Scenario.opened(10, { endsOn: '2026-03-02' })
      .given(expecting())
      .at('2026-03-03T09:00:00Z')
      .given(decideDue);
    expect(scenario.package.status).toBe('closing');
    expect(scenario.when(receiving).types).toEqual([
      'LotAdded',
      'LotAdded',
      'LotExpired',
      'LotExpired',
      'LotExpired',
      'PackageClosed',
    ]);
  });
});

describe('R14 used up with nothing open', () => {
  const usedUp = () => Scenario.opened(30).given(reserve('a', 30)).given(work('a', 30)).given(end('a'));
  // Monday 2 March: the fifth working day after it is Monday the 9th.
  const CLOSES_AT = '2026-03-09T17:00:00.000Z';

  it('closes at 18:00 of the fifth working day after', () => {
    const scenario = usedUp().when(consider());
    expect(scenario.recorded).toEqual([['ClosureScheduled', { closesAt: CLOSES_AT }]]);
    expect(scenario.when(consider()).recorded).toEqual([]);
    expect(scenario.at('2026-03-09T16:59:59.999Z').when(decideDue).recorded).toEqual([]);
    scenario.at('2026-03-12T08:00:00Z').when(decideDue);
    expect(scenario.recorded).toEqual([
      [
        'PackageClosed',
        { cause: 'used-up', closedOn: '2026-03-09', residual: { kind: 'expire', minutes: 0 } },
      ],
    ]);
  });

  it('does not count the package’s own closing days', () => {
    const scenario = Scenario.opened(30, { policy: { closingDays: ['2026-03-04'] } })
      .given(reserve('a', 30))
      .given(work('a', 30))
      .when(consider());
    expect(scenario.recorded).toEqual([['ClosureScheduled', { closesAt: '2026-03-10T17:00:00.000Z' }]]);
  });

  it.each<[string, Scenario, number]>([
    ['hours are left', Scenario.opened(30), 0],
    ['hours are held', Scenario.opened(30).given(reserve('a', 30)), 0],
    ['something is open elsewhere', usedUp(), 1],
    ['an overrun is open', usedUp().given(work('b', 5)), 0],
    ['an extra waits', usedUp().given(ask('b', 5)), 0],
    ['hours are on their way', usedUp().given(expecting()), 0],
  ])('is not so when %s', (_, scenario, openItems) => {
    expect(scenario.when(consider(openItems)).recorded).toEqual([]);
  });

  it.each<[string, Decider]>([
    ['a top-up', add(10)],
    ['an extra that waits', ask('b', 5)],
    ['an overrun', work('b', 5)],
    ['a request', consider(1)],
    ['a rollover that is expected', expecting()],
  ])('is called off by %s', (_, opens) => {
    expect(usedUp().given(consider()).when(opens).types.at(-1)).toBe('ClosureCalledOff');
  });
});
