import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { randomId } from '@monteore/kernel';

/** A listener that could not be opened, in one sentence that names what chooses its port. */
export class ListenError extends Error {
  constructor({ host, port, what, chosenWith }: ListenAddress, error: NodeJS.ErrnoException) {
    const reasons: Readonly<Record<string, string>> = {
      EADDRINUSE: 'is taken by another process',
      EACCES: 'may not be opened by this user',
      EADDRNOTAVAIL: 'is no address of this machine',
    };
    const reason = reasons[error.code ?? ''] ?? `cannot be opened (${error.message})`;
    super(`${host}:${port} for ${what} ${reason}: choose another with ${chosenWith}`);
    this.name = 'ListenError';
  }
}

export interface ListenAddress {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  /** What it is for, and the flag or variable that chooses it, for the operator. */
  readonly what: string;
  readonly chosenWith: string;
}

type Answerer = (request: IncomingMessage, response: ServerResponse) => void;

const DRAIN_LIMIT_MILLISECONDS = 5000;

/** An HTTP server that listens before there is somebody to answer, and lets what has begun end when it closes. */
export class HttpDoor {
  private closing: Promise<void> | null = null;
  private readonly streams = new Set<ServerResponse>();

  private constructor(
    private readonly server: Server,
    answer: Answerer,
  ) {
    server.on('request', (request, response) => {
      if (this.isClosing) response.setHeader('connection', 'close');
      answer(request, response);
    });
  }

  /** Throws ListenError. */
  static async listen(address: ListenAddress, answer: Answerer): Promise<HttpDoor> {
    const server = createServer();
    await listening(server, address);
    return new HttpDoor(server, answer);
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  get isClosing(): boolean {
    return this.closing !== null;
  }

  /** To be called for what goes to a service: event streams, which never end, are cut when the door closes. */
  watch(request: IncomingMessage, response: ServerResponse): void {
    if (request.headers.accept?.includes('text/event-stream') !== true) return;
    this.streams.add(response);
    response.once('close', () => this.streams.delete(response));
  }

  /** Answers what has begun, within 5 seconds, and nothing more. */
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
}

/** Opens and closes a port, for whoever opens it later. Throws ListenError. */
export async function tryPort(address: ListenAddress): Promise<number> {
  const server = createServer();
  await listening(server, address);
  const taken = (server.address() as AddressInfo).port;
  await new Promise((resolve) => server.close(resolve));
  return taken;
}

async function listening(server: Server, address: ListenAddress): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(new ListenError(address, error)));
    server.listen(address.port, address.host, resolve);
  });
  server.removeAllListeners('error');
}

/** A problem (RFC 9457) told by the door itself. */
export interface DoorProblem {
  readonly status: number;
  readonly code: string;
  readonly title: string;
  readonly detail: string;
  /** With status 503; default 1. */
  readonly retryAfterSeconds?: number;
}

export function sendDoorProblem(
  response: ServerResponse,
  { status, code, title, detail, retryAfterSeconds = 1 }: DoorProblem,
): void {
  const type = `https://monteore.example/problems/${code}`;
  response.setHeader('content-type', 'application/problem+json; charset=utf-8');
  sendJson(response, status, { type, title, status, detail, code, traceId: randomId() }, retryAfterSeconds);
}

/** With `Retry-After` where the answer is 503. */
export function sendJson(
  response: ServerResponse,
  status: number,
  body: object,
  retryAfterSeconds = 1,
): void {
  if (!response.hasHeader('content-type'))
    response.setHeader('content-type', 'application/json; charset=utf-8');
  if (status === 503) response.setHeader('retry-after', String(retryAfterSeconds));
  response.statusCode = status;
  response.end(JSON.stringify(body));
}
