import { estimationService } from '@monteore/estimation';
import { identityService } from '@monteore/identity';
import { ledgerService } from '@monteore/ledger';
import { reportingService } from '@monteore/reporting';
import type { ServiceDefinition } from '@monteore/service';
import type { Settings } from '../reading-settings/settings.js';

/** What intake needs beyond the settings. */
export interface MailPlaces {
  readonly smtpPort: number;
  readonly outboxDirectory: string;
  readonly linkSigningKeyFile: string;
}

/** Every service of the system, as this installation is set up. */
export function servicesOf(_settings: Settings, _places: MailPlaces): readonly ServiceDefinition[] {
  return [identityService, ledgerService, estimationService, reportingService];
}
