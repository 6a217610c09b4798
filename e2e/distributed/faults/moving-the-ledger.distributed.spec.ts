import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { type LocalKafka, startKafka } from '../../../infra/kafka-local/kafka.mjs';
import { Cluster, SERVICE_NAMES } from '../cluster.ts';
import { type LedgerStore, startLedgerStore } from '../event-store.ts';
import { SteadyLoad } from './steady-load.ts';

jest.setTimeout(300_000);

const ROOT = join(import.meta.dirname, '..', '..', '..');
const NODE = join(ROOT, 'node_modules', '.bin', 'node');
const MONTEORE = join(ROOT, 'apps', 'monteore', 'dist', 'main.js');

let kafka: LocalKafka;
let store: LedgerStore;
let cluster: Cluster;

beforeAll(async () => {
  kafka = await startKafka();
  store = await startLedgerStore();
  cluster = await Cluster.start({ brokers: kafka.brokers });
}, 180_000);

afterAll(async () => {
  await cluster?.stop();
  await store?.close();
  await kafka?.stop();
}, 60_000);

const ownerUrl = () => readFileSync(join(cluster.dataDirectory, 'ledger', 'owner-database-url'), 'utf8');

/** Runs the command; answers what it printed. */
async function copyEvents(from: string, to: string): Promise<string> {
  const { stdout } = await promisify(execFile)(NODE, [MONTEORE, 'copy-events', '--start-over'], {
    env: {
      PATH: process.env.PATH,
      MONTEORE_COPY_FROM: from,
      MONTEORE_COPY_TO: to,
      MONTEORE_OWNER_DATABASE_URL: ownerUrl(),
    },
  });
  return stdout;
}

describe('a ledger moves from Postgres to KurrentDB', () => {
  test('equal by every hash, with the source told to its consumers, and goes on where it was', async () => {
    const load = await SteadyLoad.on(cluster);
    load.start();
    await load.goesOn();
    const ledger = cluster.of('ledger')[0]!;
    expect(await ledger.stop()).toBe(0);

    const printed = await copyEvents(ownerUrl(), store.url);
    const [, events, source] = /^equal: (\d+) events of \d+ streams[\s\S]*source (\S+)$/m.exec(printed) ?? [];
    expect(Number(events)).toBeGreaterThan(20);

    ledger.reconfigure({ MONTEORE_EVENT_STORE_URL: store.url });
    ledger.start();
    await ledger.ready();
    const team = await cluster.rest('administrator');
    for (const service of SERVICE_NAMES) {
      const told = { topic: 'monteore.ledger.events.v1', source };
      expect((await team.post(`/${service}/v1/message-sources`, told)).status).toBe(200);
    }
    await load.goesOn();
    await load.stop();
    await load.expectNothingLostOrDoubled();
  });
});
