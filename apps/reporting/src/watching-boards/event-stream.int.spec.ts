import { once } from 'node:events';
import { createServer, get, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually } from '@monteore/testing';
import { EventStream, MAX_WAITING_BYTES } from './event-stream.js';

let server: Server;
let responses: ServerResponse[];

beforeEach(async () => {
  responses = [];
  server = createServer((_request, response) => void responses.push(response));
  await once(server.listen(0, '127.0.0.1'), 'listening');
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

/** A reader over a real socket; one that is paused takes nothing off it. */
async function connect(options: {
  readonly paused: boolean;
  readonly heartbeatMillis?: number;
  readonly mayStillSee?: () => Promise<boolean>;
}) {
  const request = get({ port: (server.address() as AddressInfo).port });
  request.on('error', () => {});
  const before = responses.length;
  await eventually(() => responses.length > before, 'the connection');
  const serverSide = responses.at(-1)!;
  const answered = once(request, 'response') as Promise<[IncomingMessage]>;
  const stream = new EventStream(serverSide, {
    packageId: 'p',
    known: undefined,
    mayStillSee: options.mayStillSee ?? (() => Promise.resolve(true)),
    ...(options.heartbeatMillis === undefined ? {} : { heartbeatMillis: options.heartbeatMillis }),
  });
  const [response] = await answered;
  const got = { text: '' };
  response.on('error', () => {});
  const take = (chunk: Buffer) => {
    got.text += chunk.toString();
  };
  if (options.paused) response.pause();
  else response.on('data', take);
  return { stream, serverSide, got };
}

describe('The events of one reader', () => {
  it('drops one who does not read, and keeps telling the others', async () => {
    const slow = await connect({ paused: true });
    const quick = await connect({ paused: false });
    // Longer than any real position, so that the buffers of the sockets between are soon full.
    for (let count = 0; !slow.serverSide.destroyed; count += 1) {
      const position = `${count}.${'0'.repeat(20_000)}`;
      for (const { stream } of [slow, quick]) stream.changed(position);
      await eventually(() => quick.got.text.includes(`id: ${count}.`), 'the quick reader');
      expect(slow.serverSide.writableLength).toBeLessThan(MAX_WAITING_BYTES + 64 * 1024);
      expect(count).toBeLessThan(5000);
    }
    quick.stream.changed('last');
    await eventually(() => quick.got.text.includes('id: last\n'), 'the last event');
    quick.stream.end();
  });

  it('gives a sign of life while nothing happens', async () => {
    const { got, stream } = await connect({ paused: false, heartbeatMillis: 10 });
    await eventually(() => got.text.split(': still here\n\n').length > 3, 'heartbeats');
    stream.end();
  });

  it('ends at the next sign of life when the reader may not see the board any more', async () => {
    let may = true;
    const { serverSide, got } = await connect({
      paused: false,
      heartbeatMillis: 10,
      mayStillSee: async () => may,
    });
    await eventually(() => got.text.includes('still here'), 'a heartbeat');
    may = false;
    await eventually(() => serverSide.writableEnded, 'the end');
  });
});
