import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { eventually, openPackage } from '../harness/index.ts';
import { Survivor } from './survivor.ts';

jest.setTimeout(180_000);

const SLOW_READERS = 100;
const CHANGES = 100;
/** What one change may take until the reader who reads knows of it, on a busy machine. */
const TOLD_WITHIN_MILLISECONDS = 5_000;

let survivor: Survivor;
const sockets: Socket[] = [];

beforeAll(async () => {
  survivor = await Survivor.start();
}, 90_000);

afterAll(async () => {
  for (const socket of sockets) socket.destroy();
  await survivor?.proveAndStop();
});

/** Asks for a board's changes, over a connection of its own. */
async function watch(packageId: string, token: string): Promise<Socket> {
  const { hostname, port } = new URL(survivor.baseUrl);
  const socket = connect(Number(port), hostname);
  sockets.push(socket);
  await once(socket, 'connect');
  const lines = [
    `GET /api/reporting/v1/boards/${packageId}/events HTTP/1.1`,
    `Host: ${hostname}:${port}`,
    `Authorization: Bearer ${token}`,
    'Accept: text/event-stream',
  ];
  socket.write(`${lines.join('\r\n')}\r\n\r\n`);
  return socket;
}

describe('R10 readers of a board’s changes who do not read', () => {
  test('slow neither the reader who does nor the commands', async () => {
    const token = await survivor.token('administrator');
    const team = await survivor.rest('administrator');
    const steps = await openPackage(survivor, team);
    for (let reader = 0; reader < SLOW_READERS; reader += 1) {
      const socket = await watch(steps.packageId, token);
      await once(socket, 'readable');
      socket.pause();
    }
    const quick = await watch(steps.packageId, token);
    let told = '';
    quick.setEncoding('utf8').on('data', (text: string) => {
      told += text;
    });
    const changes = (): number => told.split('event: changed').length - 1;
    await eventually(() => changes() > 0, 'the first sign');
    const delays: number[] = [];
    for (let change = 0; change < CHANGES; change += 1) {
      const before = changes();
      const began = performance.now();
      await steps.topUp(1, { reference: `${change}` });
      await eventually(() => changes() > before, `the sign of change ${change}`, TOLD_WITHIN_MILLISECONDS);
      delays.push(performance.now() - began);
    }
    expect(Math.max(...delays)).toBeLessThan(2 * TOLD_WITHIN_MILLISECONDS);
    for (const socket of sockets) expect(socket.destroyed).toBe(false);
    await steps.books({ grantedMinutes: 600 + CHANGES });
  });
});
