import type { ServerResponse } from 'node:http';
import type { Watcher } from './board-watch.js';

/** What may wait for a reader. One who leaves more than this unread is dropped, and comes back with its last id. */
export const MAX_WAITING_BYTES = 64 * 1024;
export const HEARTBEAT_MILLIS = 15_000;
/** As long as an access token is valid: a reader then comes back with a new one. */
const MAX_STREAM_MILLIS = 15 * 60_000;

export interface EventStreamOptions {
  readonly packageId: string;
  /** `Last-Event-ID`: where the reader already is. */
  readonly known: string | undefined;
  /** Asked again before each change is told and at each heartbeat. */
  readonly mayStillSee: () => Promise<boolean>;
  readonly heartbeatMillis?: number;
}

/** The server-sent events of one reader: `changed`, whose id is the board's position, and comments as a sign of life. */
export class EventStream implements Watcher {
  readonly packageId: string;
  known: string | undefined;
  private readonly heartbeat: NodeJS.Timeout;
  private readonly lifetime: NodeJS.Timeout;
  private checking: Promise<void> = Promise.resolve();

  constructor(
    private readonly response: ServerResponse,
    private readonly options: EventStreamOptions,
  ) {
    this.packageId = options.packageId;
    this.known = options.known;
    this.heartbeat = setInterval(
      () => this.tell(': still here\n\n'),
      options.heartbeatMillis ?? HEARTBEAT_MILLIS,
    );
    this.lifetime = setTimeout(() => this.end(), MAX_STREAM_MILLIS);
    response.once('close', () => {
      clearInterval(this.heartbeat);
      clearTimeout(this.lifetime);
    });
    response.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    });
    response.write('retry: 2000\n\n');
  }

  changed(position: string): void {
    this.known = position;
    this.tell(
      `event: changed\nid: ${position}\ndata: ${JSON.stringify({ packageId: this.packageId, position })}\n\n`,
    );
  }

  end(): void {
    this.response.end();
  }

  /** In order, each after its own check of the reader's rights. */
  private tell(text: string): void {
    this.checking = this.checking
      .then(() => this.options.mayStillSee())
      .then((may) => (may ? this.write(text) : this.end()))
      .catch(() => void this.response.destroy());
  }

  private write(text: string): void {
    if (this.response.writableLength > MAX_WAITING_BYTES) this.response.destroy();
    else if (!this.response.writableEnded) this.response.write(text);
  }
}
