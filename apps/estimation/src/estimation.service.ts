import type { ServiceDefinition } from '@monteore/service';
import { EstimationModule } from './estimation.module.js';
import { ledgerCopyTables } from './following-the-ledger/ledger-copy.js';
import { Reactions } from './following-the-ledger/reactions.js';
import { publishEstimationEvent } from './publishing.js';
import { activityIndexTables, indexActivity } from './showing-activities/activity-index.js';

/** Estimation: activities, estimates, decisions, work status. */
export const estimationService: ServiceDefinition = {
  name: 'estimation',
  migrations: [{ name: 'EstimationTables', sql: `${activityIndexTables}\n${ledgerCopyTables}` }],
  module: (core) => EstimationModule.around(core),
  publish: publishEstimationEvent,
  handlers: (_core, app) => app.get(Reactions).handlers(),
  projection: () => ({ project: indexActivity }),
};
