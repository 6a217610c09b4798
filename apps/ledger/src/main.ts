import { runService } from '@monteore/service';
import { ledgerService } from './ledger.service.js';
import { eventStoreOfLedger, ledgerVariables } from './variables.js';

await runService({
  name: 'ledger',
  variables: ledgerVariables,
  define: () => ledgerService,
  settings: (values) => ({ eventStore: eventStoreOfLedger(values) }),
});
