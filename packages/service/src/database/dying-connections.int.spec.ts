import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type DyingPostgres, dyingPostgres, type TestDatabase, testDatabase } from '@monteore/testing';
import { ServiceDatabase } from './service-database.js';

let real: TestDatabase;
let dying: DyingPostgres;
beforeAll(async () => {
  real = await testDatabase();
  dying = await dyingPostgres(Number(new URL(real.url).port));
}, 60_000);
afterAll(async () => {
  await dying.close();
  await real.drop();
});

test('a connection that dies in the packet that opens it fails whoever asked, not the process', async () => {
  const url = new URL(real.url);
  url.port = String(dying.port);
  const database = await ServiceDatabase.connect({ url: url.toString(), schema: 'public' });
  const outcomes = await Promise.allSettled(
    Array.from({ length: 3 }, () => database.query('SELECT 1 AS one')),
  );
  expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected', 'rejected']);
  await database.close();
});
