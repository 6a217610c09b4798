import { runService } from '@monteore/service';
import { identityService } from './identity.service.js';
import { identityVariables } from './variables.js';

await runService({
  name: 'identity',
  variables: identityVariables,
  define: () => identityService,
});
