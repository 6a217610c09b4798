import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { type LocalKafka, startKafka } from '../../../infra/kafka-local/kafka.mjs';
import { eventually } from '../../harness/index.ts';
import { Cluster } from '../cluster.ts';
import { type LedgerStore, startLedgerStore } from '../event-store.ts';
import { SteadyLoad } from './steady-load.ts';

jest.setTimeout(300_000);

let kafka: LocalKafka;
let store: LedgerStore;
let cluster: Cluster;
let load: SteadyLoad;

beforeAll(async () => {
  kafka = await startKafka();
  store = await startLedgerStore();
  cluster = await Cluster.start({ brokers: kafka.brokers, eventStoreUrl: store.url });
}, 180_000);

afterAll(async () => {
  await cluster?.stop();
  await store?.close();
  await kafka?.stop();
}, 60_000);

beforeEach(async () => {
  load = await SteadyLoad.on(cluster);
  load.start();
  await load.goesOn(1);
}, 120_000);

afterEach(async () => {
  await cluster.ready();
  await load.goesOn();
  await load.stop();
  await load.expectNothingLostOrDoubled();
}, 300_000);

describe('the ledger over KurrentDB, under a steady load', () => {
  test('is killed', async () => {
    await cluster.of('ledger')[0]!.kill();
  });

  // Somebody else's server is not ours to stop.
  const { KURRENTDB_URL } = process.env;
  const ownServer = KURRENTDB_URL ? test.skip : test;

  ownServer.each(['stop', 'kill'] as const)('its database goes away by «%s», and comes back', async (how) => {
    const team = await cluster.rest('administrator');
    const read = () => team.get(load.steps.path);
    await store.process![how]();
    const refused = await eventually(async () => {
      const answer = await read();
      return answer.status === 503 ? answer : null;
    }, 'a refusal while it is away');
    expect(refused.headers.get('retry-after')).toMatch(/^[1-9]\d*$/);
    await store.process!.start();
    await eventually(async () => (await read()).status === 200, 'answers again', 60_000);
  });

  ownServer('its database stands still for 30 seconds', async () => {
    store.process!.freeze();
    await new Promise((resolve) => setTimeout(resolve, 30_000));
    store.process!.thaw();
  });
});
