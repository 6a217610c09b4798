import { Command } from 'commander';
import { print, printJson } from './printing.js';
import { type ReachOptions, RunningSystem, serviceNamed, withReachOptions } from './running-system.js';

/** `monteore republish`. */
export function republishCommand(): Command {
  return withReachOptions(new Command('republish'))
    .description('have a service publish its events once more; consumers pass over what they have had')
    .requiredOption('--service <name>', 'whose events')
    .requiredOption('--from <position>', 'the first position of its event store to publish; 0: all')
    .action(
      async ({
        service,
        from,
        json,
        ...reach
      }: ReachOptions & { json?: true; service: string; from: string }) => {
        const name = serviceNamed(service);
        if (!/^\d{1,18}$/.test(from)) throw new Error(`--from ${from}: a position, digits only`);
        const system = await RunningSystem.reach(reach);
        const answer = await system.post<{ checkpoint: string }>(name, '/v1/relay/republish', { from });
        if (json === true) printJson(answer);
        else
          print(
            `${name} publishes its events from position ${from} on once more; it had come to ${answer.checkpoint}.`,
          );
      },
    );
}
