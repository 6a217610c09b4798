import { Bell } from '@monteore/kernel';
import pg from 'pg';
import type { OnProblem } from '../subscribing/subscription.js';

const FIRST_PAUSE_MILLISECONDS = 100;
const LONGEST_PAUSE_MILLISECONDS = 5_000;
/** A NOTIFY is a transaction of its own: under load they come together, this far apart at least. */
const NOTIFY_INTERVAL_MILLISECONDS = 20;

/**
 * Wakes subscriptions when something was appended: those of this process at once, those of others by NOTIFY, on one
 * connection beside the pool that listens too and reconnects by itself. A signal may be lost: subscriptions poll as well.
 */
export class Signals {
  readonly #listeners = new Set<Bell>();
  readonly #bell = new Bell();
  #running: Promise<void> | undefined;
  #announced = false;
  #closed = false;

  constructor(
    private readonly config: pg.ClientConfig,
    private readonly channel: string,
    private readonly onProblem: OnProblem,
  ) {}

  /** Rings `bell` at every signal until the returned function is called. */
  listen(bell: Bell): () => void {
    this.#listeners.add(bell);
    this.#start();
    return () => this.#listeners.delete(bell);
  }

  /** Called after a commit that added events. */
  announce(): void {
    this.#ringAll();
    this.#announced = true;
    this.#start();
    this.#bell.ring();
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#bell.ring();
    await this.#running;
  }

  #ringAll(): void {
    for (const bell of this.#listeners) bell.ring();
  }

  #start(): void {
    if (!this.#closed) this.#running ??= this.#run();
  }

  async #run(): Promise<void> {
    let pause = FIRST_PAUSE_MILLISECONDS;
    while (!this.#closed) {
      try {
        await this.#session(() => {
          pause = FIRST_PAUSE_MILLISECONDS;
        });
      } catch (error) {
        this.onProblem('the connection that listens for new events was lost', error);
        await this.#pauseFor(pause);
        pause = Math.min(pause * 2, LONGEST_PAUSE_MILLISECONDS);
      }
    }
  }

  /** Not cut short by announcements: only `close` ends it early. */
  async #pauseFor(milliseconds: number): Promise<void> {
    const end = performance.now() + milliseconds;
    for (let left = milliseconds; left > 0 && !this.#closed; left = end - performance.now())
      await this.#bell.wait(left);
  }

  /** One connection's life: resolves at `close`, rejects when it is lost. */
  async #session(connected: () => void): Promise<void> {
    const client = new pg.Client(this.config);
    let lost: Error | undefined;
    const lose = (error?: Error) => {
      lost ??= error ?? new Error('Connection terminated');
      this.#bell.ring();
    };
    client.on('error', lose);
    client.on('end', () => lose());
    client.on('notification', ({ processId }) => {
      if (processId !== ownProcessId(client)) this.#ringAll();
    });
    try {
      await client.connect();
      // What is notified is already durable, so nothing has to be flushed for the notice.
      await client.query(`SET synchronous_commit = off; LISTEN "${this.channel}"`);
      connected();
      this.#ringAll();
      await this.#talk(client, () => lost);
    } finally {
      await client.end().catch(() => {});
    }
  }

  async #talk(client: pg.Client, lost: () => Error | undefined): Promise<void> {
    while (!this.#closed) {
      const error = lost();
      if (error !== undefined) throw error;
      if (this.#announced) {
        this.#announced = false;
        await client.query(`NOTIFY "${this.channel}"`);
        await this.#pauseFor(NOTIFY_INTERVAL_MILLISECONDS);
      } else {
        await this.#bell.wait(60_000);
      }
    }
  }
}

/** pg keeps the id of its server process without declaring it. */
function ownProcessId(client: pg.Client): number | null {
  return (client as unknown as { processID: number | null }).processID;
}
