import { setTimeout as pause } from 'node:timers/promises';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '@monteore/embedded-postgres';
import { ServerLog } from './server-log.js';

export interface SupervisedPostgresOptions {
  readonly dataDir: string;
  readonly password: string;
  /** Gets the server's log; that of the run before is kept beside it as `.1`. */
  readonly logFile: string;
  /** Told when it died and when it is back. */
  readonly report: (line: string) => void;
  /** Called once, when it does not stay up. */
  readonly onGivenUp: (reason: string) => void;
}

const RESTARTS_AT_MOST = 5;
const RESTARTS_COUNTED_MILLISECONDS = 600_000;
const ROOM_TRIED_EVERY_MILLISECONDS = 2000;
const LAST_WORDS_MILLISECONDS = 10_000;
/** What the server says when the disk, or its share of it, is full. */
const NO_ROOM = /No space left on device|Disk quota exceeded/;

/**
 * The embedded Postgres, started anew on the same port when it dies: at most 5 times within 10 minutes, each a little
 * later than the one before. When it died of a full disk, it is tried for as long as it takes until there is room.
 */
export class SupervisedPostgres {
  private readonly restartedAt: number[] = [];
  private stopping = false;
  private restarting: Promise<void> = Promise.resolve();
  private up = true;
  private lackedRoomAt = Number.NEGATIVE_INFINITY;
  private server!: EmbeddedPostgres;

  private constructor(
    private readonly options: SupervisedPostgresOptions,
    private readonly serverLog: ServerLog,
  ) {}

  /** Throws Error when it does not start. */
  static async start(options: SupervisedPostgresOptions): Promise<SupervisedPostgres> {
    const log = await ServerLog.start(options.logFile, options.report);
    const supervised = new SupervisedPostgres(options, log);
    await supervised.launch();
    supervised.watch();
    return supervised;
  }

  get dataDir(): string {
    return this.server.dataDir;
  }

  isUp(): boolean {
    return this.up;
  }

  /** Good for the whole life of this object: the port stays. */
  adminUrl(database: string): string {
    return this.server.adminUrl(database);
  }

  async stop(): Promise<void> {
    this.stopping = true;
    await this.restarting;
    this.up = false;
    await this.server.stop();
  }

  /** For a process that ends at once: no checkpoint is written, and the next start recovers. */
  abandon(): void {
    this.stopping = true;
    try {
      process.kill(this.server.pid, 'SIGQUIT');
    } catch {
      // Gone already, which is what was asked for.
    }
  }

  private watch(): void {
    void this.server.ended.then(() => {
      if (this.stopping) return;
      this.up = false;
      this.options.report('Postgres ended; starting it again');
      this.restarting = this.restart();
    });
  }

  private readonly log = (line: string): void => {
    if (NO_ROOM.test(line)) this.lackedRoomAt = performance.now();
    this.serverLog.write(line);
  };

  private async launch(port?: number): Promise<void> {
    const { dataDir, password } = this.options;
    this.lackedRoomAt = Number.NEGATIVE_INFINITY;
    this.server = await startEmbeddedPostgres({
      dataDir,
      password,
      log: this.log,
      ...(port === undefined ? {} : { port }),
    });
  }

  private async restart(): Promise<void> {
    const { report, onGivenUp, logFile } = this.options;
    const port = Number(new URL(this.server.adminUrl('postgres')).port);
    for (let toldOfRoom = false; ; ) {
      const forRoom = this.lacksRoom;
      if (forRoom && !toldOfRoom) report(`${NO_ROOM_LEFT} ${this.server.dataDir}`);
      toldOfRoom ||= forRoom;
      if (!forRoom && !this.mayRestart()) {
        onGivenUp(
          `Postgres ended ${RESTARTS_AT_MOST} times within ten minutes; its last words are in ${logFile}`,
        );
        return;
      }
      await pause(forRoom ? ROOM_TRIED_EVERY_MILLISECONDS : this.restartedAt.length * 500);
      if (this.stopping) return;
      if (!forRoom) this.restartedAt.push(performance.now());
      try {
        await this.launch(port);
      } catch (error) {
        if (!this.lacksRoom) report(`Postgres did not start again: ${(error as Error).message}`);
        continue;
      }
      this.up = true;
      report('Postgres is back');
      this.watch();
      return;
    }
  }

  /** Its last words were about room. */
  private get lacksRoom(): boolean {
    return performance.now() - this.lackedRoomAt < LAST_WORDS_MILLISECONDS;
  }

  private mayRestart(): boolean {
    const now = performance.now();
    while (now - (this.restartedAt[0] ?? now) > RESTARTS_COUNTED_MILLISECONDS) this.restartedAt.shift();
    return this.restartedAt.length < RESTARTS_AT_MOST;
  }
}

const NO_ROOM_LEFT = 'Postgres has no room left; make room, and it is started again by itself:';
