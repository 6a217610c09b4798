import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { randomId } from '@monteore/kernel';
import { mergedMetrics, type RunningService } from '@monteore/service';

/** A listener that could not be opened, in one sentence that names the flag. */
export class ListenError extends Error {
  constructor(what: string, flag: string, host: string, port: number, error: NodeJS.ErrnoException) {
    const reasons: Readonly<Record<string, string>> = {
      EADDRINUSE: 'is taken by another process',
      EACCES: 'may not be opened by this user',
      EADDRNOTAVAIL: 'is no address of this machine',
    };
    const reason = reasons[error.code ?? ''] ?? `cannot be opened (${error.message})`;
    super(`${host}:${port} for ${what} ${reason}: choose another with ${flag}`);
    this.name = 'ListenError';
  }
}

/** What the front door asks about everything behind it. */
export interface Behind {
  readonly services: readonly RunningService[];
  /** False while the database is being started again. */
  readonly isDatabaseUp: () => boolean;
}

const DRAIN_LIMIT_MILLISECONDS = 5000;

/**
 * The one HTTP server: `/api/<service>/…` goes to the service without the prefix. It listens before the services
 * run, so that a port that is taken is known at once, and answers 503 until it is opened.
 */
export class FrontDoor {
  private behind: Behind | null = null;
  private closing: Promise<void> | null = null;
  private readonly streams = new Set<ServerResponse>();

  private constructor(private readonly server: Server) {
    server.on('request', (request, response) => this.answer(request, response));
  }

  /** Throws ListenError. */
  static async listen(host: string, port: number): Promise<FrontDoor> {
    const server = createServer();
    await listening(server, host, port, 'HTTP', '--port');
    return new FrontDoor(server);
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** From now on the services answer. */
  open(behind: Behind): void {
    this.behind = behind;
  }

  /** Answers what has begun, within 5 seconds, and nothing more. Event streams, which never end, are cut. */
  close(): Promise<void> {
    this.closing ??= new Promise<void>((resolve) => {
      const timer = setTimeout(() => this.server.closeAllConnections(), DRAIN_LIMIT_MILLISECONDS);
      this.server.close(() => {
        clearTimeout(timer);
        resolve();
      });
      this.server.closeIdleConnections();
      for (const stream of this.streams) stream.destroy();
    });
    return this.closing;
  }

  private answer(request: IncomingMessage, response: ServerResponse): void {
    if (this.closing !== null) response.setHeader('connection', 'close');
    const url = request.url ?? '/';
    const path = url.split('?')[0]!;
    if (path === '/health/live') send(response, 200, { status: 'live' });
    else if (path === '/health/ready') void this.answerReady(response);
    else if (path === '/metrics') void this.answerMetrics(response);
    else this.handOver(url, request, response);
  }

  private handOver(url: string, request: IncomingMessage, response: ServerResponse): void {
    const [, name, rest = ''] = /^\/api\/([^/?]+)(.*)$/s.exec(url) ?? [];
    const service = this.behind?.services.find((candidate) => candidate.name === name);
    const refusal = this.refusalFor(service);
    if (refusal !== null || service === undefined) {
      sendProblem(response, refusal ?? NOT_FOUND);
      return;
    }
    if (request.headers.accept?.includes('text/event-stream') === true) {
      this.streams.add(response);
      response.once('close', () => this.streams.delete(response));
    }
    request.url = rest.startsWith('/') ? rest : `/${rest}`;
    service.handle(request, response);
  }

  private refusalFor(service: RunningService | undefined): Told | null {
    if (this.behind === null || this.closing !== null) return NOT_OPEN;
    if (service === undefined) return NOT_FOUND;
    return this.behind.isDatabaseUp() ? null : NO_DATABASE;
  }

  /** Those of all services, for Prometheus; 503 while they cannot be read. */
  private async answerMetrics(response: ServerResponse): Promise<void> {
    try {
      const services = this.behind?.services ?? [];
      const { contentType, text } = await mergedMetrics(services.map(({ metrics }) => metrics));
      response.setHeader('content-type', contentType);
      response.end(text);
    } catch {
      sendProblem(response, NO_DATABASE);
    }
  }

  private async answerReady(response: ServerResponse): Promise<void> {
    const { behind } = this;
    if (behind === null || this.closing !== null || !behind.isDatabaseUp()) {
      send(response, 503, { status: 'not ready' }, '1');
      return;
    }
    const services = await Promise.all(
      behind.services.map(async ({ name, app }) => {
        const { statusCode } = await app.inject({ method: 'GET', url: '/health/ready' });
        return [name, statusCode === 200 ? 'ready' : 'not ready'] as const;
      }),
    );
    const isReady = this.closing === null && services.every(([, status]) => status === 'ready');
    const body = { status: isReady ? 'ready' : 'not ready', services: Object.fromEntries(services) };
    send(response, isReady ? 200 : 503, body, isReady ? undefined : '1');
  }
}

/** Opens and closes a port, for whoever opens it later. Throws ListenError. */
export async function tryPort(host: string, port: number, what: string, flag: string): Promise<number> {
  const server = createServer();
  await listening(server, host, port, what, flag);
  const taken = (server.address() as AddressInfo).port;
  await new Promise((resolve) => server.close(resolve));
  return taken;
}

async function listening(server: Server, host: string, port: number, what: string, flag: string) {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(new ListenError(what, flag, host, port, error)));
    server.listen(port, host, resolve);
  });
  server.removeAllListeners('error');
}

type Told = readonly [status: number, code: string, title: string, detail: string];
const NOT_FOUND: Told = [
  404,
  'monteore.not-found',
  'Not found',
  'There is nothing at this path: services live under /api/<service>.',
];
const NOT_OPEN: Told = [
  503,
  'monteore.not-open',
  'Not available right now',
  'Monteore is starting or stopping; try again in a moment.',
];
const NO_DATABASE: Told = [
  503,
  'monteore.database-restarting',
  'Not available right now',
  'The database is being started again; try again in a moment.',
];

function sendProblem(response: ServerResponse, [status, code, title, detail]: Told): void {
  const problem = {
    type: `https://monteore.example/problems/${code}`,
    title,
    status,
    detail,
    code,
    traceId: randomId(),
  };
  response.setHeader('content-type', 'application/problem+json; charset=utf-8');
  send(response, status, problem, status === 503 ? '1' : undefined);
}

function send(response: ServerResponse, status: number, body: object, retryAfterSeconds?: string): void {
  if (!response.hasHeader('content-type'))
    response.setHeader('content-type', 'application/json; charset=utf-8');
  if (retryAfterSeconds !== undefined) response.setHeader('retry-after', retryAfterSeconds);
  response.statusCode = status;
  response.end(JSON.stringify(body));
}
