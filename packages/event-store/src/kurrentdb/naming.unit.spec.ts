import { expect, test } from '@jest/globals';
import { clientConnectionString, namesOf } from './naming.js';

test.each([
  ['esdb://127.0.0.1:2113?tls=false', 'esdb://127.0.0.1:2113?tls=false'],
  ['kurrentdb://user:secret@one,two:2113', 'esdb://user:secret@one,two:2113'],
  ['kurrentdb+discover://cluster', 'esdb+discover://cluster'],
  [' kurrent://host ', 'esdb://host'],
  ['esdb+discover://cluster?nodePreference=leader', 'esdb+discover://cluster?nodePreference=leader'],
])('%s is %s to the client', (given, expected) => {
  expect(clientConnectionString(given)).toBe(expected);
});

test.each(['', '127.0.0.1:2113', 'http://127.0.0.1:2113', 'postgres://user:secret@host/db', 'xesdb://host'])(
  '%j is refused without repeating it',
  (given) => {
    expect(() => clientConnectionString(given)).toThrow(/begins with esdb:\/\//);
    expect(() => clientConnectionString(given)).not.toThrow(/secret/);
  },
);

test.each(['', 'Ledger', 'ledger.a', '$ledger', '1ledger', 'l'.repeat(41), 'le dger'])(
  '%j is no service',
  (service) => {
    expect(() => namesOf(service)).toThrow(TypeError);
  },
);

test('the stream of the store id is no stream of any service', () => {
  const { prefix, storeIdStream } = namesOf('ledger');
  expect(prefix).toBe('ledger.');
  expect(storeIdStream).not.toMatch(/^[a-z][a-z0-9-]*\./);
});
