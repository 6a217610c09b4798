import { execFile } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { startDoubleProcess } from '@monteore/event-store/kurrentdb-double';
import { Kafka, logLevel } from 'kafkajs';
import { type LocalKafka, startKafka } from '../../../infra/kafka-local/kafka.mjs';
import { eventually, openPackage } from '../../harness/index.ts';
import { monteore } from '../../operating/running-commands.ts';
import { Cluster, SERVICE_NAMES } from '../cluster.ts';
import { SteadyLoad } from './steady-load.ts';

jest.setTimeout(600_000);

const STORES = {
  Postgres: async () => null,
  // Ours in any case: it is stopped, and its directory copied.
  KurrentDB: (directory: string) => startDoubleProcess({ directory }),
};

let scratch: string;
let kafka: LocalKafka;
let cluster: Cluster;
/** What ends when the test does, the last first. */
let running: { stop(): Promise<unknown> }[];

beforeEach(async () => {
  scratch = mkdtempSync(join(tmpdir(), 'monteore-restoring-'));
  kafka = await startKafka();
  running = [kafka];
}, 180_000);

afterEach(async () => {
  for (const one of running.reverse()) await one.stop();
  await rm(scratch, { recursive: true, force: true });
}, 120_000);

/** With its owners and modes: Postgres starts on nothing else. */
const copy = (from: string, to: string) => promisify(execFile)('cp', ['--archive', from, to]);

/** In place of what is there. */
async function putBack(kept: string, directory: string): Promise<void> {
  await rm(directory, { recursive: true });
  await copy(kept, directory);
}

async function deleteTopics(): Promise<void> {
  const admin = new Kafka({ brokers: [...kafka.brokers], logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  const topics = (await admin.listTopics()).filter((topic) => topic.startsWith('monteore.'));
  await admin.deleteTopics({ topics });
  await admin.disconnect();
}

/** The commands to run once the services run, as they are printed for each of them. */
async function renewSources(): Promise<string[][]> {
  const commands: string[][] = [];
  for (const service of SERVICE_NAMES) {
    const { code, out, err } = await cluster.monteoreAs(service, [
      ...['renew-source', '--service', service, '--fresh-topics'],
    ]);
    expect([service, code, err]).toEqual([service, 0, '']);
    commands.push(
      ...[...out.matchAll(/^ {2}monteore (sources accept .*)$/gm)].map(([, words]) => words!.split(' ')),
    );
  }
  expect(commands).toHaveLength(2 * SERVICE_NAMES.length);
  return commands;
}

describe.each(Object.entries(STORES))('with the ledger in %s, hours are lost', (_, startStore) => {
  test('and everything goes back to one moment: nothing from before is lost or done again, and work goes on', async () => {
    const storeDirectory = join(scratch, 'store');
    const store = await startStore(storeDirectory);
    if (store !== null) running.push(store);
    cluster = await Cluster.start({
      brokers: kafka.brokers,
      ...(store === null ? {} : { eventStoreUrl: store.connectionString }),
    });
    running.push(cluster);
    const load = await SteadyLoad.on(cluster);
    load.start();
    await load.goesOn();
    await load.stop();
    await load.expectNothingLostOrDoubled();

    // The backup: Postgres, then the store.
    const [keptPostgres, keptStore] = [join(scratch, 'kept-postgres'), join(scratch, 'kept-store')];
    await cluster.stopServices();
    await cluster.whilePostgresIsStopped((directory) => copy(directory, keptPostgres));
    await store?.stop();
    if (store !== null) await copy(storeDirectory, keptStore);
    await store?.start();
    await cluster.startServices();
    const lost = await openPackage(cluster, await cluster.rest('administrator'));

    // The steps of docs/operations/backup.md.
    await cluster.stopServices();
    await cluster.whilePostgresIsStopped((directory) => putBack(keptPostgres, directory));
    await store?.stop();
    if (store !== null) await putBack(keptStore, storeDirectory);
    await store?.start();
    await deleteTopics();
    const commands = await renewSources();
    await cluster.startServices();
    const operator = { MONTEORE_URL: cluster.baseUrl, MONTEORE_TOKEN: await cluster.token('administrator') };
    for (const words of commands)
      expect([words, await monteore(words, operator)]).toEqual([words, expect.objectContaining({ code: 0 })]);
    await eventually(
      async () => {
        const { code, out } = await monteore(['lag', '--json'], operator);
        const lags: { published: { events: number }; consumed: { messages: number }[] }[] = JSON.parse(out);
        const waiting = lags.flatMap(({ published, consumed }) => [
          published.events,
          ...consumed.map(({ messages }) => messages),
        ]);
        return code === 0 && waiting.every((count) => count === 0);
      },
      'no lag',
      120_000,
    );

    await load.expectNothingLostOrDoubled();
    const team = await cluster.rest('administrator');
    expect((await team.get(lost.path)).status).toBe(404);
    load.start();
    await load.goesOn();
    await load.stop();
    await load.expectNothingLostOrDoubled();
  });
});
