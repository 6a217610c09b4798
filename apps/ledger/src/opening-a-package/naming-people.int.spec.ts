import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SetClock, StartedLedger } from '../testing/started-ledger.js';

let ledger: StartedLedger;
beforeAll(async () => {
  ledger = await StartedLedger.start(new SetClock('2026-11-24T09:00:00.000Z'));
}, 60_000);
afterAll(() => ledger.stop());

const opening = (assignees: readonly string[], more: object = {}) =>
  ledger.post('/v1/packages', {
    clientId: ledger.clientId,
    name: 'Sito',
    referentEmail: 'referente@agenzia.example',
    grantedMinutes: 600,
    agreedActivities: assignees.map((assignee) => ({
      title: 'Banner',
      kind: 'other',
      estimateMinutes: 5,
      assignee,
      due: { date: '2026-12-18', firmness: 'flexible' },
    })),
    ...more,
  });
const known = async (label: string) => {
  const { people } = ledger.service.service.core;
  return (await people.find([people.teamId(label)])).size === 1;
};

describe('R1 an opening and the people it names', () => {
  it('remembers nobody when it is refused', async () => {
    expect((await opening(['nessuno@agenzia.example'], { expiresOn: '2026-01-01' })).status).toBe(422);
    expect(await known('nessuno@agenzia.example')).toBe(false);
  });

  it('remembers all of them, with as many people in charge as activities', async () => {
    const assignees = Array.from({ length: 500 }, (_, place) => `persona-${place}@agenzia.example`);
    expect((await opening(assignees)).status).toBe(201);
    expect(await known('referente@agenzia.example')).toBe(true);
    expect(await known('persona-499@agenzia.example')).toBe(true);
  }, 30_000);
});
