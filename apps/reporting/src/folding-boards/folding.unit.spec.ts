import { describe, expect, it } from '@jest/globals';
import { intakeEvents } from '@monteore/contracts';
import {
  EstimationScript,
  estimateOf,
  IntakeScript,
  LedgerScript,
  minutesOf,
  TEAM_ACTOR,
} from '../testing/messages.js';
import { foldEstimationEvent } from './fold-estimation.js';
import { foldIntakeEvent, INTAKE_TYPES } from './fold-intake.js';
import { foldLedgerEvent } from './fold-ledger.js';
import type { RowChange } from './row-change.js';
import type { BoardTable } from './tables.js';

const rowOf = (changes: readonly RowChange[], table: BoardTable) =>
  changes.find((change) => change.table === table)?.row;

const ledger = () => new LedgerScript('c', 'p');
const lastOf = (script: LedgerScript) => foldLedgerEvent(script.told.at(-1)!.message);

const OF_EVERY_ENTRY = [
  'package_id',
  'client_id',
  'granted_minutes',
  'charged_minutes',
  'posted_minutes',
  'held_minutes',
  'available_minutes',
  'lots',
  'sequence',
  'head_hash',
  'position',
];

describe('R1 an entry of the ledger', () => {
  it('copies balances, lots, place and hash to the package', () => {
    const script = ledger().open('Pacchetto', 600);
    expect(rowOf(lastOf(script), 'package_ledger')).toEqual({
      package_id: 'p',
      client_id: 'c',
      granted_minutes: 600,
      charged_minutes: 0,
      posted_minutes: 600,
      held_minutes: 0,
      available_minutes: 600,
      lots: [expect.objectContaining({ lotId: 'lot-1', remainingMinutes: 600 })],
      sequence: 2,
      head_hash: expect.stringMatching(/^[0-9a-f]{64}$/),
      position: 2n,
    });
  });

  it.each([
    [
      'PackageOpened',
      { name: 'N', referentId: 'r', openedOn: '2026-03-02', policy: { a: 1 }, endsOn: '2026-12-31' },
      {
        name: 'N',
        referent_id: 'r',
        status: 'open',
        opened_on: '2026-03-02',
        ends_on: '2026-12-31',
        policy: { a: 1 },
      },
    ],
    ['PolicyChanged', { policy: { b: 2 } }, { policy: { b: 2 } }],
    ['PackageClosing', {}, { status: 'closing', closes_at: null }],
    ['ClosureScheduled', { closesAt: '2026-04-01T16:00:00.000Z' }, { closes_at: '2026-04-01T16:00:00.000Z' }],
    ['ClosureCalledOff', {}, { closes_at: null }],
    [
      'PackageClosed',
      { closedOn: '2026-03-31', cause: 'used-up', residual: { kind: 'expire', minutes: 0 } },
      {
        status: 'closed',
        closes_at: null,
        closed_on: '2026-03-31',
        closed_at: '2026-03-02T08:01:00.000Z',
        closing: { cause: 'used-up', reason: undefined, residual: { kind: 'expire', minutes: 0 } },
      },
    ],
    ['ThresholdCrossed', { thresholdsPercent: [50], consumedPercent: 51 }, {}],
  ])('takes from %s what it says of the package', (type, facts, expected) => {
    const row = rowOf(lastOf(ledger().entry(type, facts, {})), 'package_ledger') ?? {};
    const own = Object.entries(row).filter(([column]) => !OF_EVERY_ENTRY.includes(column));
    expect(Object.fromEntries(own)).toEqual(expected);
  });

  it('leaves the lots as they are where it does not tell them', () => {
    const changes = lastOf(ledger().entry('PolicyChanged', { policy: {}, lots: undefined }, {}));
    expect(rowOf(changes, 'package_ledger')?.lots).toBeUndefined();
  });
});

describe('R15 a movement', () => {
  it('holds what moved, the balances after it, who, and the hash', () => {
    const changes = lastOf(
      ledger()
        .open('P', 600)
        .work(minutesOf('a', 0, 60, 180), 180, 0, { actualMinutes: 60, multiplier: 3, note: 'n' }),
    );
    expect(rowOf(changes, 'movements')).toEqual({
      package_id: 'p',
      sequence: 3,
      occurred_on: '2026-03-03',
      recorded_at: '2026-03-02T08:03:00.000Z',
      type: 'WorkCharged',
      activity_ids: ['a'],
      performed_by_id: TEAM_ACTOR.subject,
      actor: TEAM_ACTOR,
      actual_minutes: 60,
      multiplier: 3,
      posted_delta_minutes: -180,
      held_delta_minutes: 0,
      charged_delta_minutes: 180,
      posted_minutes: 420,
      held_minutes: 0,
      available_minutes: 420,
      note: 'n',
      hash: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
  });

  it.each([
    [
      'ChargeReversed',
      { activityId: 'a', actualMinutes: 60, reason: 'errore' },
      { activity_ids: ['a'], actual_minutes: -60, note: 'errore' },
    ],
    [
      'HoursReserved',
      { items: [{ activityId: 'a' }, { activityId: 'b' }] },
      { activity_ids: ['a', 'b'], note: undefined },
    ],
    ['LotAdded', { lotId: 'l', reference: 'fattura 7' }, { activity_ids: [], note: 'fattura 7' }],
    ['BalanceAdjusted', { reason: 'cortesia' }, { activity_ids: [], note: 'cortesia' }],
  ])('of %s says what it was about', (type, facts, expected) => {
    expect(rowOf(lastOf(ledger().entry(type, facts, {})), 'movements')).toMatchObject(expected);
  });
});

describe('The minutes of activities', () => {
  it('are copied for every activity that an entry tells of', () => {
    const items = [
      { activityId: 'a', activity: minutesOf('a', 60) },
      { activityId: 'b', activity: minutesOf('b', 30) },
    ];
    const changes = lastOf(ledger().entry('HoursReserved', { items }, {}));
    expect(changes.filter(({ table }) => table === 'activity_minutes').map(({ row }) => row)).toEqual([
      {
        activity_id: 'a',
        package_id: 'p',
        held_minutes: 60,
        actual_minutes: 0,
        charged_minutes: 0,
        overrun_minutes: 0,
      },
      {
        activity_id: 'b',
        package_id: 'p',
        held_minutes: 30,
        actual_minutes: 0,
        charged_minutes: 0,
        overrun_minutes: 0,
      },
    ]);
  });

  it('stay as they are where an entry does not tell them', () => {
    const changes = lastOf(ledger().entry('HoursLacking', { activityId: 'a', version: 1 }, {}));
    expect(rowOf(changes, 'activity_minutes')).toBeUndefined();
  });
});

describe('R6 an overrun', () => {
  const decided = { overrunId: 'o', activityId: 'a', cause: 'decision', decidedBy: TEAM_ACTOR, reason: 'r' };
  it.each([
    [
      'is open when it is recorded',
      'OverrunRecorded',
      { overrunId: 'o', activityId: 'a', workEntryId: 'w', minutes: 30 },
      { state: 'open', recorded_minutes: 30, remaining_minutes: 30 },
    ],
    [
      'is charged',
      'OverrunDecided',
      { ...decided, outcome: 'charged', minutes: 30, remainingMinutes: 0 },
      { state: 'charged', remaining_minutes: 0, decided_by: TEAM_ACTOR, reason: 'r' },
    ],
    [
      'keeps its state when a part of it is charged by itself',
      'OverrunDecided',
      { ...decided, cause: 'new-version', outcome: 'charged', minutes: 10, remainingMinutes: 20 },
      { state: undefined, remaining_minutes: 20, decided_by: undefined },
    ],
    [
      'stays open for the referent when the client says no',
      'OverrunDecided',
      { ...decided, outcome: 'refused', minutes: 30, remainingMinutes: 30 },
      { state: 'refused', remaining_minutes: 30 },
    ],
    [
      'is absorbed',
      'OverrunDecided',
      { ...decided, outcome: 'absorbed', minutes: 30, remainingMinutes: 0 },
      { state: 'absorbed', remaining_minutes: 0 },
    ],
    [
      'R15 falls with its entry',
      'ChargeReversed',
      { activityId: 'a', actualMinutes: 5, fallenOverrunId: 'o' },
      { state: 'reversed', remaining_minutes: 0 },
    ],
  ])('%s', (_what, type, facts, expected) => {
    const row = rowOf(lastOf(ledger().entry(type, facts, {})), 'overruns');
    expect(row).toMatchObject({ overrun_id: 'o', ...expected });
  });

  it('is not touched by a reversal of an entry that had none', () => {
    expect(
      rowOf(lastOf(ledger().entry('ChargeReversed', { activityId: 'a', actualMinutes: 5 }, {})), 'overruns'),
    ).toBeUndefined();
  });
});

describe('Estimation’s side', () => {
  const extra = { origin: 'extra' as const, estimate: estimateOf(60) };
  const lastEstimation = (script: EstimationScript) => foldEstimationEvent(script.told.at(-1)!.message);
  const said = (type: string, change: object, more: object = {}) =>
    lastEstimation(new EstimationScript('c', 'p').says(type, 'a', change, more));

  it('writes the activity, what is pending, and a line of its story', () => {
    const changes = said(
      'DecisionAsked',
      { estimate: estimateOf(60, 2), decisionAsked: true },
      { version: 2, weightedMinutes: 60 },
    );
    expect(rowOf(changes, 'package_estimation')).toEqual({
      package_id: 'p',
      pending_minutes: 60,
      position: 1n,
    });
    expect(rowOf(changes, 'activity_facts')).toMatchObject({
      activity_id: 'a',
      package_id: 'p',
      number: 1,
      on_board: true,
    });
    expect(rowOf(changes, 'activity_story')).toEqual({
      activity_id: 'a',
      position: 1n,
      type: 'DecisionAsked',
      at: '2026-03-02T08:01:30.000Z',
      facts: { version: 2, weightedMinutes: 60 },
    });
  });

  it.each([
    ['an agreed activity', {}, true],
    ['an extra without an estimate', { origin: 'extra' as const }, undefined],
    ['an extra at the gate', { ...extra, state: 'waiting-for-hours' as const }, undefined],
    ['an extra that was cancelled at the gate', { ...extra, state: 'cancelled' as const }, undefined],
    ['a major extra, from the question on', { ...extra, decisionAsked: true }, true],
    [
      'a minor extra, once it is active',
      { ...extra, approval: 'automatic' as const, versionInForce: 1 },
      true,
    ],
    ['a rejected extra', { ...extra, approval: 'not-approved' as const }, true],
  ])('R3 puts %s on the board or not', (_what, change, expected) => {
    expect(rowOf(said('WorkStatusChanged', change), 'activity_facts')?.on_board).toBe(expected);
  });

  it('R3 keeps what was missing', () => {
    const changes = said('ActivityWaitingForHours', extra, {
      version: 1,
      cause: 'gate',
      missingMinutes: 45,
      balances: {},
    });
    expect(rowOf(changes, 'activity_facts')?.waiting).toEqual({
      version: 1,
      cause: 'gate',
      missingMinutes: 45,
      since: '2026-03-02T08:01:30.000Z',
    });
    expect(rowOf(said('WorkStatusChanged', extra), 'activity_facts')?.waiting).toBeUndefined();
  });

  it('R14 notes the last word', () => {
    expect(lastEstimation(new EstimationScript('c', 'p').closed())).toEqual([
      { table: 'package_estimation', row: { package_id: 'p', activities_closed: true, position: 1n } },
    ]);
  });
});

describe('R9 a request', () => {
  it('is all that is folded of intake: a reply about a mere activity tells of none', () => {
    const ofRequests = Object.entries(intakeEvents).filter(([, { shape }]) => 'request' in shape);
    expect(INTAKE_TYPES).toEqual(ofRequests.map(([type]) => type));
    expect(INTAKE_TYPES).not.toContain('ActivityReplyReceived');
  });

  it('keeps its deadline in UTC, whatever offset it was told with, and when it was missed', () => {
    const request = { requestId: 'r', state: 'received', takeInChargeBy: '2026-03-09T18:00:00+01:00' };
    const [change] = foldIntakeEvent(
      new IntakeScript('c').says('RequestDeadlineMissed', request).told[0]!.message,
    );
    expect(change).toMatchObject({
      table: 'deadlines',
      unlessNewer: true,
      row: {
        request_id: 'r',
        package_id: null,
        take_in_charge_by: '2026-03-09T17:00:00.000Z',
        missed_at: '2026-03-02T09:01:00.000Z',
      },
    });
  });
});
