import { describe, expect, it } from '@jest/globals';
import { DEFAULT_POLICY } from '@monteore/kernel';
import { madeId, Scenario } from '../testing/scenario.js';
import { openPackage } from './decide.js';

const opening = {
  packageId: 'package',
  clientId: 'client',
  name: 'Sito 2026',
  referentId: 'referent',
  policy: { ...DEFAULT_POLICY, toleranceMinutes: 15 },
  contacts: [{ contactId: 'anna', roles: ['approver'] }],
  endsOn: '2026-12-31',
  agreedActivities: [
    {
      activityId: 'agreed',
      title: 'Banner',
      kind: 'improvement' as const,
      estimateMinutes: 90,
      assigneeId: 'luca',
      due: { date: '2026-03-20', firmness: 'rigid' as const },
      urgent: false,
    },
  ],
};

describe('R1 opening a package', () => {
  it('records the package with everything of it, and its first lot', () => {
    const scenario = new Scenario().when((state, context) =>
      openPackage(state, context, { opening, firstLot: { minutes: 600, expiresOn: '2026-06-30' } }),
    );
    expect(scenario.recorded).toEqual([
      ['PackageOpened', { ...opening, openedOn: '2026-03-02' }],
      ['LotAdded', { lotId: madeId(1, 'lot'), minutes: 600, expiresOn: '2026-06-30', origin: 'purchase' }],
    ]);
    expect(scenario.balances).toEqual({ postedMinutes: 600, heldMinutes: 0, availableMinutes: 600 });
  });

  it.each([
    ['/expiresOn', { opening, firstLot: { minutes: 60, expiresOn: '2026-03-01' } }],
    ['/endsOn', { opening: { ...opening, endsOn: '2026-03-01' }, firstLot: { minutes: 60 } }],
  ])('refuses %s in the past', (pointer, command) => {
    const scenario = new Scenario().when((state, context) => openPackage(state, context, command));
    expect(scenario.outcome).toMatchObject({
      code: 'ledger.invalid-reference',
      status: 422,
      errors: [{ pointer, detail: 'lies in the past' }],
    });
  });

  it('takes today as the last day of both, and opens only once', () => {
    const today = {
      opening: { ...opening, endsOn: '2026-03-02' },
      firstLot: { minutes: 60, expiresOn: '2026-03-02' },
    };
    const scenario = new Scenario().given((state, context) => openPackage(state, context, today));
    expect(scenario.when((state, context) => openPackage(state, context, today)).recorded).toEqual([]);
  });
});
