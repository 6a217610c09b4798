import type { ServiceName } from '@monteore/contracts';
import { Command } from 'commander';
import { print, printJson, table, tell } from './printing.js';
import { type ReachOptions, RunningSystem, servicesNamed, withReachOptions } from './running-system.js';

interface Lag {
  readonly service: ServiceName;
  readonly consumed: readonly {
    readonly topic: string;
    readonly messages: number;
    readonly parkedKeys: number;
  }[];
  readonly published: { readonly topic: string; readonly events: number; readonly checkpoint: string };
}

/** `monteore lag`: exit code 1 when a service could not say it; what the others say is printed all the same. */
export function lagCommand(): Command {
  return withReachOptions(new Command('lag'))
    .description('how far each service is behind: messages not handled, keys parked, events not published')
    .option('--service <name>', 'of this one only')
    .action(async ({ service, json, ...reach }: ReachOptions & { json?: true; service?: string }) => {
      const system = await RunningSystem.reach(reach);
      const names = servicesNamed(service);
      const answers = await Promise.allSettled(names.map((name) => system.get<Lag>(name, '/v1/lag')));
      const lags = answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []));
      if (json === true) printJson(lags);
      else if (lags.length > 0) printLags(lags);
      answers.forEach((answer, index) => {
        if (answer.status === 'rejected') tell(`monteore: ${names[index]}: ${answer.reason.message}`);
      });
      if (lags.length < names.length) process.exitCode = 1;
    });
}

function printLags(lags: readonly Lag[]): void {
  const consumed = lags.flatMap((lag) => lag.consumed.map((topic) => ({ service: lag.service, ...topic })));
  print(
    table(
      ['SERVICE', 'CONSUMES', 'NOT HANDLED', 'PARKED KEYS'],
      consumed
        .filter(({ topic, messages, parkedKeys }) => isOfEvents(topic) || messages > 0 || parkedKeys > 0)
        .map(({ service, topic, messages, parkedKeys }) => [service, topic, messages, parkedKeys]),
    ),
  );
  print('');
  print(
    table(
      ['SERVICE', 'PUBLISHES', 'NOT PUBLISHED', 'UP TO POSITION'],
      lags.map(({ service, published: { topic, events, checkpoint } }) => [
        service,
        topic,
        events,
        checkpoint,
      ]),
    ),
  );
}

/** Topics of people are shown where something waits in them. */
const isOfEvents = (topic: string): boolean => topic.endsWith('.events.v1');
