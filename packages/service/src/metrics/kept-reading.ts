const ASK_EVERY_MILLISECONDS = 5000;
const PATIENCE_MILLISECONDS = 2000;
const OLDEST_MILLISECONDS = 30_000;

/**
 * Something that is asked elsewhere, for a display: at most every 5 s and once for all who want it. Who wants it waits
 * for at most 2 s, and gets what is known from the last 30 s, else null; a failed question is as good as none.
 */
export class KeptReading<T> {
  private known: { readonly value: T; readonly at: number } | null = null;
  private asking: Promise<void> | null = null;

  constructor(private readonly ask: () => Promise<T>) {}

  async get(): Promise<T | null> {
    if (this.age() < ASK_EVERY_MILLISECONDS) return this.known!.value;
    this.asking ??= this.ask()
      .then(
        (value) => {
          this.known = { value, at: performance.now() };
        },
        () => {},
      )
      .finally(() => {
        this.asking = null;
      });
    await settledWithin(PATIENCE_MILLISECONDS, this.asking);
    return this.age() < OLDEST_MILLISECONDS ? this.known!.value : null;
  }

  private age(): number {
    return this.known === null ? Number.POSITIVE_INFINITY : performance.now() - this.known.at;
  }
}

function settledWithin(millis: number, work: Promise<void>): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, millis).unref();
    void work.then(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}
