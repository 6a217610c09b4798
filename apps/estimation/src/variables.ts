import type { Variables } from '@monteore/service/configuring';

/** What estimation reads from its environment beside what every service reads. */
export const estimationVariables = {} as const satisfies Variables;
