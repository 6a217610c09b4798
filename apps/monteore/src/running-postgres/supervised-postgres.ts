import { createWriteStream } from 'node:fs';
import { rename } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '@monteore/embedded-postgres';

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

/**
 * The embedded Postgres, started anew on the same port when it dies: at most 5 times within 10 minutes, each a little
 * later than the one before.
 */
export class SupervisedPostgres {
  private readonly restartedAt: number[] = [];
  private stopping = false;
  private restarting: Promise<void> = Promise.resolve();
  private up = true;

  private constructor(
    private server: EmbeddedPostgres,
    private readonly options: SupervisedPostgresOptions,
    private readonly log: (line: string) => void,
  ) {
    this.watch();
  }

  /** Throws Error when it does not start. */
  static async start(options: SupervisedPostgresOptions): Promise<SupervisedPostgres> {
    await rename(options.logFile, `${options.logFile}.1`).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
    });
    const stream = createWriteStream(options.logFile, { mode: 0o600 });
    stream.on('error', (error) => options.report(`the log of Postgres cannot be written: ${error.message}`));
    const log = (line: string) => stream.write(`${line}\n`);
    const { dataDir, password } = options;
    return new SupervisedPostgres(await startEmbeddedPostgres({ dataDir, password, log }), options, log);
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

  private async restart(): Promise<void> {
    const { dataDir, password, report, onGivenUp } = this.options;
    const port = Number(new URL(this.server.adminUrl('postgres')).port);
    for (;;) {
      const now = performance.now();
      while (now - (this.restartedAt[0] ?? now) > RESTARTS_COUNTED_MILLISECONDS) this.restartedAt.shift();
      if (this.restartedAt.length >= RESTARTS_AT_MOST) {
        onGivenUp(
          `Postgres ended ${RESTARTS_AT_MOST} times within ten minutes; its last words are in ${this.options.logFile}`,
        );
        return;
      }
      await pause(this.restartedAt.length * 500);
      if (this.stopping) return;
      this.restartedAt.push(performance.now());
      try {
        this.server = await startEmbeddedPostgres({ dataDir, password, port, log: this.log });
      } catch (error) {
        report(`Postgres did not start again: ${(error as Error).message}`);
        continue;
      }
      this.up = true;
      report('Postgres is back');
      this.watch();
      return;
    }
  }
}
