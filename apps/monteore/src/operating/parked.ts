import type { ServiceName } from '@monteore/contracts';
import { Command } from 'commander';
import { print, printJson, table } from './printing.js';
import {
  type ReachOptions,
  RunningSystem,
  serviceNamed,
  servicesNamed,
  withReachOptions,
} from './running-system.js';

interface ParkedMessage {
  readonly id: string;
  readonly topic: string;
  readonly key: string;
  readonly messageId: string;
  readonly type: string;
  /** Absent where it only waits behind one that failed. */
  readonly error?: string;
  readonly parkedAt: string;
}

interface ShownMessage extends ParkedMessage {
  readonly source: string;
  readonly position: string;
  readonly time: string;
  readonly correlationId: string;
  /** Absent where it is about a person. */
  readonly data?: object;
}

type Options = ReachOptions & { readonly json?: true };
type OfService = Options & { readonly service: string };

const PAGE = 200;

/** `monteore parked list`, `show`, `retry` and `drop`. */
export function parkedCommand(): Command {
  const parked = new Command('parked').description(
    'messages that a service could not handle, and those of the same key that wait behind them',
  );
  for (const command of [listCommand(), showCommand(), retryCommand(), dropCommand()])
    parked.addCommand(command);
  return parked;
}

function listCommand(): Command {
  return withReachOptions(new Command('list'))
    .description('what waits, in order, of one service or of all')
    .option('--service <name>', 'of this one only')
    .option('--limit <number>', 'at most so many of each service', '100')
    .action(async ({ service, limit, json, ...reach }: Options & { service?: string; limit: string }) => {
      if (!/^[1-9]\d{0,5}$/.test(limit)) throw new Error(`--limit ${limit}: a whole number is expected`);
      const system = await RunningSystem.reach(reach);
      const found = [];
      for (const name of servicesNamed(service)) found.push(await listOf(system, name, Number(limit)));
      const messages = found.flatMap(({ items }) => items);
      if (json === true) printJson(messages);
      else printList(messages, found);
    });
}

function printList(messages: readonly (ParkedMessage & { service: ServiceName })[], found: readonly Found[]) {
  if (messages.length === 0) print('Nothing is parked.');
  else
    print(
      table(
        ['SERVICE', 'ID', 'TYPE', 'KEY', 'SINCE', 'FAULT'],
        messages.map(({ service, id, type, key, parkedAt, error }) => [
          service,
          id,
          type,
          key,
          parkedAt,
          error ?? '(waits behind)',
        ]),
      ),
    );
  for (const { service, hasMore } of found)
    if (hasMore) print(`… and more in ${service}: --service ${service} and --limit show them`);
}

interface Found {
  readonly service: ServiceName;
  readonly items: readonly (ParkedMessage & { readonly service: ServiceName })[];
  readonly hasMore: boolean;
}

async function listOf(system: RunningSystem, service: ServiceName, limit: number): Promise<Found> {
  const items: (ParkedMessage & { service: ServiceName })[] = [];
  let cursor: string | null = '';
  while (cursor !== null && items.length < limit) {
    const page: { items: ParkedMessage[]; nextCursor: string | null } = await system.get(
      service,
      `/v1/parked-messages?limit=${Math.min(PAGE, limit - items.length)}${cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`}`,
    );
    items.push(...page.items.map((item) => ({ service, ...item })));
    cursor = page.nextCursor;
  }
  return { service, items, hasMore: cursor !== null };
}

/** A command on one message of one service. */
const onMessage = (name: string): Command =>
  withReachOptions(new Command(name))
    .argument('<id>', 'of the message, as `parked list` shows it')
    .requiredOption('--service <name>', 'the service that could not handle it');

/** Where its routes are. Throws Error when it is no id. */
function pathOf(id: string): string {
  if (!/^\d{1,18}$/.test(id))
    throw new Error(`${id}: not the id of a parked message: \`parked list\` shows them`);
  return `/v1/parked-messages/${id}`;
}

function showCommand(): Command {
  return onMessage('show')
    .description('one of them, with why it failed and what it says')
    .action(async (id: string, { service, json, ...reach }: OfService) => {
      const name = serviceNamed(service);
      const path = pathOf(id);
      const { data, ...message } = await (await RunningSystem.reach(reach)).get<ShownMessage>(name, path);
      if (json === true) return printJson({ ...message, data });
      print(
        table(
          ['SERVICE', name],
          Object.entries(message).map(([member, value]) => [member, value]),
        ),
      );
      print(
        data === undefined ? 'What it says is about a person and not shown.' : JSON.stringify(data, null, 2),
      );
    });
}

function retryCommand(): Command {
  return onMessage('retry')
    .description('handle its whole key again, in order: once the fault is mended')
    .action(async (id: string, { service, json, ...reach }: OfService) => {
      const name = serviceNamed(service);
      const path = `${pathOf(id)}/retry`;
      const answer = await (await RunningSystem.reach(reach)).post<{ handled: number }>(name, path);
      if (json === true) printJson(answer);
      else print(`${name} has handled ${answer.handled} of its messages, and the key goes on.`);
    });
}

function dropCommand(): Command {
  return onMessage('drop')
    .description('give it up for ever; what waits behind it is handled')
    .requiredOption('--reason <text>', 'why, which is kept with it')
    .action(async (id: string, { service, reason, json, ...reach }: OfService & { reason: string }) => {
      const name = serviceNamed(service);
      const path = `${pathOf(id)}/drop`;
      const answer = await (await RunningSystem.reach(reach)).post<object>(name, path, { reason });
      if (json === true) printJson(answer);
      else print(`${name} has given message ${id} up, and the key goes on.`);
    });
}
