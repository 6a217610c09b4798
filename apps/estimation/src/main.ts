import { runService } from '@monteore/service';
import { estimationService } from './estimation.service.js';
import { estimationVariables } from './variables.js';

await runService({ name: 'estimation', variables: estimationVariables, define: () => estimationService });
