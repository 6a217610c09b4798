import { runService } from '@monteore/service';
import { reportingService } from './reporting.service.js';
import { reportingVariables } from './variables.js';

await runService({ name: 'reporting', variables: reportingVariables, define: () => reportingService });
