import type { SqlTransaction } from '../port.js';

export interface SourcePosition {
  readonly source: string;
  readonly key: string;
  readonly position: bigint;
}

const placeOf = ({ source, key }: Pick<SourcePosition, 'source' | 'key'>): string => `${source}\n${key}`;

/** The marks that matter to a run of messages, moved on as it is handled. */
export class MarksOfRun {
  private readonly known = new Map<string, bigint>();
  private readonly moved = new Map<string, SourcePosition>();

  constructor(marks: readonly SourcePosition[]) {
    for (const mark of marks) this.known.set(placeOf(mark), mark.position);
  }

  /** True when the message has not been handled: its mark is behind it. */
  isBehind(message: SourcePosition): boolean {
    const place = placeOf(message);
    return message.position > (this.moved.get(place)?.position ?? this.known.get(place) ?? -1n);
  }

  reach({ source, key, position }: SourcePosition): void {
    this.moved.set(placeOf({ source, key }), { source, key, position });
  }

  /** One mark a source and key, the furthest. */
  reached(): SourcePosition[] {
    return [...this.moved.values()];
  }
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

  /** The marks of everything among these, read in one go. */
  async of(tx: SqlTransaction, wanted: readonly SourcePosition[]): Promise<MarksOfRun> {
    const distinct = [...new Map(wanted.map((one) => [placeOf(one), one])).values()];
    const rows = await tx.query<{ source: string; key: string; position: string }>(
      `SELECT source, key, position FROM ${this.schema}.consumer_marks
       WHERE (source, key) IN (SELECT * FROM unnest($1::text[], $2::text[]))`,
      [distinct.map(({ source }) => source), distinct.map(({ key }) => key)],
    );
    return new MarksOfRun(rows.map((row) => ({ ...row, position: BigInt(row.position) })));
  }

  async write(tx: SqlTransaction, reached: readonly SourcePosition[]): Promise<void> {
    if (reached.length === 0) return;
    await tx.query(
      `INSERT INTO ${this.schema}.consumer_marks (source, key, position)
       SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[])
       ON CONFLICT (source, key) DO UPDATE SET position = greatest(consumer_marks.position, EXCLUDED.position)`,
      [
        reached.map(({ source }) => source),
        reached.map(({ key }) => key),
        reached.map(({ position }) => position.toString()),
      ],
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
