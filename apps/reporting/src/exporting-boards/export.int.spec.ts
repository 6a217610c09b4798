import { once } from 'node:events';
import { createServer, get, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { derivedId } from '@monteore/kernel';
import type { StartedService } from '@monteore/service/testing';
import { eventually, type TestDatabase, testDatabase } from '@monteore/testing';
import pg from 'pg';
import { LedgerScript } from '../testing/messages.js';
import { sheetOf } from '../testing/sheets.js';
import { startReporting } from '../testing/started-reporting.js';

const MOVEMENTS = 20_000;
const PAGES = MOVEMENTS / 500;
/** More than the service has connections. */
const SLOW_READERS = 5;
const packageId = derivedId('package', 'lungo');

let database: TestDatabase;
let reporting: StartedService;
let server: Server;
let team: string;
let pagesRead = 0;

beforeAll(async () => {
  database = await testDatabase();
  reporting = await startReporting(database.url);
  team = reporting.token('team-member', derivedId('person', 'teo'));
  await reporting.publish(
    ...new LedgerScript(derivedId('client', 'lungo'), packageId).open('Lungo', 600).told,
  );
  await addMovements();
  const { database: own } = reporting.service.core;
  const query = own.query.bind(own);
  own.query = (text, parameters) => {
    if (text.includes('FROM movements') && text.includes('LIMIT')) pagesRead += 1;
    return query(text, parameters);
  };
  server = createServer((request, response) => reporting.service.handle(request, response));
  await once(server.listen(0, '127.0.0.1'), 'listening');
}, 30_000);
afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await reporting.stop();
  await database.drop();
});

/** A long history whose notes do not compress, so that no buffer on the way can hold the file. */
async function addMovements(): Promise<void> {
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  await client.query(
    `INSERT INTO reporting.movements
     SELECT package_id, place, occurred_on, recorded_at, 'ThresholdCrossed', '{}', null, actor, null, null, 0, 0, 0,
       posted_minutes, held_minutes, available_minutes,
       (SELECT string_agg(md5(n || '/' || place), '') FROM generate_series(1, 30) n), hash
     FROM reporting.movements, generate_series(3, $1) place WHERE sequence = 2`,
    [MOVEMENTS],
  );
  await client.query('UPDATE reporting.package_ledger SET sequence = $1', [MOVEMENTS]);
  await client.end();
}

async function startExport(): Promise<IncomingMessage> {
  const { port } = server.address() as AddressInfo;
  const path = `/v1/boards/${packageId}/export.xlsx`;
  const [response] = (await once(
    get({ port, path, headers: { authorization: `Bearer ${team}` } }),
    'response',
  )) as [IncomingMessage];
  response.on('error', () => {});
  return response;
}

describe('R14 a long spreadsheet', () => {
  it('is read from the board as fast as its reader takes it, and slow readers keep nobody waiting', async () => {
    const responses = await Promise.all(Array.from({ length: SLOW_READERS }, startExport));
    for (const response of responses) response.pause();
    let [before, quiet] = [-1, 0];
    await eventually(
      async () => {
        expect((await reporting.get(`/v1/boards/${packageId}`, team)).status).toBe(200);
        [quiet, before] = pagesRead === before ? [quiet + 1, before] : [0, pagesRead];
        return quiet >= 30;
      },
      'that nothing more is read',
      60_000,
    );
    expect(pagesRead).toBeLessThan(PAGES * SLOW_READERS);
    const [first, ...others] = responses;
    for (const response of others) response.destroy();
    const bytes = await buffer(first!);
    expect(sheetOf(bytes, 2)).toContain(`<c r="A${MOVEMENTS + 4}"`);
  }, 120_000);
});
