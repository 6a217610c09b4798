import { createPostgresEventStore } from '@monteore/event-store';
import { fillEventStore, histories } from '../data-sets/ledger-history.ts';
import { interleaved, rateInFlight } from '../measuring/repeating.ts';
import { expectSame, type Measuring, type SystemSection } from '../measuring/section.ts';
import type { Figure } from '../results/figure.ts';
import { figureOf, median, ratioOf } from '../results/statistics.ts';
import { atRest } from '../systems/at-rest.ts';
import { openPackages, type WorkedPackage } from '../systems/open-packages.ts';
import { numberFrom, startBenchPostgres, withClient } from '../systems/postgres.ts';
import type { System } from '../systems/system.ts';
import { CommandPath } from './command-path.ts';
import { type LoadAnswer, loadThroughRest } from './rest-load.ts';

const CONNECTIONS = 64;
const PER_SECOND = 'entries/s';
const COUNT = "SELECT count(*) FROM ledger_events.events WHERE type = 'WorkCharged'";

/** (b) on the embedded instance. */
export const recordingWork: SystemSection = {
  key: 'b',
  title: 'Recording work through REST, embedded',
  needs: 'embedded',
  limitMinutes: 20,
  measure: async (measuring, system) => {
    const { rates, latencies } = await measureSystem(measuring, system);
    const alone = await commandsAlone(measuring);
    return [
      figureOf('REST, 100 packages', PER_SECOND, rates.rest, { atLeast: 1000 }),
      figureOf('REST, one package', PER_SECOND, rates.restOne),
      figureOf('without HTTP, 100 packages', PER_SECOND, rates.commands),
      figureOf('without HTTP, one package', PER_SECOND, rates.commandsOne),
      figureOf('without HTTP and without the other services', PER_SECOND, [alone]),
      ratioOf('REST next to without HTTP, 100 packages', rates.rest, rates.commands, { atLeast: 0.5 }),
      ratioOf('REST next to without HTTP, one package', rates.restOne, rates.commandsOne),
      figureOf('REST next to without HTTP and the other services', 'ratio', [median(rates.rest) / alone]),
      ...latencies,
    ];
  },
};

/** (h) with each service in a process of its own, relay and Kafka between them. */
export const recordingWorkApart: SystemSection = {
  key: 'h',
  title: 'Recording work through REST, services apart over Kafka',
  needs: 'cluster',
  limitMinutes: 20,
  measure: async (measuring, system) => {
    const { rates, latencies } = await measureSystem(measuring, system);
    return [
      figureOf('REST, 100 packages', PER_SECOND, rates.rest),
      figureOf('REST, one package', PER_SECOND, rates.restOne),
      figureOf('without HTTP, 100 packages', PER_SECOND, rates.commands),
      ratioOf('REST next to without HTTP, 100 packages', rates.rest, rates.commands),
      ratioOf('REST next to without HTTP, one package', rates.restOne, rates.commandsOne),
      ...latencies,
    ];
  },
};

/**
 * Through REST, and the same commands given by this process to the same store, while the same services follow it; each
 * on packages of its own, and each begun only when what the one before left behind is done.
 */
async function measureSystem(measuring: Measuring, system: System) {
  await measuring.demandDurable(system.databaseUrl, 'Postgres of the system');
  const count = measuring.size(100, 10);
  measuring.say(`opening ${2 * count} packages …`);
  const opened = await openPackages(system, 2 * count);
  const [forRest, forCommands] = [opened.slice(0, count), opened.slice(count)];
  const store = createPostgresEventStore({
    connectionString: system.databaseUrl,
    schema: 'ledger_events',
    maxConnections: 2,
  });
  measuring.atEnd(() => store.close());
  const commands = new CommandPath(store);
  const entries = measuring.size(6_000, 320);
  const times: Times = { median: [], p99: [], busy: [] };

  const counted = async (work: () => Promise<Recorded>): Promise<number> => {
    await atRest(system);
    const before = await numberFrom(system.databaseUrl, COUNT);
    const { recorded, busy, entriesPerSecond } = await work();
    const found = (await numberFrom(system.databaseUrl, COUNT)) - before;
    expectSame('work entries', recorded, found, busy);
    return entriesPerSecond;
  };
  const rest = (packages: readonly WorkedPackage[]) => async () => {
    const token = await system.token();
    const answer = await loadThroughRest(system, token, packages, { entries, connections: CONNECTIONS });
    if (packages.length > 1) {
      times.median.push(answer.medianMilliseconds);
      times.p99.push(answer.p99Milliseconds);
      times.busy.push(answer.busy);
    }
    return answer;
  };
  const direct = (packages: readonly WorkedPackage[]) => async () => {
    const entriesPerSecond = await recordSpread(commands, packages, entries);
    return { recorded: entries, busy: 0, entriesPerSecond };
  };

  const rates = await interleaved(measuring.repetitions, {
    rest: () => counted(rest(forRest)),
    commands: () => counted(direct(forCommands)),
    restOne: () => counted(rest(forRest.slice(0, 1))),
    commandsOne: () => counted(direct(forCommands.slice(0, 1))),
  });
  await atRest(system);
  return { rates, latencies: latencyFigures(times) };
}

type Recorded = Pick<LoadAnswer, 'recorded' | 'busy' | 'entriesPerSecond'>;

/** Of the answers of REST on many packages, run by run; the first is the warm-up. */
interface Times {
  readonly median: number[];
  readonly p99: number[];
  readonly busy: number[];
}

const latencyFigures = ({ median: medians, p99, busy }: Times): Figure[] => [
  figureOf('REST, 100 packages, median answer', 'ms', medians.slice(1)),
  figureOf('REST, 100 packages, 99th percentile', 'ms', p99.slice(1)),
  figureOf('REST, 100 packages, answered 503', 'answers', busy.slice(1)),
];

function recordSpread(
  commands: CommandPath,
  packages: readonly WorkedPackage[],
  entries: number,
): Promise<number> {
  let place = 0;
  return rateInFlight(entries, CONNECTIONS, () => {
    place += 1;
    return commands.record(packages[place % packages.length]!);
  });
}

/** The command path on a Postgres that nobody else uses: what nothing follows and nothing disturbs. */
async function commandsAlone(measuring: Measuring): Promise<number> {
  const url = await startBenchPostgres(measuring);
  const packages = histories(100, 'alone');
  await withClient(url, (client) =>
    fillEventStore(
      client,
      'alone',
      packages.flatMap((one) => one.opened()),
    ),
  );
  const store = createPostgresEventStore({ connectionString: url, schema: 'alone', maxConnections: 2 });
  measuring.atEnd(() => store.close());
  const commands = new CommandPath(store);
  const entries = measuring.size(6_000, 320);
  const { alone } = await interleaved(measuring.repetitions, {
    alone: () => recordSpread(commands, packages, entries),
  });
  const recorded = await numberFrom(url, "SELECT count(*) FROM alone.events WHERE type = 'WorkCharged'");
  expectSame('work entries', entries * (measuring.repetitions + 1), recorded);
  return median(alone);
}
