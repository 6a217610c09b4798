import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, jest, test } from '@jest/globals';
import { isKafkaGiven, type LocalKafka, startKafka } from '../../../infra/kafka-local/kafka.mjs';
import { HeldStatements } from '../../faults/held-statements.ts';
import { eventually } from '../../harness/index.ts';
import { Cluster, SERVICE_NAMES } from '../cluster.ts';
import { LogOfKafka } from './log-of-kafka.ts';
import { SteadyLoad } from './steady-load.ts';

/** Far beyond what a test takes: each of its waits has a limit of its own, and says what it waited for. */
jest.setTimeout(900_000);

const SERVICES = ['identity', 'ledger', 'estimation', 'intake', 'reporting'] as const;
const topicOf = (service: string) => `monteore.${service}.events.v1`;

let kafka: LocalKafka;
let cluster: Cluster;
let load: SteadyLoad;

beforeAll(async () => {
  kafka = await startKafka();
  cluster = await Cluster.start({ brokers: kafka.brokers });
}, 180_000);

afterAll(async () => {
  await cluster?.stop();
  await kafka?.stop();
}, 60_000);

beforeEach(async () => {
  load = await SteadyLoad.on(cluster);
  load.start();
  await load.goesOn(1);
}, 300_000);

/** Whatever a test did to the system, nothing acknowledged is lost or doubled, and nobody had to help. */
afterEach(async () => {
  await cluster.ready();
  await load.goesOn();
  await load.stop();
  await load.expectNothingLostOrDoubled();
}, 900_000);

describe('under a steady load of requests, decisions and work entries', () => {
  test.each(SERVICES)('%s is killed', async (service) => {
    await cluster.of(service)[0]!.kill();
  });

  test.each([
    ['ledger', 'package-'],
    ['estimation', 'board-'],
    ['intake', 'request-'],
  ] as const)('%s is killed between publishing and writing its checkpoint', async (service, published) => {
    // A checkpoint that passes only what nobody is told of does not wait.
    const held = await HeldStatements.in(cluster.adminDatabaseUrl(), {
      table: `${service}.relay_checkpoints`,
      before: 'UPDATE',
      when: `EXISTS (SELECT 1 FROM ${service}_events.events WHERE position > OLD.position
        AND position <= NEW.position AND starts_with(stream_id, '${published}'))`,
    });
    await held.oneWaits();
    await cluster.of(service)[0]!.kill();
    await held.giveUp();
    await cluster.ready();
    await load.goesOn();
    // The next process waits until the dead one's lease on publishing is over.
    await eventually(
      async () => {
        const records = await new LogOfKafka(kafka.brokers).read(topicOf(service));
        const ids = records.map(({ value }) => JSON.parse(String(value)).id);
        return ids.length > new Set(ids).size;
      },
      'what is published again',
      60_000,
    );
  });

  // One that was given may serve others too.
  (isKafkaGiven() ? test.skip : test)('the broker is away for 30 seconds', async () => {
    await kafka.shutDown();
    await load.goesOn(20, ['work', 'request']);
    await pause(30_000);
    await kafka.startAgain();
  });

  test('Postgres is restarted', async () => {
    await cluster.restartPostgres();
  });

  test('a consumer stands still for a minute, then catches up', async () => {
    await cluster.of('reporting')[0]!.freeze(60_000);
  });

  test('every message comes a second time, in reverse order', async () => {
    const log = new LogOfKafka(kafka.brokers);
    for (const service of SERVICE_NAMES) {
      const records = await log.read(topicOf(service));
      await log.write(topicOf(service), records.reverse());
    }
  });

  test('a message that cannot be read parks its key, and other keys go on', async () => {
    const team = await cluster.rest('administrator');
    const { clientId } = load.steps.client;
    const log = new LogOfKafka(kafka.brokers);
    await log.write(topicOf('ledger'), [
      { key: Buffer.from(clientId), value: Buffer.from('{"no":"event"}'), headers: {} },
    ]);
    const parkedIn = (service: string) => team.all(`/${service}/v1/parked-messages`);
    const consumers = ['estimation', 'intake', 'reporting', 'ledger', 'identity'] as const;
    for (const service of consumers)
      await eventually(
        async () => (await parkedIn(service)).some(({ key }) => key === clientId),
        `parked in ${service}`,
      );
    const other = await SteadyLoad.on(cluster);
    other.start();
    await other.goesOn();
    await other.stop();
    await other.expectNothingLostOrDoubled();
    for (const service of consumers) {
      const [first] = (await parkedIn(service)).filter(({ key }) => key === clientId);
      await team.must(
        team.post(`/${service}/v1/parked-messages/${first.id}/drop`, {
          reason: 'written by a foreign program',
        }),
      );
      await eventually(
        async () => (await parkedIn(service)).length === 0,
        `nothing parked in ${service}`,
        60_000,
      );
    }
  });
});
