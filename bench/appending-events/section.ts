import {
  createPostgresEventStore,
  type EventStore,
  installPostgresEventStore,
  type SealedEvent,
} from '@monteore/event-store';
import { EVENT_COLUMNS, histories, rowOf } from '../data-sets/ledger-history.ts';
import { interleaved, perSecond } from '../measuring/repeating.ts';
import { expectSame, type LoneSection, type Measuring } from '../measuring/section.ts';
import { figureOf, ratioOf } from '../results/statistics.ts';
import { connect, numberFrom, startBenchPostgres, withClient } from '../systems/postgres.ts';

const SCHEMA = 'appended';
const PLAIN = `${SCHEMA}.plain_rows`;
const PER_SECOND = 'events/s';

/** How many events each number of callers appends in one repetition. */
const CALLERS = [
  { callers: 1, full: 1_500, quick: 100 },
  { callers: 16, full: 8_000, quick: 480 },
  { callers: 64, full: 19_200, quick: 1_280 },
] as const;

export const appendingEvents: LoneSection = {
  key: 'a',
  title: 'Appending single events',
  needs: 'nothing',
  limitMinutes: 12,
  measure: async (measuring) => {
    const url = await startBenchPostgres(measuring);
    await withClient(url, async (client) => {
      await installPostgresEventStore(client, SCHEMA);
      await client.query(plainTable);
    });
    const store = createPostgresEventStore({ connectionString: url, schema: SCHEMA, maxConnections: 2 });
    measuring.atEnd(() => store.close());
    const runs = new Runs(url, store, measuring);
    const rates = await interleaved(measuring.repetitions, {
      plain1: () => runs.plain(CALLERS[0]),
      port1: () => runs.port(CALLERS[0]),
      port16: () => runs.port(CALLERS[1]),
      plain64: () => runs.plain(CALLERS[2]),
      port64: () => runs.port(CALLERS[2]),
    });
    return [
      figureOf('port, 1 in flight', PER_SECOND, rates.port1),
      figureOf('port, 16 in flight', PER_SECOND, rates.port16),
      figureOf('port, 64 in flight', PER_SECOND, rates.port64),
      figureOf('plain INSERT and COMMIT, 1 connection', PER_SECOND, rates.plain1),
      figureOf('plain INSERT and COMMIT, 64 connections', PER_SECOND, rates.plain64),
      ratioOf('port at 64 next to plain at 1', rates.port64, rates.plain1, { atLeast: 3 }),
      ratioOf('port at 64 next to plain at 64', rates.port64, rates.plain64),
      ratioOf('port at 1 next to plain at 1', rates.port1, rates.plain1),
    ];
  },
};

/** The columns of the event store with the primary key alone: no other index, no trigger, no check. */
const plainTable = `
  CREATE TABLE ${PLAIN} (
    position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    event_id uuid NOT NULL, version integer NOT NULL, schema_version integer NOT NULL, stream_id text NOT NULL,
    type text NOT NULL, occurred_on text NOT NULL, recorded_at text NOT NULL, data jsonb NOT NULL,
    metadata jsonb NOT NULL, previous_hash text NOT NULL, hash text NOT NULL)`;

const [, ...PLAIN_COLUMNS] = EVENT_COLUMNS;
const INSERT = {
  name: 'insert',
  text: `INSERT INTO ${PLAIN} (${PLAIN_COLUMNS.join(', ')})
    VALUES (${PLAIN_COLUMNS.map((_, index) => `$${index + 1}`).join(', ')})`,
};

type Callers = (typeof CALLERS)[number];

class Runs {
  private runs = 0;
  private readonly url: string;
  private readonly store: EventStore;
  private readonly measuring: Measuring;

  constructor(url: string, store: EventStore, measuring: Measuring) {
    this.url = url;
    this.store = store;
    this.measuring = measuring;
  }

  /** Each caller has a stream of its own, with its opening already there. */
  async port(callers: Callers): Promise<number> {
    const work = this.workOf(callers);
    for (const { opening } of work)
      await this.store.append([{ streamId: opening[0]!.streamId, expectedVersion: 0, events: opening }]);
    const before = await this.count('events');
    const begun = performance.now();
    await Promise.all(
      work.map(async ({ entries }) => {
        for (const event of entries) {
          const { streamId, version } = event;
          const append = { streamId, expectedVersion: version - 1, events: [event] };
          const outcome = await this.store.append([append]);
          if (!outcome.appended) throw new Error(`${streamId} was changed by somebody else`);
        }
      }),
    );
    const rate = perSecond(entriesOf(work), begun);
    expectSame('appended events', entriesOf(work), (await this.count('events')) - before);
    return rate;
  }

  /** The same rows, each in a transaction of its own, over a connection a caller. */
  async plain(callers: Callers): Promise<number> {
    const work = this.workOf(callers);
    const before = await this.count('plain_rows');
    const clients = await Promise.all(work.map(() => connect(this.url)));
    try {
      const begun = performance.now();
      await Promise.all(
        work.map(async ({ entries }, index) => {
          for (const event of entries)
            await clients[index]!.query({ ...INSERT, values: rowOf(event, 0).slice(1) });
        }),
      );
      const rate = perSecond(entriesOf(work), begun);
      expectSame('inserted rows', entriesOf(work), (await this.count('plain_rows')) - before);
      return rate;
    } finally {
      await Promise.all(clients.map((client) => client.end()));
    }
  }

  private workOf({ callers, full, quick }: Callers): readonly CallersWork[] {
    this.runs += 1;
    const each = Math.ceil(this.measuring.size(full, quick) / callers);
    return histories(callers, `run ${this.runs}`).map((history) => ({
      opening: history.opened(),
      entries: Array.from({ length: each }, () => history.worked()[0]!),
    }));
  }

  private count(table: string): Promise<number> {
    return numberFrom(this.url, `SELECT count(*) FROM ${SCHEMA}.${table}`);
  }
}

interface CallersWork {
  readonly opening: readonly SealedEvent[];
  readonly entries: readonly SealedEvent[];
}

const entriesOf = (work: readonly CallersWork[]): number =>
  work.reduce((sum, { entries }) => sum + entries.length, 0);
