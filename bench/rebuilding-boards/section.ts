import { createPostgresMessaging, installPostgresMessaging, type Messaging } from '@monteore/messaging';
import type pg from 'pg';
import { BOARD_TOPICS } from '../../apps/reporting/dist/folding-boards/handlers.js';
import { BoardRebuild } from '../../apps/reporting/dist/rebuilding-boards/board-rebuild.js';
import { LEDGER_TOPIC, ledgerMessages, publishAll } from '../data-sets/ledger-messages.ts';
import { interleaved, secondsOf } from '../measuring/repeating.ts';
import { expectSame, type LoneSection } from '../measuring/section.ts';
import { figureOf, ratioOf } from '../results/statistics.ts';
import {
  type BoardRows,
  boardRowsOf,
  MOVEMENTS,
  makeBoardTables,
  SCHEMA,
  secondsToCopy,
} from '../systems/board-tables.ts';
import { startBenchKafka } from '../systems/kafka.ts';
import { numberFrom, startBenchPostgres, withClient } from '../systems/postgres.ts';

/** Each repetition takes long enough by itself. */
const REPETITIONS_AT_MOST = 3;
const AIM = { atMost: 5 } as const;

export const rebuildingBoards: LoneSection = {
  key: 'l',
  title: 'Folding the boards anew',
  needs: 'kafka',
  limitMinutes: 30,
  measure: async (measuring) => {
    const url = await startBenchPostgres(measuring);
    await withClient(url, (client) => installPostgresMessaging(client, 'messaging'));
    const log = createPostgresMessaging({ connectionString: url, maxConnections: 1 });
    measuring.atEnd(() => log.close());
    const { messaging: kafka } = await startBenchKafka(measuring, BOARD_TOPICS);
    await log.ensureTopics(BOARD_TOPICS.map((name) => ({ name, compacted: false })));
    const count = measuring.size(200_000, 5_000);
    measuring.say(`publishing ${count} messages twice …`);
    for (const messaging of [log, kafka]) await publishAll(messaging, ledgerMessages(count));

    let rows: BoardRows = new Map();
    const rebuilt = async (messaging: Messaging) => {
      await withClient(url, (client) => makeAsTaken(client, messaging));
      const seconds = await secondsOf(() => rebuild(url, messaging));
      expectSame('messages', count, await numberFrom(url, MOVEMENTS));
      rows = await withClient(url, boardRowsOf);
      return seconds;
    };
    const seconds = await interleaved(Math.min(measuring.repetitions, REPETITIONS_AT_MOST), {
      fromLog: () => rebuilt(log),
      fromKafka: () => rebuilt(kafka),
      copy: () => withClient(url, (client) => secondsToCopy(client, rows)),
    });
    return [
      figureOf(`from ${count} messages of the log in Postgres`, 's', seconds.fromLog),
      figureOf(`from ${count} messages of Kafka`, 's', seconds.fromKafka),
      figureOf('COPY of the same rows', 's', seconds.copy),
      ratioOf('from the log next to COPY', seconds.fromLog, seconds.copy, AIM),
      ratioOf('from Kafka next to COPY', seconds.fromKafka, seconds.copy, AIM),
    ];
  },
};

/** Empty tables of a consumer that has taken all there is: a rebuild reads as far as it has come. */
async function makeAsTaken(client: pg.Client, messaging: Messaging): Promise<void> {
  await makeBoardTables(client);
  for (const { partition, next } of await messaging.endOffsets(LEDGER_TOPIC))
    await client.query(`INSERT INTO ${SCHEMA}.consumer_offsets VALUES ($1, $2, $3)`, [
      LEDGER_TOPIC,
      partition,
      next,
    ]);
}

async function rebuild(ownerUrl: string, messaging: Messaging): Promise<void> {
  const opened = await BoardRebuild.open({ ownerUrl, schema: SCHEMA, messaging });
  if (opened === null) throw new Error('another rebuild runs');
  await opened.run();
}
