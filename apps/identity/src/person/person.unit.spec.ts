import { describe, expect, test } from '@jest/globals';
import { changeRole, evolvePerson, invitePerson, type PersonState, UNKNOWN } from './person.js';

const personId = '6f0e7d53-16a2-4b86-8c1e-0a4bb0b5d001';
const invited: PersonState = { status: 'invited', personId, role: 'team-member' };

describe('R17 people of the team', () => {
  describe('inviting', () => {
    test('somebody new is invited with a role', () => {
      expect(invitePerson(UNKNOWN, { personId, role: 'referent' })).toEqual([
        { type: 'PersonInvited', data: { personId, role: 'referent' } },
      ]);
    });

    test('an address that is known is refused, with whose it is', () => {
      expect(invitePerson(invited, { personId, role: 'referent' })).toMatchObject({
        refused: true,
        status: 409,
        code: 'identity.already-invited',
        extra: { personId, role: 'team-member' },
      });
    });
  });

  describe('changing a role', () => {
    test('keeps the role before it', () => {
      expect(changeRole(invited, 'auditor')).toEqual([
        { type: 'RoleChanged', data: { personId, role: 'auditor', previousRole: 'team-member' } },
      ]);
    });

    test('stays quiet when that is the role', () => {
      expect(changeRole(invited, 'team-member')).toEqual([]);
    });

    test('is refused for whoever was never invited', () => {
      expect(changeRole(UNKNOWN, 'auditor')).toMatchObject({ status: 404, code: 'identity.not-found' });
    });
  });

  test('the state is what the last event says', () => {
    const after = evolvePerson(invited, {
      type: 'RoleChanged',
      data: { personId, role: 'auditor', previousRole: 'team-member' },
    });
    expect(after).toEqual({ status: 'invited', personId, role: 'auditor' });
  });
});
