import { type Refusal, refuse, type TeamRole } from '@monteore/kernel';

/** One person of the team: a role under an id. Name and address are rows of the people table, never events. */
export type PersonState =
  | { readonly status: 'unknown' }
  | { readonly status: 'invited'; readonly personId: string; readonly role: TeamRole };

export type PersonEvent =
  | {
      readonly type: 'PersonInvited';
      readonly data: { readonly personId: string; readonly role: TeamRole };
    }
  | {
      readonly type: 'RoleChanged';
      readonly data: { readonly personId: string; readonly role: TeamRole; readonly previousRole: TeamRole };
    };

export const UNKNOWN: PersonState = { status: 'unknown' };

export function evolvePerson(_state: PersonState, event: PersonEvent): PersonState {
  const { personId, role } = event.data;
  return { status: 'invited', personId, role };
}

/** Refuses `identity.already-invited`: one address is one person. */
export function invitePerson(
  state: PersonState,
  invitation: { readonly personId: string; readonly role: TeamRole },
): PersonEvent[] | Refusal {
  if (state.status === 'invited') {
    return refuse(
      409,
      'identity.already-invited',
      'Already invited',
      `This address belongs to somebody of the team already (${state.role}): change the role instead.`,
      { extra: { personId: state.personId, role: state.role } },
    );
  }
  return [{ type: 'PersonInvited', data: invitation }];
}

/** Nothing when that is the person's role. Refuses `identity.not-found` for whoever was never invited. */
export function changeRole(state: PersonState, role: TeamRole): PersonEvent[] | Refusal {
  if (state.status === 'unknown')
    return refuse(
      404,
      'identity.not-found',
      'Not found',
      'There is no person with this id that you may see.',
    );
  if (state.role === role) return [];
  const { personId, role: previousRole } = state;
  return [{ type: 'RoleChanged', data: { personId, role, previousRole } }];
}
