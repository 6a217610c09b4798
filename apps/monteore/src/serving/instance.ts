import { localDateOf } from '@monteore/calendar';
import { type AccessToken, AccessTokenSigner, ensureSigningKey } from '@monteore/identity/signing-keys';
import {
  clockFrom,
  type RunningService,
  type ServiceSettings,
  startService,
  tryPort,
} from '@monteore/service';
import { continueRestored } from '../backing-up/continuing.js';
import { DiskRoom, reserveFor } from '../keeping-room/disk-room.js';
import {
  databaseDirectoryOf,
  openInstallation,
  passwordOfRole,
} from '../keeping-the-data-directory/installation.js';
import { layoutOf, makeDataDirectory } from '../keeping-the-data-directory/layout.js';
import { acquireLock } from '../keeping-the-data-directory/lock.js';
import { loadSample, planSample } from '../loading-the-sample/sample.js';
import { AdminTokenFile } from '../minting-tokens/admin-token.js';
import type { Settings } from '../reading-settings/settings.js';
import { prepareDatabases } from '../running-postgres/databases.js';
import { SupervisedPostgres } from '../running-postgres/supervised-postgres.js';
import { FrontDoor } from './front-door.js';
import { servicesOf } from './services.js';

export interface Instance {
  readonly publicUrl: string;
  readonly httpPort: number;
  readonly smtpPort: number;
  /** Where the database really is (see @monteore/embedded-postgres). */
  readonly databaseDirectory: string;
  readonly adminToken: AccessToken;
  stop(): Promise<void>;
}

export interface InstanceEvents {
  readonly report: (line: string) => void;
  /** The database does not stay up: the instance should be stopped. */
  readonly onFatal: (reason: string) => void;
  /** What to call when the process must end at once. */
  readonly onAbandonable: (abandon: () => void) => void;
}

/**
 * All of Monteore in this process: lock, HTTP port, Postgres, migrations, services, sample; ready when it resolves.
 * What was started before a step failed is stopped again before this throws.
 */
export async function startInstance(settings: Settings, events: InstanceEvents): Promise<Instance> {
  const undo: (() => Promise<unknown>)[] = [];
  const stop = async () => {
    while (undo.length > 0) await undo.pop()!().catch((error: Error) => events.report(error.message));
  };
  try {
    return await start(settings, events, undo, stop);
  } catch (error) {
    await stop();
    throw /no space left on device|disk quota exceeded/i.test((error as Error).message)
      ? new Error(`the disk of ${settings.data} is full: make room and start again`, { cause: error })
      : error;
  }
}

async function start(
  settings: Settings,
  events: InstanceEvents,
  undo: (() => Promise<unknown>)[],
  stop: () => Promise<void>,
): Promise<Instance> {
  const layout = layoutOf(settings.data);
  const clock = clockFrom(settings.testClock);
  await makeDataDirectory(layout);
  const lock = await acquireLock(layout.lockFile, layout.directory);
  undo.push(() => lock.release());
  const door = await FrontDoor.listen(settings.host, settings.port);
  undo.push(() => door.close());
  const smtpPort = await tryPort({
    host: settings.host,
    port: settings.smtpPort,
    what: 'mails in',
    chosenWith: '--smtp-port',
  });
  const publicUrl = settings.publicUrl ?? `http://${hostOf(settings.host)}:${door.port}`;

  await planSample(layout, !settings.empty, localDateOf(clock.now()));
  const installation = await openInstallation(layout);
  const access = await ensureSigningKey(layout.keysDirectory, 'access');
  const links = await ensureSigningKey(layout.keysDirectory, 'links');

  const postgres = await SupervisedPostgres.start({
    dataDir: databaseDirectoryOf(layout, installation),
    password: installation.postgresPassword,
    logFile: layout.postgresLog,
    report: events.report,
    onGivenUp: events.onFatal,
  });
  undo.push(() => postgres.stop());
  events.onAbandonable(() => postgres.abandon());
  const room = await DiskRoom.watch(await reserveFor(layout, postgres.dataDir), events.report);
  undo.push(() => room.stop());

  const definitions = servicesOf(settings, {
    smtpPort,
    outboxDirectory: layout.outboxDirectory,
    linkSigningKeyFile: links.privateKeyFile,
    hasRoom: () => room.hasRoom,
  });
  const databases = await prepareDatabases(
    (database) => postgres.adminUrl(database),
    definitions.map(({ name }) => name),
    (role) => passwordOfRole(installation, role),
  );
  await continueRestored(layout, databases.ownerUrl, events.report);
  const common = {
    ownerDatabaseUrl: databases.ownerUrl,
    installationSecret: installation.installationSecret,
    keys: { file: access.jwksFile },
    linkKeys: { file: links.jwksFile },
    publicUrl,
    clock,
    logLevel: settings.logLevel,
    ...(settings.tracesEndpoint === undefined ? {} : { tracesEndpoint: settings.tracesEndpoint }),
  };
  const started = await Promise.allSettled(
    definitions.map((definition) => {
      const url = databases.urlOf(definition.name);
      const own: ServiceSettings = {
        ...common,
        databaseUrl: url,
        messaging: { driver: 'postgres', url },
        blobsUrl: url,
        runtimeRole: databases.roleOf(definition.name),
      };
      return startService(definition, own);
    }),
  );
  const services: RunningService[] = [];
  for (const outcome of started) if (outcome.status === 'fulfilled') services.push(outcome.value);
  undo.push(() => Promise.all(services.map((service) => service.stop())));
  const failed = started.find((outcome) => outcome.status === 'rejected');
  if (failed !== undefined) throw failed.reason;

  const signer = await AccessTokenSigner.fromFile(access.privateKeyFile);
  const { token: sampleToken } = await signer.sign({ subject: 'sample', role: 'administrator' });
  await loadSample(layout, services, sampleToken);
  const adminTokenFile = new AdminTokenFile(layout.adminTokenFile, signer, events.report);
  const adminToken = await adminTokenFile.renew();
  adminTokenFile.keepRenewing();
  undo.push(async () => adminTokenFile.stop());
  door.open({ services, isDatabaseUp: () => postgres.isUp(), hasRoom: () => room.hasRoom });
  // Again at the end of the list, so that it is the first thing that a stop does.
  undo.push(() => door.close());
  return {
    publicUrl,
    httpPort: door.port,
    smtpPort,
    databaseDirectory: postgres.dataDir,
    adminToken,
    stop: async () => {
      // Others would wait for this one; on a full disk they are refused instead.
      await lock.announceStop().catch((error: Error) => events.report(error.message));
      await stop();
    },
  };
}

function hostOf(host: string): string {
  if (host === '0.0.0.0' || host === '::') return 'localhost';
  return host.includes(':') ? `[${host}]` : host;
}
