import { estimationService } from '@monteore/estimation';
import { identityService } from '@monteore/identity';
import { intakeService } from '@monteore/intake';
import { ledgerService } from '@monteore/ledger';
import { reportingService } from '@monteore/reporting';
import type { ServiceDefinition } from '@monteore/service';
import type { Settings } from '../reading-settings/settings.js';

/** What intake needs beyond the settings. */
export interface MailPlaces {
  readonly smtpPort: number;
  readonly outboxDirectory: string;
  readonly linkSigningKeyFile: string;
  readonly hasRoom: () => boolean;
}

/** Every service of the system, as this installation is set up. */
export function servicesOf(settings: Settings, places: MailPlaces): readonly ServiceDefinition[] {
  const { host, smtpUrl, trustedAuthservId, imapUrls } = settings;
  const { smtpPort, outboxDirectory, linkSigningKeyFile, hasRoom } = places;
  const intake = intakeService({
    smtp: { host, port: smtpPort },
    outbound: smtpUrl === undefined ? { outboxDirectory } : { smtpUrl },
    linkSigningKeyFile,
    hasRoom,
    ...(trustedAuthservId === undefined ? {} : { trustedAuthservId }),
    imap: imapUrls.map((url) => ({ url })),
  });
  return [identityService, ledgerService, estimationService, intake, reportingService];
}
