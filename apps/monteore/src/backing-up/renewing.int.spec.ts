import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { installPostgresEventStore, storeIdOf } from '@monteore/event-store';
import { inboxTables, relayTables } from '@monteore/messaging';
import { peopleTables } from '@monteore/service';
import { type TestDatabase, testDatabase } from '@monteore/testing';
import pg from 'pg';
import { renewSource } from './renewing.js';

let database: TestDatabase;
let client: pg.Client;

beforeAll(async () => {
  database = await testDatabase();
  client = new pg.Client({ connectionString: database.url });
  await client.connect();
}, 60_000);
afterAll(async () => {
  await client.end();
  await database.drop();
});

beforeEach(async () => {
  await client.query('DROP SCHEMA IF EXISTS ledger CASCADE; DROP SCHEMA IF EXISTS ledger_events CASCADE');
  await client.query(`CREATE SCHEMA ledger; ${inboxTables('ledger')} ${relayTables('ledger')}`);
  await client.query(`SET search_path = ledger; ${peopleTables}; RESET search_path`);
  await client.query(`
    INSERT INTO ledger.relay_checkpoints (name, position) VALUES ('events', 7);
    INSERT INTO ledger.consumer_offsets VALUES ('monteore.intake.events.v1', 0, 12);
    INSERT INTO ledger.consumer_marks VALUES ('monteore.intake/there', 'client', 5);
    INSERT INTO ledger.people_outbox (person_id, told_at) VALUES ('anna', now())`);
  await installPostgresEventStore(client, 'ledger_events');
});

const renew = (freshTopics: boolean) =>
  renewSource({ service: 'ledger', ownerDatabaseUrl: database.url, freshTopics });

const kept = async () => {
  const { rows } = await client.query(`
    SELECT (SELECT position FROM ledger.relay_checkpoints) AS published,
      (SELECT count(*)::int FROM ledger.consumer_offsets) AS offsets,
      (SELECT count(*)::int FROM ledger.consumer_marks) AS marks,
      (SELECT count(*)::int FROM ledger.people_outbox WHERE told_at IS NULL) AS untold`);
  return rows[0];
};

describe('a service that was restored by itself', () => {
  test('has new sources for its events and its people, and goes on from where it was', async () => {
    const before = await storeIdOf(client, 'ledger_events');
    const { events, people } = await renew(false);
    const after = await storeIdOf(client, 'ledger_events');
    expect(after).not.toBe(before);
    expect({ events, people }).toEqual({
      events: `monteore.ledger/${after}`,
      people: `monteore.ledger/${after}/people`,
    });
    expect(await kept()).toEqual({ published: '7', offsets: 1, marks: 1, untold: 0 });
  });

  test('tells and reads everything once more where the topics are new, and knows what it has handled', async () => {
    await renew(true);
    expect(await kept()).toEqual({ published: '0', offsets: 0, marks: 1, untold: 1 });
  });
});
