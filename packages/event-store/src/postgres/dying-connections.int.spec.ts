import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type DyingPostgres, dyingPostgres } from '@monteore/testing';
import { StoreUnavailableError } from '../port.js';
import { createPostgresEventStore } from './store.js';

let dying: DyingPostgres;
beforeAll(async () => {
  dying = await dyingPostgres();
});
afterAll(() => dying.close());

test('a connection that dies in the packet that opens it fails whoever asked, not the process', async () => {
  const store = createPostgresEventStore({ connectionString: dying.url, schema: 'dying' });
  await expect(store.head()).rejects.toThrow(StoreUnavailableError);
  await store.close();
});
