import { eventually } from '@monteore/testing';
import { expectSame, type Measuring, type SystemSection } from '../measuring/section.ts';
import { loadThroughRest } from '../recording-work/rest-load.ts';
import type { Figure } from '../results/figure.ts';
import { figureOf, percentile } from '../results/statistics.ts';
import { atRest, LEDGER_SOURCE } from '../systems/at-rest.ts';
import { openPackages, type WorkedPackage } from '../systems/open-packages.ts';
import { numberFrom, withClient } from '../systems/postgres.ts';
import type { System } from '../systems/system.ts';
import { ENTRIES_PER_SECOND, PacedEntries } from './paced-entries.ts';
import { watchEvents, watchRows } from './watching.ts';

const PACKAGES = 10;
const READ_BACK_EVERY = 10;
const COUNT = "SELECT count(*) FROM ledger_events.events WHERE type = 'WorkCharged'";

/** (e) on the embedded instance. */
export const followingTheBoard: SystemSection = {
  key: 'e',
  title: 'From a recorded entry to the board, embedded',
  needs: 'embedded',
  limitMinutes: 12,
  measure: (measuring, system) => measureBoard(measuring, system, { below: 250 }),
};

/** (i) over Kafka. */
export const followingTheBoardApart: SystemSection = {
  key: 'i',
  title: 'From a recorded entry to the board, services apart over Kafka',
  needs: 'cluster',
  limitMinutes: 12,
  measure: (measuring, system) => measureBoard(measuring, system),
};

async function measureBoard(
  measuring: Measuring,
  system: System,
  aim?: { readonly below: number },
): Promise<readonly Figure[]> {
  await measuring.demandDurable(system.databaseUrl, 'Postgres of the system');
  measuring.say(`opening ${PACKAGES} packages …`);
  const packages = await openPackages(system, PACKAGES);
  const seconds = measuring.size(60, 10);
  // A program that has just started is slower, and what is late then is late for many seconds.
  const warmUpSeconds = measuring.size(20, 10);
  await atRest(system);
  const before = await numberFrom(system.databaseUrl, COUNT);
  const { rows, told, readBack, busyAnswers, reopened } = await lagsOf(
    system,
    packages,
    warmUpSeconds,
    seconds,
  );
  const entries = (warmUpSeconds + seconds) * ENTRIES_PER_SECOND;
  expectSame('work entries', entries, (await numberFrom(system.databaseUrl, COUNT)) - before);
  const burst = measuring.size(1_000, 200);
  const behind = await afterBurst(measuring, system, packages, burst);
  return [
    figureOf('board written, median', 'ms', [percentile(rows, 50)]),
    figureOf('board written, 99th percentile', 'ms', [percentile(rows, 99)], aim),
    figureOf('read back with its position, median', 'ms', [percentile(readBack, 50)]),
    figureOf('read back with its position, 99th percentile', 'ms', [percentile(readBack, 99)], aim),
    figureOf('told by server-sent events, median', 'ms', [percentile(told, 50)]),
    figureOf('told by server-sent events, 99th percentile', 'ms', [percentile(told, 99)], aim),
    figureOf('entries that were first answered 503', 'answers', [busyAnswers]),
    figureOf('streams of events that had to be opened again', 'times', [reopened]),
    figureOf(`after a burst of ${burst}, until the board shows all`, 'ms', behind),
  ];
}

/**
 * Milliseconds from each entry's acknowledgement until its board was written, and until a reader of the board's events
 * was told; of every tenth also until it could be read back. Not of all: a read that waits asks the database meanwhile.
 */
async function lagsOf(
  system: System,
  packages: readonly WorkedPackage[],
  warmUpSeconds: number,
  seconds: number,
) {
  const token = await system.token();
  const leaving = new AbortController();
  const rows = watchRows(system, packages, leaving.signal);
  const events = watchEvents(system, token, packages, leaving.signal);
  const entries = new PacedEntries(system, token);
  const lags = { rows: [] as number[], told: [] as number[], readBack: [] as number[] };
  await entries.record(packages, warmUpSeconds, async ({ packageId, position }) => {
    await events.progress.shows(packageId, position);
  });
  await atRest(system);
  await entries.record(packages, seconds, async (entry) => {
    const { packageId, position, since, place } = entry;
    await Promise.all([
      rows.progress.shows(packageId, position).then((at) => lags.rows.push(at - since)),
      events.progress.shows(packageId, position).then((at) => lags.told.push(at - since)),
      ...(place % READ_BACK_EVERY === 0
        ? [entries.readBack(entry).then((lag) => lags.readBack.push(lag))]
        : []),
    ]);
  });
  leaving.abort();
  await Promise.all([rows.ended, events.ended]);
  return { ...lags, busyAnswers: entries.busyAnswers, reopened: events.reopened() };
}

/** Milliseconds from the last acknowledgement of a burst to the moment when reporting has taken every entry of it. */
async function afterBurst(
  measuring: Measuring,
  system: System,
  packages: readonly WorkedPackage[],
  entries: number,
): Promise<number[]> {
  const behind: number[] = [];
  for (let repetition = 0; repetition < measuring.repetitions; repetition += 1) {
    await atRest(system);
    await loadThroughRest(system, await system.token(), packages, { entries, connections: 64 });
    behind.push(await untilBoardsShow(system));
  }
  return behind;
}

async function untilBoardsShow({ databaseUrl }: System): Promise<number> {
  const begun = performance.now();
  await withClient(databaseUrl, async (client) => {
    const { rows } = await client.query<{ key: string; position: string }>(
      `SELECT data->'stamp'->>'clientId' AS key, max(position) AS position FROM ledger_events.events
       WHERE type = 'WorkCharged' GROUP BY 1`,
    );
    const wanted = [rows.map(({ key }) => key), rows.map(({ position }) => position)];
    await eventually(
      async () => {
        const reached = await client.query(
          `SELECT 1 FROM unnest($1::text[], $2::bigint[]) w(key, position)
           JOIN reporting.consumer_marks m USING (key)
           WHERE m.source = ${LEDGER_SOURCE} AND m.position >= w.position`,
          wanted,
        );
        return reached.rowCount === rows.length;
      },
      'the boards after the burst',
      120_000,
    );
  });
  return performance.now() - begun;
}
