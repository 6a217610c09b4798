import type { Clock } from '@monteore/kernel';
import { StartedService } from '@monteore/service/testing';
import { reportingService } from '../reporting.service.js';

/** For specs: reporting as it runs. */
export const startReporting = (databaseUrl: string, clock?: Clock): Promise<StartedService> =>
  StartedService.start({
    definition: reportingService,
    databaseUrl,
    ...(clock === undefined ? {} : { clock }),
  });
