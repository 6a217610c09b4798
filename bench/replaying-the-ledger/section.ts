import {
  createPostgresEventStore,
  type EventStore,
  findChainFault,
  type StoredEvent,
} from '@monteore/event-store';
import type pg from 'pg';
import { balancesOf } from '../../apps/ledger/dist/package/balances.js';
import { evolve } from '../../apps/ledger/dist/package/evolve.js';
import { type PackageState, UNOPENED } from '../../apps/ledger/dist/package/state.js';
import { packageEventOf } from '../../apps/ledger/dist/package-stream/package-streams.js';
import { EVENT_COLUMNS, fillEventStore, histories, ledgerEvents } from '../data-sets/ledger-history.ts';
import { interleaved, perSecond } from '../measuring/repeating.ts';
import { expectSame, type LoneSection } from '../measuring/section.ts';
import { figureOf, ratioOf } from '../results/statistics.ts';
import { connect, numberFrom, startBenchPostgres, withClient } from '../systems/postgres.ts';

const SCHEMA = 'replayed';
const PAGE = 5_000;
const PER_SECOND = 'events/s';

export const replayingTheLedger: LoneSection = {
  key: 'c',
  title: 'Replaying the ledger into balances',
  needs: 'nothing',
  limitMinutes: 12,
  measure: async (measuring) => {
    const url = await startBenchPostgres(measuring);
    const events = measuring.size(200_000, 10_000);
    measuring.say(`making ${events} events …`);
    await withClient(url, (client) => fillEventStore(client, SCHEMA, ledgerEvents(histories(100), events)));
    const store = createPostgresEventStore({ connectionString: url, schema: SCHEMA, maxConnections: 2 });
    measuring.atEnd(() => store.close());
    const client = await connect(url);
    measuring.atEnd(() => client.end());
    const rates = await interleaved(measuring.repetitions, {
      raw: () => timed(events, () => readRaw(client)),
      replay: () => timed(events, () => replay(store)),
      verified: () => timed(events, () => verify(store)),
    });
    const bytes = await numberFrom(url, `SELECT pg_total_relation_size('${SCHEMA}.events') AS count`);
    const heap = await numberFrom(url, `SELECT pg_relation_size('${SCHEMA}.events') AS count`);
    return [
      figureOf('replay into balances', PER_SECOND, rates.replay),
      figureOf('the same rows read raw', PER_SECOND, rates.raw),
      figureOf('every link of the chains checked', PER_SECOND, rates.verified),
      ratioOf('replay next to the raw read', rates.replay, rates.raw, { atLeast: 0.5 }),
      ratioOf('checking the chains next to the raw read', rates.verified, rates.raw),
      figureOf('an event in Postgres, with indexes', 'bytes', [bytes / events]),
      figureOf('of it the table alone', 'bytes', [heap / events]),
    ];
  },
};

async function timed(expected: number, work: () => Promise<number>): Promise<number> {
  const begun = performance.now();
  const done = await work();
  const rate = perSecond(done, begun);
  expectSame('events', expected, done);
  return rate;
}

/** The rows as the driver of Postgres gives them, in pages, on one connection. */
async function readRaw(client: pg.Client): Promise<number> {
  const statement = {
    name: 'raw',
    text: `SELECT ${EVENT_COLUMNS.join(', ')} FROM ${SCHEMA}.events WHERE position > $1 ORDER BY position LIMIT ${PAGE}`,
  };
  let read = 0;
  for (let after = '0'; ; ) {
    const { rows } = await client.query<{ position: string }>({ ...statement, values: [after] });
    read += rows.length;
    if (rows.length < PAGE) return read;
    after = rows.at(-1)!.position;
  }
}

async function* pagesOf(store: EventStore): AsyncGenerator<readonly StoredEvent[]> {
  for (let after = 0n; ; ) {
    const { events, readUpTo } = await store.readAll(after, { limit: PAGE });
    yield events;
    if (events.length < PAGE) return;
    after = readUpTo;
  }
}

/** Every package folded from its first event on; each must then stand where its last event says. */
async function replay(store: EventStore): Promise<number> {
  const states = new Map<string, PackageState>();
  const newest = new Map<string, StoredEvent>();
  let folded = 0;
  for await (const events of pagesOf(store)) {
    for (const event of events) {
      const state = states.get(event.streamId) ?? UNOPENED;
      states.set(event.streamId, evolve(state, packageEventOf(event), event.metadata.actor.subject));
      newest.set(event.streamId, event);
      folded += 1;
    }
  }
  for (const [streamId, state] of states) {
    if (state.status === 'unopened') throw new Error(`${streamId} has no opening`);
    const { availableMinutes } = balancesOf(state);
    const { stamp } = packageEventOf(newest.get(streamId)!);
    expectSame(`available minutes of ${streamId}`, stamp.balances.availableMinutes, availableMinutes);
  }
  return folded;
}

/** What an auditor does: every hash computed anew. */
async function verify(store: EventStore): Promise<number> {
  const tails = new Map<string, StoredEvent>();
  let checked = 0;
  for await (const events of pagesOf(store)) {
    for (const event of events) {
      const fault = findChainFault([event], tails.get(event.streamId));
      if (fault !== null) throw new Error(`${event.streamId}: ${fault.problem} at ${fault.version}`);
      tails.set(event.streamId, event);
      checked += 1;
    }
  }
  return checked;
}
