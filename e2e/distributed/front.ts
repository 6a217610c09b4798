import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import {
  createServer,
  type IncomingMessage,
  request,
  type Server,
  type ServerResponse,
  STATUS_CODES,
} from 'node:http';
import type { AddressInfo } from 'node:net';

/** Where a service's instances listen. */
export type Upstreams = Readonly<Record<string, readonly number[]>>;

/**
 * One port with the paths of all services, as the proxy of a deployment gives them: `/api/<service>/…` goes to one of
 * the service's instances, without the prefix; to the next one where nobody listens.
 */
export class Front {
  private readonly server: Server;
  private readonly upstreams: Upstreams;
  private turn = 0;

  private constructor(upstreams: Upstreams) {
    this.upstreams = upstreams;
    this.server = createServer((incoming, response) => void this.answer(incoming, response));
  }

  static async listen(upstreams: Upstreams, port = 0): Promise<Front> {
    const front = new Front(upstreams);
    front.server.listen(port, '127.0.0.1');
    await once(front.server, 'listening');
    return front;
  }

  get baseUrl(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }

  private async answer(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    if (incoming.url === '/health/ready') return this.answerReady(response);
    if (incoming.url === '/metrics') return this.answerMetrics(response);
    const [, service = '', rest = ''] = /^\/api\/([^/?]+)(.*)$/s.exec(incoming.url ?? '') ?? [];
    const ports = this.upstreams[service];
    if (ports === undefined) return refuse(response, 404, 'monteore.not-found');
    this.turn += 1;
    this.pass(incoming, response, rest.startsWith('/') ? rest : `/${rest}`, ports, 0);
  }

  /** What has not been sent to anybody yet may go to the next instance; what has, may have been done. */
  private pass(
    incoming: IncomingMessage,
    response: ServerResponse,
    path: string,
    ports: readonly number[],
    tried: number,
  ): void {
    const port = ports[(this.turn + tried) % ports.length]!;
    const outgoing = request(
      { host: '127.0.0.1', port, method: incoming.method, path, headers: incoming.headers },
      (answer) => {
        response.writeHead(answer.statusCode!, answer.headers);
        response.flushHeaders();
        answer.pipe(response);
        answer.once('error', () => response.destroy());
      },
    );
    outgoing.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNREFUSED' && tried + 1 < ports.length)
        this.pass(incoming, response, path, ports, tried + 1);
      // An answer that has begun comes whole or fails by itself: it may come before all of a large body was sent.
      else if (!response.headersSent)
        refuse(response, error.code === 'ECONNREFUSED' ? 503 : 502, 'monteore.not-open');
    });
    response.once('close', () => {
      // The rest of a body that nobody wants is read all the same: the connection is used for what comes after it.
      incoming.unpipe(outgoing);
      incoming.resume();
      outgoing.destroy();
    });
    outgoing.once('socket', (socket) => {
      const send = () => incoming.pipe(outgoing);
      if (socket.connecting) socket.once('connect', send);
      else send();
    });
  }

  /** Of the first instance of each service, one after another. */
  private async answerMetrics(response: ServerResponse): Promise<void> {
    const texts = await Promise.all(
      Object.values(this.upstreams).map(async ([port]) =>
        (await fetch(`http://127.0.0.1:${port}/metrics`)).text(),
      ),
    );
    response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' });
    response.end(texts.join(''));
  }

  private async answerReady(response: ServerResponse): Promise<void> {
    const answers = await Promise.all(
      Object.values(this.upstreams).map(async (ports) => {
        const ready = await Promise.all(ports.map(isReady));
        return ready.includes(true);
      }),
    );
    response.writeHead(answers.includes(false) ? 503 : 200).end();
  }
}

export const isReady = (port: number): Promise<boolean> =>
  fetch(`http://127.0.0.1:${port}/health/ready`).then(
    ({ status }) => status === 200,
    () => false,
  );

function refuse(response: ServerResponse, status: number, code: string): void {
  const type = `https://monteore.example/problems/${code}`;
  const problem = { type, title: STATUS_CODES[status], status, code, traceId: randomUUID() };
  response.writeHead(status, { 'content-type': 'application/problem+json', 'retry-after': '1' });
  response.end(JSON.stringify(problem));
}
