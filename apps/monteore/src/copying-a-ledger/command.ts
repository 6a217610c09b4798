import { readVariables, type Variables, zEventStoreUrl, zPostgresUrl } from '@monteore/service/configuring';
import { Command } from 'commander';
import { z } from 'zod';

const zStoreUrl = z.union(
  [zPostgresUrl, zEventStoreUrl],
  'not an address that begins with postgres://, esdb:// or kurrentdb://',
);

const variables = {
  MONTEORE_COPY_FROM: {
    schema: zStoreUrl,
    help: 'where the events are: postgres:// as the owner of the tables, or esdb://',
    secret: true,
  },
  MONTEORE_COPY_TO: { schema: zStoreUrl, help: 'where they go, in the same form', secret: true },
  MONTEORE_OWNER_DATABASE_URL: {
    schema: zPostgresUrl.optional(),
    help: "the service's own database as the owner of its tables; needed with --start-over",
    secret: true,
  },
} as const satisfies Variables;

/** `monteore copy-events`: exit code 0 when both stores are equal, 2 when they differ. */
export function copyCommand(): Command {
  return new Command('copy-events')
    .description(
      "copy a service's events from one event store to another, and prove by hash that both are equal",
    )
    .option('--service <name>', 'whose events', 'ledger')
    .option('--start-over', 'then have the service publish and fold from the beginning of its new store')
    .addHelpText(
      'after',
      `\nThe service must not run meanwhile. By variable (or NAME_FILE):\n${Object.entries(variables)
        .map(([name, { help }]) => `  ${name}: ${help}`)
        .join('\n')}`,
    )
    .action(async ({ service, startOver }: { service: string; startOver?: boolean }) => {
      if (!/^[a-z]{1,20}$/.test(service)) throw new Error(`--service ${service}: the name of a service`);
      const values = readVariables(variables, process.env);
      const own = values.MONTEORE_OWNER_DATABASE_URL;
      if (startOver === true && own === undefined)
        throw new Error(
          `MONTEORE_OWNER_DATABASE_URL is missing: ${variables.MONTEORE_OWNER_DATABASE_URL.help}`,
        );
      const { copyLedger } = await import('./copy-ledger.js');
      const { comparison, source } = await copyLedger({
        service,
        from: values.MONTEORE_COPY_FROM,
        to: values.MONTEORE_COPY_TO,
        checkpointsOf: startOver === true ? own : undefined,
        onProgress: (events) => process.stderr.write(`\r${events} events copied`),
      });
      process.stderr.write('\n');
      if (comparison.equal) {
        const { events, streams } = comparison;
        process.stdout.write(`equal: ${events} events of ${streams} streams, every hash verified in both\n`);
        process.stdout.write(`from there its messages have the source ${source}\n`);
      } else {
        process.stdout.write(`different: ${JSON.stringify(comparison.difference)}\n`);
        process.exitCode = 2;
      }
    });
}
