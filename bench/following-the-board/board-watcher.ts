import type { WorkedPackage } from '../systems/open-packages.ts';
import type { System } from '../systems/system.ts';

interface Waiting {
  readonly position: bigint;
  readonly resolve: (at: number) => void;
}

const LIMIT_MILLISECONDS = 60_000;

/** Readers of boards' server-sent events, one a package. */
export class BoardWatcher {
  private readonly waiting = new Map<string, Waiting[]>();
  private readonly reached = new Map<string, bigint>();
  private readonly leaving = new AbortController();

  static async watch(
    system: System,
    token: string,
    packages: readonly WorkedPackage[],
  ): Promise<BoardWatcher> {
    const watcher = new BoardWatcher();
    for (const { packageId } of packages) {
      const answer = await fetch(`${system.urlOf('reporting')}/v1/boards/${packageId}/events`, {
        headers: { authorization: `Bearer ${token}` },
        signal: watcher.leaving.signal,
      });
      if (answer.status !== 200) throw new Error(`the board's events were answered ${answer.status}`);
      void watcher.follow(packageId, answer.body!).catch(() => {});
    }
    return watcher;
  }

  /** When, by `performance.now()`, the board was first said to stand at this position of the ledger or beyond. */
  shows(packageId: string, position: bigint): Promise<number> {
    if ((this.reached.get(packageId) ?? -1n) >= position) return Promise.resolve(performance.now());
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error(`nobody was told of the board of ${packageId}`)),
        LIMIT_MILLISECONDS,
      );
      const done = (at: number) => {
        clearTimeout(timer);
        resolve(at);
      };
      this.waiting.set(packageId, [...(this.waiting.get(packageId) ?? []), { position, resolve: done }]);
    });
  }

  stop(): void {
    this.leaving.abort();
  }

  private async follow(packageId: string, body: ReadableStream<Uint8Array>): Promise<void> {
    let text = '';
    const decoder = new TextDecoder();
    for await (const chunk of body) {
      text += decoder.decode(chunk, { stream: true });
      const events = text.split('\n\n');
      text = events.pop()!;
      for (const event of events) {
        const ledger = /^id: (\d+)\./m.exec(event)?.[1];
        if (ledger !== undefined) this.told(packageId, BigInt(ledger));
      }
    }
  }

  private told(packageId: string, position: bigint): void {
    const now = performance.now();
    this.reached.set(packageId, position);
    const waiting = this.waiting.get(packageId) ?? [];
    for (const one of waiting) if (one.position <= position) one.resolve(now);
    this.waiting.set(
      packageId,
      waiting.filter((one) => one.position > position),
    );
  }
}
