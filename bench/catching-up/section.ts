import { encodeMessage, Inbox } from '@monteore/messaging';
import { ServiceDatabase, type ServiceTransaction } from '@monteore/service';
import { Kafka, logLevel } from 'kafkajs';
import { boardHandlers } from '../../apps/reporting/dist/folding-boards/handlers.js';
import { LEDGER_TOPIC, ledgerMessages, publishAll } from '../data-sets/ledger-messages.ts';
import { interleaved } from '../measuring/repeating.ts';
import { expectSame, type LoneSection } from '../measuring/section.ts';
import { figureOf, ratioOf } from '../results/statistics.ts';
import {
  BOARD_BYTES,
  type BoardRows,
  boardRowsOf,
  MOVEMENTS,
  makeBoardTables,
  SCHEMA,
  secondsToCopy,
} from '../systems/board-tables.ts';
import { type BenchKafka, startBenchKafka } from '../systems/kafka.ts';
import { numberFrom, startBenchPostgres, withClient } from '../systems/postgres.ts';

const PER_SECOND = 'messages/s';
/** Each repetition takes long enough by itself. */
const REPETITIONS_AT_MOST = 3;

export const catchingUp: LoneSection = {
  key: 'j',
  title: 'A consumer that catches up, with its effect in Postgres',
  needs: 'kafka',
  limitMinutes: 30,
  measure: async (measuring) => {
    const url = await startBenchPostgres(measuring);
    const kafka = await startBenchKafka(measuring);
    const count = measuring.size(100_000, 3_000);
    measuring.say(`publishing ${count} messages …`);
    let bytes = 0;
    await publishAll(
      kafka.messaging,
      counted(count, (size) => (bytes += size)),
    );
    let rows: BoardRows = new Map();
    const rates = await interleaved(Math.min(measuring.repetitions, REPETITIONS_AT_MOST), {
      raw: () => readRaw(kafka, count),
      inbox: async () => {
        const rate = await catchUp(url, kafka, count);
        rows = await withClient(url, boardRowsOf);
        return rate;
      },
      copy: async () => count / (await withClient(url, (client) => secondsToCopy(client, rows))),
    });
    const slower = rates.raw.map((rate, index) => Math.min(rate, rates.copy[index]!));
    return [
      figureOf('inbox with the boards’ folds', PER_SECOND, rates.inbox),
      figureOf('kafkajs alone, the same topic', PER_SECOND, rates.raw),
      figureOf('COPY of the same rows', PER_SECOND, rates.copy),
      ratioOf('inbox next to the slower of the two', rates.inbox, slower, { atLeast: 0.3 }),
      figureOf('a message in Kafka, key and value', 'bytes', [bytes / count]),
      figureOf('a message in the boards, with indexes', 'bytes', [
        (await numberFrom(url, BOARD_BYTES)) / count,
      ]),
    ];
  },
};

function* counted(count: number, add: (bytes: number) => void) {
  for (const message of ledgerMessages(count)) {
    add(Buffer.byteLength(encodeMessage(message)) + Buffer.byteLength(message.key));
    yield message;
  }
}

/** From the first message that comes to the last: joining the group is left out, on both sides. */
class Stretch {
  private first = 0;
  private taken = 0;
  private firstCount = 0;
  private readonly over = Promise.withResolvers<number>();
  private readonly expected: number;

  constructor(expected: number) {
    this.expected = expected;
  }

  /** Messages a second, once all have come. */
  get rate(): Promise<number> {
    return this.over.promise;
  }

  took(count: number): void {
    if (this.first === 0) {
      this.first = performance.now();
      this.firstCount = count;
    }
    this.taken += count;
    if (this.taken < this.expected) return;
    const seconds = (performance.now() - this.first) / 1000;
    this.over.resolve((this.taken - this.firstCount) / seconds);
  }
}

let groups = 0;

async function readRaw({ brokers }: BenchKafka, count: number): Promise<number> {
  groups += 1;
  const kafka = new Kafka({ brokers: [...brokers], clientId: 'bench-raw', logLevel: logLevel.NOTHING });
  const consumer = kafka.consumer({ groupId: `monteore.bench.raw.${groups}` });
  const stretch = new Stretch(count);
  await consumer.connect();
  await consumer.subscribe({ topic: LEDGER_TOPIC, fromBeginning: true });
  await consumer.run({
    partitionsConsumedConcurrently: 4,
    eachBatch: async ({ batch }) => stretch.took(batch.messages.length),
  });
  const rate = await stretch.rate;
  await consumer.disconnect();
  return rate;
}

/** The inbox of reporting as it runs, into empty tables. */
async function catchUp(url: string, { messaging }: BenchKafka, count: number): Promise<number> {
  groups += 1;
  await withClient(url, makeBoardTables);
  const database = await ServiceDatabase.connect({ url, schema: SCHEMA });
  const stretch = new Stretch(count);
  const inbox = new Inbox<ServiceTransaction>({
    database,
    subscriber: messaging,
    schema: SCHEMA,
    group: `bench.inbox.${groups}`,
    handlers: { [LEDGER_TOPIC]: boardHandlers[LEDGER_TOPIC]! },
    onHandled: (_topic, messages) => stretch.took(messages.length),
  });
  await inbox.start();
  try {
    const rate = await stretch.rate;
    expectSame('messages', count, await numberFrom(url, MOVEMENTS));
    return rate;
  } finally {
    await inbox.stop();
    await database.close();
  }
}
