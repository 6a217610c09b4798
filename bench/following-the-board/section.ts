import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { eventually } from '@monteore/testing';
import { expectSame, type Measuring, type SystemSection } from '../measuring/section.ts';
import { loadThroughRest, workBody, workPath } from '../recording-work/rest-load.ts';
import type { Figure } from '../results/figure.ts';
import { figureOf, percentile } from '../results/statistics.ts';
import { atRest, LEDGER_SOURCE } from '../systems/at-rest.ts';
import { openPackages, type WorkedPackage } from '../systems/open-packages.ts';
import { numberFrom, withClient } from '../systems/postgres.ts';
import type { System } from '../systems/system.ts';
import { BoardWatcher } from './board-watcher.ts';

const ENTRIES_PER_SECOND = 50;
const PACKAGES = 10;
const COUNT = "SELECT count(*) FROM ledger_events.events WHERE type = 'WorkCharged'";
const POSITION = 'monteore-position';

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
  const seconds = measuring.size(40, 5);
  await atRest(system);
  const before = await numberFrom(system.databaseUrl, COUNT);

  const asked = new Lags(system, await system.token());
  await asked.steadily(packages, 2, (given) => asked.askedFor(given));
  const read = await asked.steadily(packages, seconds, (given) => asked.askedFor(given));
  await atRest(system);
  const watchers = await BoardWatcher.watch(system, await system.token(), packages);
  const told = await asked.steadily(packages, seconds, ({ packageId, position, since }) =>
    watchers.shows(packageId, position).then((at) => at - since),
  );
  watchers.stop();
  const entries = (2 + 2 * seconds) * ENTRIES_PER_SECOND;
  expectSame('work entries', entries, (await numberFrom(system.databaseUrl, COUNT)) - before);

  const burst = measuring.size(1_000, 200);
  const behind = await afterBurst(measuring, system, packages, burst);
  return [
    figureOf('read back with its position, median', 'ms', [percentile(read, 50)]),
    figureOf('read back with its position, 99th percentile', 'ms', [percentile(read, 99)], aim),
    figureOf('told by server-sent events, median', 'ms', [percentile(told, 50)]),
    figureOf('told by server-sent events, 99th percentile', 'ms', [percentile(told, 99)], aim),
    figureOf('entries that were first answered 503', 'answers', [asked.busyAnswers]),
    figureOf(`after a burst of ${burst}, until the board shows all`, 'ms', behind),
  ];
}

interface Given {
  readonly packageId: string;
  /** The answer's `Monteore-Position`. */
  readonly header: string;
  readonly position: bigint;
  /** When the entry was acknowledged, by `performance.now()`. */
  readonly since: number;
}

class Lags {
  /** How often an entry was not taken at once. */
  busyAnswers = 0;
  private readonly system: System;
  private readonly authorization: string;

  constructor(system: System, token: string) {
    this.system = system;
    this.authorization = `Bearer ${token}`;
  }

  /** Entries at a steady pace, whether or not those before are on the board; answers what `lagOf` says of each. */
  async steadily(
    packages: readonly WorkedPackage[],
    seconds: number,
    lagOf: (given: Given) => Promise<number>,
  ): Promise<number[]> {
    const begun = performance.now();
    const lags: Promise<number>[] = [];
    for (let place = 0; place < seconds * ENTRIES_PER_SECOND; place += 1) {
      const due = begun + (place * 1000) / ENTRIES_PER_SECOND;
      await pause(Math.max(0, due - performance.now()));
      const lag = this.record(packages[place % packages.length]!).then(lagOf);
      lag.catch(() => {});
      lags.push(lag);
    }
    return Promise.all(lags);
  }

  /** A read that carries the entry's position is answered as soon as the board shows it: nothing has to be polled. */
  async askedFor({ packageId, header, since }: Given): Promise<number> {
    const headers = { authorization: this.authorization, [POSITION]: header };
    for (;;) {
      const answer = await fetch(`${this.system.urlOf('reporting')}/v1/boards/${packageId}`, { headers });
      await answer.arrayBuffer();
      if (answer.status === 200) return performance.now() - since;
      if (answer.status !== 503) throw new Error(`the board answered ${answer.status}`);
    }
  }

  /** Until it is taken: a busy ledger answers 503, and the entry is sent again under its key. */
  private async record(one: WorkedPackage): Promise<Given> {
    const key = randomUUID();
    for (;;) {
      const answer = await fetch(`${this.system.urlOf('ledger')}${workPath(one)}`, {
        method: 'POST',
        headers: {
          authorization: this.authorization,
          'content-type': 'application/json',
          'idempotency-key': key,
        },
        body: workBody(one),
      });
      const since = performance.now();
      const text = await answer.text();
      if (answer.status === 201) return acknowledged(one, answer, since);
      if (answer.status !== 503) throw new Error(`the entry was answered ${answer.status}: ${text}`);
      this.busyAnswers += 1;
    }
  }
}

function acknowledged({ packageId }: WorkedPackage, answer: Response, since: number): Given {
  const header = answer.headers.get(POSITION)!;
  const [, , position] = JSON.parse(Buffer.from(header, 'base64url').toString()) as string[];
  return { packageId, header, position: BigInt(position!), since };
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
