import { runService } from '@monteore/service';
import { intakeService } from './intake.service.js';
import { intakeFaults, intakeOptionsOf, intakeVariables } from './variables.js';

await runService({
  name: 'intake',
  variables: intakeVariables,
  faults: intakeFaults,
  define: (values) => intakeService(intakeOptionsOf(values)),
});
