import { Command } from 'commander';
import { layoutOf } from './keeping-the-data-directory/layout.js';
import { mintToken, type TokenRequest } from './minting-tokens/mint-token.js';
import { readSettings, SETTINGS } from './reading-settings/settings.js';

/** `monteore [start]` and `monteore token`. */
export function commandLine(): Command {
  const program = new Command('monteore').description(
    'Prepaid packages of assistance hours, with proof of every minute.',
  );
  program.addCommand(startCommand(), { isDefault: true });
  program.addCommand(tokenCommand());
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
      const { token, validUntil } = await mintToken(layoutOf(directory), { ...request, scopes: scope });
      process.stderr.write(`valid until ${validUntil}\n`);
      process.stdout.write(`${token}\n`);
    });
}
