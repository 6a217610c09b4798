import { derivedId } from '@monteore/kernel';
import { describeConsumedForms } from '@monteore/service/testing';
import { identityService } from './identity.service.js';

const id = (name: string) => derivedId('test', name);
const [CLIENT, CONTACT] = [id('client'), id('contact')];

describeConsumedForms({
  name: 'identity',
  definition: identityService,
  key: CLIENT,
  values: { clientId: CLIENT, contactId: CONTACT, packageId: id('package'), language: 'it' },
  // Without `contacts` a package is shared with all of its client's.
  ofOptionalMembers: ['package_contacts '],
  facts: [],
  story: async (consumer) => {
    for (const type of ['ClientRegistered', 'ContactChanged', 'PackageOpened', 'PolicyChanged'])
      await consumer.tell('ledger', type, CLIENT);
    for (const type of ['PackageClosing', 'PackageClosed']) await consumer.tell('ledger', type, CLIENT);
  },
});
