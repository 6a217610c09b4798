import type { SqlTransaction } from '../port.js';

export interface SourcePosition {
  readonly source: string;
  readonly key: string;
  readonly position: bigint;
}

interface Waiter extends SourcePosition {
  readonly done: (reached: boolean) => void;
}

/**
 * How far a consumer has come, per source and key (architecture.md, second rule). Waiting for a position ends as soon
 * as this process commits it; another instance's commit is seen by polling.
 */
export class Marks {
  private readonly waiters = new Set<Waiter>();

  constructor(
    private readonly database: SqlTransaction,
    private readonly schema: string,
    private readonly pollMillis = 50,
  ) {}

  async read(tx: SqlTransaction, source: string, key: string): Promise<bigint> {
    const rows = await tx.query<{ position: string }>(
      `SELECT position FROM ${this.schema}.consumer_marks WHERE source = $1 AND key = $2`,
      [source, key],
    );
    return rows[0] === undefined ? -1n : BigInt(rows[0].position);
  }

  async write(tx: SqlTransaction, { source, key, position }: SourcePosition): Promise<void> {
    await tx.query(
      `INSERT INTO ${this.schema}.consumer_marks (source, key, position) VALUES ($1, $2, $3)
       ON CONFLICT (source, key) DO UPDATE SET position = greatest(consumer_marks.position, EXCLUDED.position)`,
      [source, key, position],
    );
  }

  /** To be called after the commit that wrote them. */
  committed(marks: Iterable<SourcePosition>): void {
    for (const mark of marks) {
      for (const waiter of this.waiters) {
        if (waiter.source === mark.source && waiter.key === mark.key && mark.position >= waiter.position)
          waiter.done(true);
      }
    }
  }

  /** Resolves true as soon as the mark has reached the position, false after `timeoutMillis`. */
  async waitFor(wanted: SourcePosition, timeoutMillis: number): Promise<boolean> {
    const reached = async () =>
      (await this.read(this.database, wanted.source, wanted.key)) >= wanted.position;
    if (await reached()) return true;
    return new Promise((resolve) => {
      const done = (result: boolean) => {
        clearInterval(poll);
        clearTimeout(timer);
        this.waiters.delete(waiter);
        resolve(result);
      };
      const waiter: Waiter = { ...wanted, done };
      const poll = setInterval(
        () =>
          void reached().then(
            (now) => now && done(true),
            () => {},
          ),
        this.pollMillis,
      );
      const timer = setTimeout(() => done(false), timeoutMillis);
      this.waiters.add(waiter);
    });
  }
}
