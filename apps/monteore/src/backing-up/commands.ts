import { resolve } from 'node:path';
import { eventsTopicOf, peopleTopicOf } from '@monteore/contracts';
import { readVariables, type Variables, zEventStoreUrl, zPostgresUrl } from '@monteore/service/configuring';
import { Command } from 'commander';
import { layoutOf } from '../keeping-the-data-directory/layout.js';
import { serviceNamed } from '../operating/running-system.js';
import { readSettings, SETTINGS } from '../reading-settings/settings.js';

const tell = (line: string) => process.stderr.write(`${line}\n`);

/** As for every command that works on a data directory. */
const dataLayout = (data: string | undefined) =>
  layoutOf(readSettings({ data }, { MONTEORE_DATA: process.env.MONTEORE_DATA }).data);

/** Ends what runs with an error at the first Ctrl-C, so that it cleans up. */
function interruption(): AbortSignal {
  const controller = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => controller.abort(new Error(`ended by ${signal}`)));
  return controller.signal;
}

const mebibytes = (files: readonly { readonly bytes: number }[]): string =>
  `${files.length} files, ${Math.ceil(files.reduce((sum, { bytes }) => sum + bytes, 0) / 1_048_576)} MiB`;

/** `monteore backup`, `restore`, `verify` and `renew-source`. */
export function backupCommands(): Command[] {
  return [backupCommand(), restoreCommand(), verifyCommand(), renewSourceCommand()];
}

function backupCommand(): Command {
  return new Command('backup')
    .description('copy everything of a data directory to a new one, while Monteore runs or not')
    .requiredOption('--to <dir>', 'where the backup goes: a directory that is empty or does not exist')
    .option(SETTINGS.data.flag!, `${SETTINGS.data.help} [${SETTINGS.data.variable}]`)
    .action(async ({ data, to }: { data?: string; to: string }) => {
      const { backUp } = await import('./back-up.js');
      const directory = resolve(to);
      const { files, startedAt } = await backUp(dataLayout(data), directory, interruption());
      tell(
        `Backed up to ${directory} (${mebibytes(files)}): all that was answered until ${startedAt}, and more`,
      );
    });
}

function restoreCommand(): Command {
  return new Command('restore')
    .description('make a new data directory from a backup')
    .requiredOption('--from <dir>', 'the backup')
    .requiredOption(SETTINGS.data.flag!, 'the new data directory: one that is empty or does not exist')
    .action(async ({ data, from }: { data: string; from: string }) => {
      const { restore } = await import('./restore.js');
      const layout = dataLayout(data);
      const { files, madeAt } = await restore(resolve(from), layout, interruption());
      tell(
        `Restored ${layout.directory} from the backup of ${madeAt} (${mebibytes(files)}): start Monteore on it`,
      );
    });
}

function verifyCommand(): Command {
  return new Command('verify')
    .description('follow the hash chain of every event, while Monteore runs or not')
    .option(SETTINGS.data.flag!, `${SETTINGS.data.help} [${SETTINGS.data.variable}]`)
    .action(async ({ data }: { data?: string }) => {
      const { verifyData } = await import('./verify.js');
      await verifyData(dataLayout(data), (line) => process.stdout.write(`${line}\n`));
    });
}

const renewalVariables = {
  MONTEORE_OWNER_DATABASE_URL: {
    schema: zPostgresUrl,
    help: "postgres:// address of the service's database, as the owner of its tables",
    secret: true,
  },
  MONTEORE_EVENT_STORE_URL: {
    schema: zEventStoreUrl.optional(),
    help: 'esdb:// address, when its events are there',
    secret: true,
  },
} as const satisfies Variables;

function renewSourceCommand(): Command {
  return new Command('renew-source')
    .description('after a restore of services that run apart: give the event store of one a new id')
    .requiredOption('--service <name>', 'whose event store')
    .option('--fresh-topics', 'the topics of the broker are empty: publish and read everything once more')
    .addHelpText(
      'after',
      `\nThe service must not run meanwhile. By variable (or NAME_FILE):\n${Object.entries(renewalVariables)
        .map(([name, { help }]) => `  ${name}: ${help}`)
        .join('\n')}`,
    )
    .action(async ({ service, freshTopics }: { service: string; freshTopics?: true }) => {
      const values = readVariables(renewalVariables, process.env);
      const { renewSource } = await import('./renewing.js');
      const { events, people } = await renewSource({
        service: serviceNamed(service),
        ownerDatabaseUrl: values.MONTEORE_OWNER_DATABASE_URL,
        eventStoreUrl: values.MONTEORE_EVENT_STORE_URL,
        freshTopics: freshTopics === true,
      });
      process.stdout.write(
        `once the services run:\n  monteore sources accept --topic ${eventsTopicOf(serviceNamed(service))} --source ${events}\n  monteore sources accept --topic ${peopleTopicOf(serviceNamed(service))} --source ${people}\n`,
      );
    });
}
