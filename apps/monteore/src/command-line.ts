import { resolve } from 'node:path';
import { readVariables, type Variables, zPostgresUrl } from '@monteore/service/configuring';
import { Command } from 'commander';
import { backupCommands } from './backing-up/commands.js';
import { copyCommand } from './copying-a-ledger/command.js';
import { layoutOf } from './keeping-the-data-directory/layout.js';
import type { TokenRequest } from './minting-tokens/mint-token.js';
import { operatingCommands } from './operating/commands.js';
import { readSettings, SETTINGS } from './reading-settings/settings.js';

/** `monteore [start]`, and a command for whatever else is done with an installation. */
export function commandLine(): Command {
  const program = new Command('monteore').description(
    'Prepaid packages of assistance hours, with proof of every minute.',
  );
  program.addCommand(startCommand(), { isDefault: true });
  program.addCommand(tokenCommand());
  program.addCommand(prepareCommand());
  for (const command of backupCommands()) program.addCommand(command);
  program.addCommand(copyCommand());
  for (const command of operatingCommands()) program.addCommand(command);
  return program;
}

function startCommand(): Command {
  const command = new Command('start').description('run all services in this process (the default)');
  for (const { flag, variable, help } of Object.values(SETTINGS))
    if (flag !== undefined) command.option(flag, `${help} [${variable}]`);
  const others = Object.values(SETTINGS).filter(({ flag }) => flag === undefined);
  command.addHelpText(
    'after',
    `\nOnly by variable:\n${others.map(({ variable, help }) => `  ${variable}: ${help}`).join('\n')}`,
  );
  return command.action(async (flags: Record<string, unknown>) => {
    const { imapUrl, ...rest } = flags;
    // The services are loaded only where they run: a token takes a fraction of the time.
    const { runUntilStopped } = await import('./serving/run-until-stopped.js');
    await runUntilStopped(readSettings({ ...rest, imapUrls: imapUrl }, process.env));
  });
}

function tokenCommand(): Command {
  return new Command('token')
    .description('print an access token that is valid for 15 minutes')
    .requiredOption(
      '--role <role>',
      'administrator, referent, team-member, auditor, machine, approver, requester or viewer',
    )
    .option('--contact <id>', 'the contact of a client that the token is for')
    .option('--subject <id>', 'who of the team or which machine: an id, or an e-mail address (command-line)')
    .option('--scope <scope...>', 'what a machine may do: ledger:read, ledger:write …')
    .option(SETTINGS.data.flag!, `${SETTINGS.data.help} [${SETTINGS.data.variable}]`)
    .action(async ({ data, scope, ...request }: TokenRequest & { data?: string; scope?: string[] }) => {
      const { data: directory } = readSettings({ data }, { MONTEORE_DATA: process.env.MONTEORE_DATA });
      const { mintToken } = await import('./minting-tokens/mint-token.js');
      const { token, validUntil } = await mintToken(layoutOf(directory), { ...request, scopes: scope });
      process.stderr.write(`valid until ${validUntil}\n`);
      process.stdout.write(`${token}\n`);
    });
}

const prepareVariables = {
  MONTEORE_ADMIN_DATABASE_URL: {
    schema: zPostgresUrl,
    help: 'postgres:// address of the server, as a role that may create roles and databases',
    secret: true,
  },
} as const satisfies Variables;

function prepareCommand(): Command {
  return new Command('prepare')
    .description('make secrets, keys and database roles for services that run as programs of their own')
    .requiredOption(
      '--data <dir>',
      'directory for the secrets: one directory a service, and what `token` needs',
    )
    .option(
      '--connections-per-service <number>',
      'connections that one service may open, in all its instances',
      '48',
    )
    .addHelpText(
      'after',
      `\nBy variable:\n  MONTEORE_ADMIN_DATABASE_URL (or _FILE): ${prepareVariables.MONTEORE_ADMIN_DATABASE_URL.help}`,
    )
    .action(async ({ data, connectionsPerService }: { data: string; connectionsPerService: string }) => {
      if (!/^[1-9]\d{0,4}$/.test(connectionsPerService))
        throw new Error(`--connections-per-service ${connectionsPerService}: a whole number is expected`);
      const { MONTEORE_ADMIN_DATABASE_URL: adminDatabaseUrl } = readVariables(prepareVariables, process.env);
      const { prepareServices } = await import('./preparing-services/prepare.js');
      const directory = resolve(data);
      await prepareServices(layoutOf(directory), {
        adminDatabaseUrl,
        connectionsPerService: Number(connectionsPerService),
      });
      process.stderr.write(`Prepared: secrets of each service are in ${directory}\n`);
    });
}
