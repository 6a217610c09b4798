import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll } from '@jest/globals';
import { describeEventStore } from '../conformance.js';
import type { EventStore } from '../port.js';
import { type RunningDouble, startDouble } from './double/index.js';
import { createKurrentEventStore } from './store.js';

const { KURRENTDB_URL } = process.env;
let double: RunningDouble | undefined;

beforeAll(async () => {
  if (KURRENTDB_URL === undefined) double = await startDouble();
}, 60_000);
afterAll(() => double?.stop());

/** Each store is that of a service which nobody had before: a real server may hold anything. */
describeEventStore('kurrentdb', {
  skipSeveralStreams: true,
  create: async () => {
    const opened: EventStore[] = [];
    const service = `test-${randomBytes(6).toString('hex')}`;
    const open = () => {
      const store = createKurrentEventStore({
        connectionString: KURRENTDB_URL ?? double!.connectionString,
        service,
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
