import { afterAll, beforeAll } from '@jest/globals';
import { type TestDatabase, testDatabase } from '@monteore/testing';
import pg from 'pg';
import { describeEventStore } from '../conformance.js';
import type { EventStore } from '../port.js';
import { installPostgresEventStore } from './install.js';
import { createPostgresEventStore } from './store.js';

let database: TestDatabase;
let runtime: { name: string; url: string };
let schemas = 0;

beforeAll(async () => {
  database = await testDatabase();
  runtime = await database.role();
}, 60_000);
afterAll(() => database.drop());

/** Installed by the owner, used by a role that may read and append only. */
describeEventStore('postgres', {
  create: async () => {
    const schema = `store_${schemas++}`;
    const owner = new pg.Client({ connectionString: database.url });
    await owner.connect();
    await installPostgresEventStore(owner, schema, { runtimeRole: runtime.name });
    await owner.end();
    const opened: EventStore[] = [];
    const open = () => {
      const store = createPostgresEventStore({
        connectionString: runtime.url,
        schema,
        firstRetryMilliseconds: 5,
      });
      opened.push(store);
      return store;
    };
    return {
      store: open(),
      reopen: async () => open(),
      destroy: async () => {
        await Promise.all(opened.map((store) => store.close()));
      },
    };
  },
});
