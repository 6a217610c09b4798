import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { StreamWriter } from '../conformance/fixtures.js';
import { StoreUnavailableError } from '../port.js';
import { type RunningDouble, startDouble } from './double/index.js';
import { createKurrentEventStore } from './store.js';

// Discovery that fails has to be tried again by a client of its own: the server must be taken away, so it is the double.

let port: number;
let server: RunningDouble;

beforeAll(async () => {
  server = await startDouble();
  port = server.port;
}, 60_000);
afterAll(() => server.stop());

test.each([
  ['by its name', () => `kurrentdb+discover://127.0.0.1:${port}?tls=false`],
  ['among several', () => `esdb://127.0.0.1:${port},127.0.0.1:1?tls=false`],
])(
  'a cluster that is found %s only later is used then',
  async (_, connectionString) => {
    const store = createKurrentEventStore({
      connectionString: `${connectionString()}&maxDiscoverAttempts=2&gossipTimeout=1`,
      service: 'found',
    });
    try {
      await server.stop();
      await expect(store.append([new StreamWriter().next()])).rejects.toThrow(StoreUnavailableError);
      await expect(store.head()).rejects.toThrow(StoreUnavailableError);
      server = await startDouble({ port });
      const writer = new StreamWriter();
      for (let round = 0; round < 3; round++)
        expect((await store.append([writer.next()])).appended).toBe(true);
      expect(await store.read(writer.streamId)).toHaveLength(3);
    } finally {
      await store.close();
    }
  },
  60_000,
);
