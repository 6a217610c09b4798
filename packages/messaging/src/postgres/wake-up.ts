import pg from 'pg';

/**
 * Listens on one channel over a connection of its own and calls back at every notification with what it says, and
 * without anything when it begins to listen.
 * A lost connection is made anew by itself; what was missed meanwhile is found by polling.
 */
export class WakeUp {
  private client: pg.Client | null = null;
  private stopped = false;
  private retry: NodeJS.Timeout | undefined;

  constructor(
    private readonly connectionString: string,
    private readonly channel: string,
    private readonly onNotice: (notice?: string) => void,
  ) {}

  async start(): Promise<void> {
    if (this.stopped) return;
    const client = new pg.Client({ connectionString: this.connectionString, connectionTimeoutMillis: 2000 });
    client.on('notification', ({ payload }) => this.onNotice(payload));
    client.on('error', () => this.again());
    client.on('end', () => this.again());
    this.client = client;
    try {
      await client.connect();
      await client.query(`LISTEN ${this.channel}`);
      this.onNotice();
    } catch {
      this.again();
    }
  }

  async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.retry);
    await this.client?.end().catch(() => {});
  }

  private again(): void {
    if (this.stopped || this.retry !== undefined) return;
    this.client?.end().catch(() => {});
    this.retry = setTimeout(() => {
      this.retry = undefined;
      void this.start();
    }, 1000);
  }
}
