interface Waiting {
  readonly position: bigint;
  readonly resolve: (at: number) => void;
}

const LIMIT_MILLISECONDS = 60_000;

/** How far boards have come in the ledger's history, and who waits for them to come further. */
export class Progress {
  private readonly waiting = new Map<string, Waiting[]>();
  private readonly reached = new Map<string, bigint>();

  private readonly seenBy: string;

  /** `seenBy`: who looks, for the message of what was not seen. */
  constructor(seenBy: string) {
    this.seenBy = seenBy;
  }

  /** When, by `performance.now()`, the board was first seen at this position of the ledger or beyond. */
  shows(packageId: string, position: bigint): Promise<number> {
    if ((this.reached.get(packageId) ?? -1n) >= position) return Promise.resolve(performance.now());
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(this.notSeen(packageId, position)), LIMIT_MILLISECONDS);
      const done = (at: number) => {
        clearTimeout(timer);
        resolve(at);
      };
      this.waiting.set(packageId, [...(this.waiting.get(packageId) ?? []), { position, resolve: done }]);
    });
  }

  seen(packageId: string, position: bigint): void {
    const now = performance.now();
    this.reached.set(packageId, position);
    const waiting = this.waiting.get(packageId) ?? [];
    for (const one of waiting) if (one.position <= position) one.resolve(now);
    this.waiting.set(
      packageId,
      waiting.filter((one) => one.position > position),
    );
  }

  private notSeen(packageId: string, position: bigint): Error {
    const last = this.reached.get(packageId);
    return new Error(
      `${this.seenBy}: the board of ${packageId} was last seen at ${last ?? 'none'}, and never at ${position}`,
    );
  }
}
