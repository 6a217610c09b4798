import { type ValuesOf, type Variables, zEventStoreUrl } from '@monteore/service/configuring';

/** What the ledger reads from its environment beside what every service reads. */
export const ledgerVariables = {
  MONTEORE_EVENT_STORE_URL: {
    schema: zEventStoreUrl.optional(),
    help: 'esdb:// or kurrentdb:// address of the database that keeps the events (absent: MONTEORE_DATABASE_URL)',
    secret: true,
  },
} as const satisfies Variables;

export const eventStoreOfLedger = ({ MONTEORE_EVENT_STORE_URL: url }: ValuesOf<typeof ledgerVariables>) =>
  url === undefined ? ({ driver: 'postgres' } as const) : ({ driver: 'kurrentdb', url } as const);
