import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import pg from 'pg';
import { type LocalKafka, startKafka } from '../../../infra/kafka-local/kafka.mjs';
import { eventually } from '../../harness/index.ts';
import { Cluster, SERVICE_NAMES } from '../cluster.ts';
import { LogOfKafka } from './log-of-kafka.ts';
import { SteadyLoad } from './steady-load.ts';

jest.setTimeout(300_000);

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
}, 120_000);

/** Whatever a test did to the system, nothing acknowledged is lost or doubled, and nobody had to help. */
afterEach(async () => {
  await cluster.ready();
  await load.goesOn();
  await load.stop();
  await load.expectNothingLostOrDoubled();
}, 300_000);

async function inDatabase<Row extends object>(sql: string): Promise<Row[]> {
  const client = new pg.Client(cluster.adminDatabaseUrl());
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

describe('under a steady load of requests, decisions and work entries', () => {
  test.each(SERVICES)('%s is killed', async (service) => {
    await cluster.of(service)[0]!.kill();
  });

  test.each([
    ['ledger', 'package-'],
    ['estimation', 'board-'],
    ['intake', 'request-'],
  ] as const)('%s is killed between publishing and writing its checkpoint', async (service, published) => {
    const holder = new pg.Client(cluster.adminDatabaseUrl());
    await holder.connect();
    // The checkpoint waits until the test has let go; what comes before it, publishing, does not. One that passes
    // only what nobody is told of does not wait.
    await holder.query('SELECT pg_advisory_lock(4711)');
    await holder.query(`
        CREATE FUNCTION ${service}.wait_for_test() RETURNS trigger LANGUAGE plpgsql AS $$
          BEGIN
            IF EXISTS (SELECT 1 FROM ${service}_events.events WHERE position > OLD.position
                AND position <= NEW.position AND starts_with(stream_id, '${published}'))
              THEN PERFORM pg_advisory_xact_lock(4711); END IF;
            RETURN NEW;
          END $$;
        CREATE TRIGGER wait_for_test BEFORE UPDATE OF position ON ${service}.relay_checkpoints
          FOR EACH ROW EXECUTE FUNCTION ${service}.wait_for_test()`);
    await eventually(
      async () =>
        (
          await inDatabase(
            `SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND objid = 4711 AND NOT granted`,
          )
        ).length > 0,
      'a checkpoint that waits',
    );
    await cluster.of(service)[0]!.kill();
    await holder.query(`
        DROP TRIGGER wait_for_test ON ${service}.relay_checkpoints;
        DROP FUNCTION ${service}.wait_for_test()`);
    await holder.end();
    await cluster.ready();
    await load.goesOn();
    const ids = (await new LogOfKafka(kafka.brokers).read(topicOf(service))).map(
      ({ value }) => JSON.parse(String(value)).id,
    );
    expect(ids.length).toBeGreaterThan(new Set(ids).size);
  });

  test('the broker is away for 30 seconds', async () => {
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
