import { TEAM_ROLES } from '@monteore/kernel';
import { z } from 'zod';
import { zEmail, zText } from '../vocabulary.js';

export const zTeamRole = z.enum(TEAM_ROLES);
export const zInvitePerson = z.object({ email: zEmail, name: zText(200).optional(), role: zTeamRole });
export const zChangeRole = z.object({ role: zTeamRole });
