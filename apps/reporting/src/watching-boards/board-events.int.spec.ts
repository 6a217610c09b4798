import { once } from 'node:events';
import { type ClientRequest, createServer, get, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { derivedId } from '@monteore/kernel';
import type { StartedService } from '@monteore/service/testing';
import { eventually, type TestDatabase, testDatabase } from '@monteore/testing';
import { estimationStory, idsOf, ledgerStory } from '../testing/package-story.js';
import { startReporting } from '../testing/started-reporting.js';

let database: TestDatabase;
let reporting: StartedService;
let server: Server;
let team: string;
const readers: ClientRequest[] = [];

beforeAll(async () => {
  database = await testDatabase();
  reporting = await startReporting(database.url);
  team = reporting.token('team-member', derivedId('person', 'teo'));
  server = createServer((request, response) => reporting.service.handle(request, response));
  await once(server.listen(0, '127.0.0.1'), 'listening');
});
afterEach(() => {
  for (const reader of readers.splice(0)) reader.destroy();
});
afterAll(async () => {
  server.close();
  await reporting.stop();
  await database.drop();
});

/** A reader of a board's events, and what it has got so far. */
async function read(name: string, token = team, headers: Record<string, string> = {}) {
  const { port } = server.address() as AddressInfo;
  const path = `/v1/boards/${idsOf(name).packageId}/events`;
  const request = get({ port, path, headers: { authorization: `Bearer ${token}`, ...headers } });
  request.on('error', () => {});
  readers.push(request);
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  const got = { text: '', ended: false, response };
  response.setEncoding('utf8');
  response.on('data', (chunk: string) => {
    got.text += chunk;
  });
  response.on('error', () => {});
  response.on('close', () => {
    got.ended = true;
  });
  return got;
}

const idsIn = (text: string) => [...text.matchAll(/^id: (.+)$/gm)].map((match) => match[1]);

describe('R10 the board updates by itself', () => {
  it('tells each change with the board’s position as its id', async () => {
    const ledger = ledgerStory('flusso');
    await reporting.publish(...ledger.told);
    const reader = await read('flusso');
    expect(reader.response.headers['content-type']).toBe('text/event-stream; charset=utf-8');
    await eventually(() => idsIn(reader.text).length === 1, 'the first event');
    await reporting.publish(...estimationStory('flusso').told);
    const { packageId } = idsOf('flusso');
    const { body } = await reporting.get(`/v1/boards/${packageId}`, team);
    await eventually(() => idsIn(reader.text).at(-1) === body.position, 'the board’s position');
    expect(reader.text).toContain(`event: changed\nid: ${body.position}\ndata: {"packageId":"${packageId}"`);
  });

  it('tells nothing to one who comes back and missed nothing, and what it missed to one who did', async () => {
    const { body } = await reporting.get(`/v1/boards/${idsOf('flusso').packageId}`, team);
    const upToDate = await read('flusso', team, { 'last-event-id': body.position });
    const behind = await read('flusso', team, { 'last-event-id': '1.0.0' });
    await eventually(() => idsIn(behind.text).length > 0, 'what was missed');
    expect(idsIn(behind.text)).toEqual([body.position]);
    expect(idsIn(upToDate.text)).toEqual([]);
  });

  it('R17 ends when the reader may not see the board any more', async () => {
    const { viewerId } = idsOf('revocato');
    const ledger = ledgerStory('revocato');
    const told = ledger.told.length;
    await reporting.publish(...ledger.told);
    const reader = await read('revocato', reporting.token('viewer', viewerId));
    await eventually(() => idsIn(reader.text).length === 1, 'the first event');
    ledger.contact(viewerId, [], 'en').lot('lot-2', 60);
    await reporting.publish(...ledger.told.slice(told));
    await eventually(() => reader.ended, 'the end of the stream');
    expect(idsIn(reader.text)).toHaveLength(1);
  });

  it('ends when the process stops, and goes on after the restart', async () => {
    const reader = await read('flusso');
    await eventually(() => idsIn(reader.text).length === 1, 'the first event');
    await reporting.restart();
    await eventually(() => reader.ended, 'the end of the stream');
    const again = await read('flusso', team, { 'last-event-id': '0.0.0' });
    await eventually(() => idsIn(again.text).length === 1, 'the event after the restart');
  });
});
