import type { Variables } from '@monteore/service/configuring';

/** What reporting reads from its environment beside what every service reads. */
export const reportingVariables = {} as const satisfies Variables;
