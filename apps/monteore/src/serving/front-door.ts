import type { IncomingMessage, ServerResponse } from 'node:http';
import {
  type DoorProblem,
  HttpDoor,
  mergedMetrics,
  type RunningService,
  sendDoorProblem,
  sendJson,
} from '@monteore/service';

/** What the front door asks about everything behind it. */
export interface Behind {
  readonly services: readonly RunningService[];
  /** False while the database is being started again. */
  readonly isDatabaseUp: () => boolean;
  /** False while the disk has no room for more: reading goes on, and whatever else is refused. */
  readonly hasRoom: () => boolean;
}

/**
 * The one HTTP server: `/api/<service>/…` goes to the service without the prefix. It listens before the services
 * run, so that a port that is taken is known at once, and answers 503 until it is opened.
 */
export class FrontDoor {
  private behind: Behind | null = null;
  private door!: HttpDoor;

  /** Throws ListenError. */
  static async listen(host: string, port: number): Promise<FrontDoor> {
    const front = new FrontDoor();
    front.door = await HttpDoor.listen(
      { host, port, what: 'HTTP', chosenWith: '--port' },
      (request, response) => front.answer(request, response),
    );
    return front;
  }

  get port(): number {
    return this.door.port;
  }

  /** From now on the services answer. */
  open(behind: Behind): void {
    this.behind = behind;
  }

  /** Answers what has begun, and nothing more. */
  close(): Promise<void> {
    return this.door.close();
  }

  private answer(request: IncomingMessage, response: ServerResponse): void {
    const url = request.url ?? '/';
    const path = url.split('?')[0]!;
    if (path === '/health/live') sendJson(response, 200, { status: 'live' });
    else if (path === '/health/ready') void this.answerReady(response);
    else if (path === '/metrics') void this.answerMetrics(response);
    else this.handOver(url, request, response);
  }

  private handOver(url: string, request: IncomingMessage, response: ServerResponse): void {
    const [, name, rest = ''] = /^\/api\/([^/?]+)(.*)$/s.exec(url) ?? [];
    const service = this.behind?.services.find((candidate) => candidate.name === name);
    const refusal = this.refusalFor(service, request.method);
    if (refusal !== null || service === undefined) {
      sendDoorProblem(response, refusal ?? NOT_FOUND);
      return;
    }
    this.door.watch(request, response);
    request.url = rest.startsWith('/') ? rest : `/${rest}`;
    service.handle(request, response);
  }

  private refusalFor(service: RunningService | undefined, method = ''): DoorProblem | null {
    if (this.behind === null || this.door.isClosing) return NOT_OPEN;
    if (service === undefined) return NOT_FOUND;
    if (!this.behind.isDatabaseUp()) return this.behind.hasRoom() ? NO_DATABASE : NO_ROOM;
    return this.behind.hasRoom() || READING.has(method) ? null : NO_ROOM;
  }

  /** Those of all services, for Prometheus; 503 while they cannot be read. */
  private async answerMetrics(response: ServerResponse): Promise<void> {
    try {
      const services = this.behind?.services ?? [];
      const { contentType, text } = await mergedMetrics(services.map(({ metrics }) => metrics));
      response.setHeader('content-type', contentType);
      response.end(text);
    } catch {
      sendDoorProblem(response, NO_DATABASE);
    }
  }

  private async answerReady(response: ServerResponse): Promise<void> {
    const { behind } = this;
    if (behind === null || this.door.isClosing || !behind.isDatabaseUp()) {
      sendJson(response, 503, { status: 'not ready' });
      return;
    }
    const services = await Promise.all(
      behind.services.map(async ({ name, app }) => {
        const { statusCode } = await app.inject({ method: 'GET', url: '/health/ready' });
        return [name, statusCode === 200 ? 'ready' : 'not ready'] as const;
      }),
    );
    const isReady = !this.door.isClosing && services.every(([, status]) => status === 'ready');
    const body = { status: isReady ? 'ready' : 'not ready', services: Object.fromEntries(services) };
    sendJson(response, isReady ? 200 : 503, body);
  }
}

const READING = new Set(['GET', 'HEAD', 'OPTIONS']);

const NOT_FOUND: DoorProblem = {
  status: 404,
  code: 'monteore.not-found',
  title: 'Not found',
  detail: 'There is nothing at this path: services live under /api/<service>.',
};
const NOT_OPEN: DoorProblem = {
  status: 503,
  code: 'monteore.not-open',
  title: 'Not available right now',
  detail: 'Monteore is starting or stopping; try again in a moment.',
};
const NO_DATABASE: DoorProblem = {
  status: 503,
  code: 'monteore.database-restarting',
  title: 'Not available right now',
  detail: 'The database is being started again; try again in a moment.',
};
const NO_ROOM: DoorProblem = {
  status: 503,
  code: 'monteore.disk-full',
  title: 'Not available right now',
  detail:
    'The disk is full: nothing new is taken until its operator has made room. Nothing of this call was kept.',
  retryAfterSeconds: 30,
};
