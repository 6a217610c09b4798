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

/** Of the places committed here, so many are remembered. */
const REMEMBERED = 10_000;

/**
 * How far a consumer has come, per source and key (architecture.md, second rule). Waiting for a position ends as soon
 * as this process commits it; another instance's commit is seen by polling, in one question for all who wait.
 */
export class Marks {
  private readonly waiters = new Set<Waiter>();
  /** What this process has committed last, the oldest first: at most as far as the table. */
  private readonly remembered = new Map<string, bigint>();
  private poll: NodeJS.Timeout | null = null;

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
    await tx.query(this.statement(1), this.parameters(reached));
  }

  /** Writes marks, none of which ever goes back; its three parameters begin with this number. */
  statement(parameter: number): string {
    return `INSERT INTO ${this.schema}.consumer_marks (source, key, position)
      SELECT * FROM unnest($${parameter}::text[], $${parameter + 1}::text[], $${parameter + 2}::bigint[])
      ON CONFLICT (source, key) DO UPDATE SET position = greatest(consumer_marks.position, EXCLUDED.position)`;
  }

  parameters(reached: readonly SourcePosition[]): readonly unknown[] {
    return [
      reached.map(({ source }) => source),
      reached.map(({ key }) => key),
      reached.map(({ position }) => position.toString()),
    ];
  }

  /** To be called after the commit that wrote them. */
  committed(marks: Iterable<SourcePosition>): void {
    for (const mark of marks) {
      const place = placeOf(mark);
      this.remembered.delete(place);
      this.remembered.set(place, mark.position);
      this.tell(place, mark.position);
    }
    for (const place of this.remembered.keys()) {
      if (this.remembered.size <= REMEMBERED) break;
      this.remembered.delete(place);
    }
  }

  /** Resolves true as soon as the mark has reached the position, false after `timeoutMillis`. */
  async waitFor(wanted: SourcePosition, timeoutMillis: number): Promise<boolean> {
    const isReached = () => (this.remembered.get(placeOf(wanted)) ?? -1n) >= wanted.position;
    if (isReached() || (await this.read(this.database, wanted.source, wanted.key)) >= wanted.position)
      return true;
    // Committed here while the table was read: nobody would tell.
    if (isReached()) return true;
    return new Promise((resolve) => {
      const waiter: Waiter = {
        ...wanted,
        done: (reached) => {
          clearTimeout(timer);
          this.waiters.delete(waiter);
          resolve(reached);
        },
      };
      const timer = setTimeout(() => waiter.done(false), timeoutMillis);
      this.waiters.add(waiter);
      this.pollSoon();
    });
  }

  private tell(place: string, position: bigint): void {
    for (const waiter of this.waiters) {
      if (placeOf(waiter) === place && position >= waiter.position) waiter.done(true);
    }
  }

  private pollSoon(): void {
    if (this.waiters.size === 0) return;
    this.poll ??= setTimeout(() => void this.pollNow(), this.pollMillis);
  }

  /** Never rejects: a database that is away is asked again, until those who wait give up. */
  private async pollNow(): Promise<void> {
    const wanted = [...this.waiters];
    try {
      const marks = await this.of(this.database, wanted);
      for (const waiter of wanted) if (!marks.isBehind(waiter)) waiter.done(true);
    } catch {
      // Asked again below.
    }
    this.poll = null;
    this.pollSoon();
  }
}
