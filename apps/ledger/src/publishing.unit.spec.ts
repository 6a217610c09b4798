import { expect, test } from '@jest/globals';
import { ledgerEvents } from '@monteore/contracts';
import type { StoredEvent } from '@monteore/event-store';
import { isRefusal } from '@monteore/kernel';
import { adjustBalance } from './adjusting-the-balance/decide.js';
import { changePolicy } from './changing-policy/decide.js';
import {
  closePackage,
  considerUsedUp,
  expectTransfer,
  withdrawTransfer,
} from './closing-a-package/decide.js';
import { decideDue } from './package/decide.js';
import type { RecordedPackageEvent } from './package/events.js';
import { publishLedgerEvent } from './publishing.js';
import { Scenario } from './testing/scenario.js';
import { add, ask, decide, end, reserve, reverse, work } from './testing/scenario-commands.js';

const stored = ({ type, data, stamp, occurredOn }: RecordedPackageEvent, version: number): StoredEvent =>
  ({
    type,
    streamId: 'package-package',
    version,
    data: JSON.parse(JSON.stringify({ ...data, stamp })),
    occurredOn,
    hash: 'f'.repeat(64),
    metadata: { actor: { subject: 'referent', role: 'referent' } },
  }) as unknown as StoredEvent;

type Decider = Parameters<Scenario['when']>[0];

test('every event of a package is published as its contract says, member by member', () => {
  const transfer = { transferId: 't', toPackageId: 'other' };
  const rolled: Decider[] = [
    add(60, '2026-03-31'),
    (state, context) => changePolicy(state, context, { toleranceMinutes: 5 }),
    (state, context) => adjustBalance(state, context, { minutes: 15, reason: 'x' }),
    reserve('a', 60),
    work('a', 80, { note: 'Bozza' }),
    decide(0, 'refuse'),
    reverse(0),
    reserve('b', 900),
    ask('c', 10),
    ask('d', 900),
    work('a', 60),
    end('a'),
    (state, context) =>
      expectTransfer(state, context, { transferId: 'in', fromPackageId: 'from', clientId: 'client' }),
    (state, context) => withdrawTransfer(state, context, 'in'),
    (state, context) => closePackage(state, context, { residual: 'rollover', reason: 'x', transfer }),
  ];
  const ended: Decider[] = [
    reserve('a', 100),
    work('a', 100),
    end('a'),
    (state, context) => considerUsedUp(state, context, 0),
    (state, context) => considerUsedUp(state, context, 1),
  ];
  const events: RecordedPackageEvent[] = [];
  const play = (scenario: Scenario, deciders: readonly Decider[]) => {
    for (const decider of deciders) {
      scenario.given(decider);
      if (!isRefusal(scenario.outcome)) events.push(...scenario.outcome);
    }
  };
  const opened = Scenario.opened(100, { endsOn: '2026-12-31' });
  if (!isRefusal(opened.outcome)) events.push(...opened.outcome);
  play(opened, rolled);
  const other = Scenario.opened(100, { endsOn: '2026-03-31', expiresOn: '2026-03-31' });
  play(other, ended);
  play(other.at('2026-04-01T09:00:00Z'), [decideDue]);

  const full = Scenario.opened(200);
  play(full, [
    ...Array.from({ length: 101 }, (_, activity) => reserve(`many-${activity}`, 1)),
    (state, context) => closePackage(state, context, { residual: 'expire', reason: 'x' }),
  ]);

  const told = new Set<string>();
  events.forEach((event, index) => {
    const published = publishLedgerEvent(stored(event, index + 1));
    if (published === null) return;
    told.add(published.type);
    const contract = ledgerEvents[published.type as keyof typeof ledgerEvents];
    expect(contract.parse(published.data)).toBeDefined();
    expect(Object.keys(contract.shape)).toEqual(expect.arrayContaining(Object.keys(published.data)));
    expect(published.key).toBe('client');
  });
  const ofClients = ['ClientRegistered', 'ContactChanged'];
  expect([...told, ...ofClients].sort()).toEqual(Object.keys(ledgerEvents).sort());
});
