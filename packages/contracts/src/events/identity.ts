import { TEAM_ROLES } from '@monteore/kernel';
import { z } from 'zod';

const zTeamRole = z.enum(TEAM_ROLES);

/** People of the team by id and role; their names and addresses travel on the people topic only. */
export const identityEvents = {
  PersonInvited: z.object({ personId: z.string(), role: zTeamRole }),
  RoleChanged: z.object({ personId: z.string(), role: zTeamRole, previousRole: zTeamRole }),
} as const;
