import { SERVICES, type ServiceName } from '@monteore/contracts';
import {
  commonVariables,
  type Environment,
  readServiceVariables,
  type Variables,
} from '@monteore/service/configuring';
import { estimationVariables } from '../../apps/estimation/src/variables.ts';
import { identityVariables } from '../../apps/identity/src/variables.ts';
import { type IntakeValues, intakeFaults, intakeVariables } from '../../apps/intake/src/variables.ts';
import { ledgerVariables } from '../../apps/ledger/src/variables.ts';
import { reportingVariables } from '../../apps/reporting/src/variables.ts';

export { SERVICES, type ServiceName };

/** What each service reads from its environment beside what every service reads. */
export const OWN_VARIABLES: Readonly<Record<ServiceName, Variables>> = {
  identity: identityVariables,
  ledger: ledgerVariables,
  estimation: estimationVariables,
  intake: intakeVariables,
  reporting: reportingVariables,
};

export const variablesOf = (service: ServiceName): Variables => ({
  ...commonVariables,
  ...OWN_VARIABLES[service],
});

/** Every name that the service reads, with those of files for what is secret. */
export const namesReadBy = (service: ServiceName): readonly string[] =>
  Object.entries(variablesOf(service)).flatMap(([name, { secret }]) =>
    secret === true ? [name, `${name}_FILE`] : [name],
  );

/** Reads the environment as the service does at its start. Throws EnvironmentError. */
export function readAs(service: ServiceName, environment: Environment): void {
  readServiceVariables(OWN_VARIABLES[service], environment, (values) =>
    service === 'intake' ? intakeFaults(values as IntakeValues) : [],
  );
}
