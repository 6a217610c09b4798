import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Message } from '@monteore/messaging';
import { migrate, ServiceDatabase } from '@monteore/service';
import { type TestDatabase, testDatabase } from '@monteore/testing';
import { copyRequest, LedgerCopy, ledgerCopyTables } from './ledger-copy.js';

let server: TestDatabase;
let database: ServiceDatabase;
beforeAll(async () => {
  server = await testDatabase();
  const migrations = [{ name: 'Copies', sql: ledgerCopyTables }];
  await migrate({ ownerUrl: server.url, schema: 'copies', migrations });
  database = await ServiceDatabase.connect({ url: server.url, schema: 'copies' });
}, 60_000);
afterAll(async () => {
  await database.close();
  await server.drop();
});

test('R8 a request keeps its package when its receipt, told under another key, comes later', async () => {
  const told = (request: object) => ({ data: { request } }) as unknown as Message;
  await copyRequest(told({ requestId: 'r', packageId: 'p', urgent: false }), database);
  await copyRequest(told({ requestId: 'r', urgent: true }), database);
  expect(await new LedgerCopy(database).request('p', 'r')).toEqual({ urgent: true });
});
