import { describe, expect, it, test } from '@jest/globals';
import type { z } from 'zod';
import { integrationEvents, peopleEvents } from '../events/index.js';
import { formToday, LATER_MEMBER, LATER_VALUE, newerForm, oldestForm } from './event-forms.js';

const schemas = Object.entries({ ...integrationEvents, people: peopleEvents }).flatMap(([group, types]) =>
  Object.entries<z.ZodType>(types).map(([type, schema]) => [`${group}/${type}`, schema] as const),
);

test.each(schemas)('each form of %s is what its contract allows', (name, schema) => {
  const today = formToday(name, {});
  for (const form of [today, newerForm(name, today), oldestForm(name, today)])
    expect(() => schema.parse(form)).not.toThrow();
});

describe('the form of today', () => {
  it('has every optional member, and the values given by name at every depth', () => {
    const { activity } = formToday('estimation/EstimateSubmitted', {
      activityId: 'a',
      assigneeId: 'luca',
    }) as Record<string, Record<string, Record<string, unknown>>>;
    expect(activity).toMatchObject({ activityId: 'a', estimate: { assigneeId: 'luca' }, replicaOf: 'text' });
  });
});

describe('the newer form', () => {
  const today = formToday('ledger/OverrunDecided', { role: 'approver' });

  it('has members nobody knows at every depth, and a role nobody has heard of', () => {
    expect(newerForm('ledger/OverrunDecided', today)).toEqual({
      ...today,
      [LATER_MEMBER]: expect.anything(),
      balances: expect.objectContaining({ grantedMinutes: 1, [LATER_MEMBER]: expect.anything() }),
      lots: [expect.objectContaining({ [LATER_MEMBER]: expect.anything() })],
      activity: expect.objectContaining({ [LATER_MEMBER]: expect.anything() }),
      decidedBy: expect.objectContaining({ role: LATER_VALUE }),
      entry: expect.objectContaining({ actor: expect.objectContaining({ role: LATER_VALUE }) }),
    });
  });

  it('leaves a closed list of values alone', () => {
    const invited = formToday('identity/PersonInvited', {});
    expect(newerForm('identity/PersonInvited', invited)).toMatchObject({ role: invited.role });
  });
});

describe('the oldest form', () => {
  it('has what is promised to be always there, at every depth, and nothing else', () => {
    const today = formToday('ledger/HoursReserved', {}) as { items: { activity: object }[]; lots: object[] };
    expect(today.lots[0]).toHaveProperty('expiresOn');
    expect(today.items[0]!.activity).toHaveProperty('versionInForce');
    const oldest = oldestForm('ledger/HoursReserved', today) as typeof today;
    expect(Object.keys(oldest).sort()).toEqual(Object.keys(today).sort());
    expect(oldest.lots[0]).not.toHaveProperty('expiresOn');
    expect(oldest.items[0]!.activity).toEqual({
      activityId: 'text',
      heldMinutes: 1,
      actualMinutes: 1,
      chargedMinutes: 1,
      overrunMinutes: 1,
    });
  });
});
