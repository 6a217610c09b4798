import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { afterEach, expect, test } from '@jest/globals';
import { Front } from './front.ts';

const LENGTH = 2_000_000;
const ended: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ended.splice(0)) await end();
});

test('a body that is refused before it was sent leaves the connection fit for the next request', async () => {
  const service = createServer((incoming, response) => {
    if (Number(incoming.headers['content-length']) < LENGTH) incoming.resume();
    response.writeHead(Number(incoming.headers['content-length']) < LENGTH ? 200 : 413, {
      'content-length': 0,
    });
    response.end();
  }).listen(0, '127.0.0.1');
  await once(service, 'listening');
  const front = await Front.listen({ intake: [(service.address() as AddressInfo).port] });
  const caller = connect(Number(new URL(front.baseUrl).port), '127.0.0.1');
  ended.push(
    () => front.close(),
    async () => service.close(),
    async () => caller.destroy(),
  );
  let answers = '';
  caller.setEncoding('utf8').on('data', (chunk) => {
    answers += chunk;
  });
  const answered = async (status: number) => {
    while (!answers.includes(`HTTP/1.1 ${status}`)) await once(caller, 'data');
  };
  const head = (length: number) =>
    `POST /api/intake/x HTTP/1.1\r\nHost: front\r\nContent-Length: ${length}\r\n\r\n`;
  caller.write(head(LENGTH) + 'x'.repeat(LENGTH / 2));
  await answered(413);
  caller.write(`${'x'.repeat(LENGTH / 2)}${head(5)}hello`);
  await answered(200);
  expect(answers.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 413', 'HTTP/1.1 200']);
});
