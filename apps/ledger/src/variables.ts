import type { Variables } from '@monteore/service/configuring';

/** What ledger reads from its environment beside what every service reads. */
export const ledgerVariables = {} as const satisfies Variables;
