import { Command } from 'commander';
import { print, printJson } from './printing.js';
import { type ReachOptions, RunningSystem, servicesNamed, withReachOptions } from './running-system.js';

type Options = ReachOptions & {
  readonly json?: true;
  readonly service?: string;
  readonly topic: string;
  readonly source: string;
};

/** `monteore sources accept`. */
export function sourcesCommand(): Command {
  const accept = withReachOptions(new Command('accept'))
    .description('have services consume the messages of a store that was moved, copied or restored')
    .requiredOption('--topic <name>', 'where they come: monteore.ledger.events.v1 …')
    .requiredOption('--source <name>', 'the new source, as the log and the copy name it')
    .option('--service <name>', 'in this one only (absent: in all)')
    .action(async ({ service, topic, source, json, ...reach }: Options) => {
      const system = await RunningSystem.reach(reach);
      const answers = [];
      for (const name of servicesNamed(service)) {
        answers.push({
          service: name,
          ...(await system.post<object>(name, '/v1/message-sources', { topic, source })),
        });
        if (json !== true) print(`${name} consumes ${source} on ${topic} from now on.`);
      }
      if (json === true) printJson(answers);
    });
  return new Command('sources').description('whose messages the services consume').addCommand(accept);
}
