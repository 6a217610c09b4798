import { createPostgresEventStore } from '@monteore/event-store';
import { fillEventStore, histories, type PackageHistory } from '../data-sets/ledger-history.ts';
import { expectSame, type LoneSection } from '../measuring/section.ts';
import { figureOf, median, ratioOf } from '../results/statistics.ts';
import { shortNumber } from '../results/table.ts';
import { numberFrom, startBenchPostgres, withClient } from '../systems/postgres.ts';
import { CommandPath } from './command-path.ts';

const COUNT = "SELECT count(*) FROM long.events WHERE type = 'WorkCharged'";

/** Packages of one length; as many as are needed that measuring does not make them long. */
interface Length {
  readonly entries: number;
  readonly packages: readonly PackageHistory[];
}

export const recordingOnLongPackages: LoneSection = {
  key: 'd',
  title: 'One work entry on a package of few or many',
  needs: 'nothing',
  limitMinutes: 12,
  measure: async (measuring) => {
    const url = await startBenchPostgres(measuring);
    const lengths: readonly Length[] = [
      { entries: 10, packages: histories(measuring.size(200, 20), 'short') },
      { entries: 1_000, packages: histories(5, 'middle') },
      { entries: measuring.size(100_000, 5_000), packages: histories(1, 'long') },
    ];
    measuring.say('making the packages …');
    await withClient(url, (client) => fillEventStore(client, 'long', eventsOf(lengths)));
    const store = createPostgresEventStore({ connectionString: url, schema: 'long', maxConnections: 2 });
    measuring.atEnd(() => store.close());

    const [longest] = lengths[2]!.packages;
    const cold = await millisecondsOf(new CommandPath(store), longest!);
    const commands = new CommandPath(store);
    for (const { packages } of lengths) for (const one of packages) await commands.look(one);
    const before = await numberFrom(url, COUNT);
    const each = measuring.size(400, 40);
    const medians: number[][] = lengths.map(() => []);
    for (let repetition = 0; repetition < measuring.repetitions; repetition += 1) {
      const times = await inTurn(commands, lengths, each);
      for (const [index, values] of times.entries()) medians[index]!.push(median(values));
    }
    const recorded = measuring.repetitions * each * lengths.length;
    expectSame('work entries', recorded, (await numberFrom(url, COUNT)) - before);

    const nameOf = ({ entries }: Length) => `${shortNumber(entries)} entries`;
    const [short, middle, long] = lengths;
    const figures = lengths.map((length, index) => figureOf(nameOf(length), 'ms', medians[index]!));
    return [
      ...figures,
      ratioOf(`${nameOf(middle!)} next to ${nameOf(short!)}`, medians[1]!, medians[0]!, { atMost: 1.2 }),
      ratioOf(`${nameOf(long!)} next to ${nameOf(short!)}`, medians[2]!, medians[0]!, { atMost: 1.2 }),
      figureOf(`first entry after a start, ${nameOf(long!)} to fold`, 'ms', [cold]),
    ];
  },
};

function* eventsOf(lengths: readonly Length[]) {
  for (const { entries, packages } of lengths) {
    for (const one of packages) {
      yield* one.opened();
      for (let count = 0; count < entries; count += 1) yield* one.worked();
    }
  }
}

/** One entry on each length, so many times; the milliseconds of each, by length. */
async function inTurn(commands: CommandPath, lengths: readonly Length[], times: number): Promise<number[][]> {
  const taken: number[][] = lengths.map(() => []);
  for (let turn = 0; turn < times; turn += 1) {
    for (const [index, { packages }] of lengths.entries())
      taken[index]!.push(await millisecondsOf(commands, packages[turn % packages.length]!));
  }
  return taken;
}

/** As a route does it: the package is looked at, then the command is given. */
async function millisecondsOf(commands: CommandPath, one: PackageHistory): Promise<number> {
  const begun = performance.now();
  await commands.look(one);
  await commands.record(one);
  return performance.now() - begun;
}
