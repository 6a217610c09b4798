import type { ServiceCore } from '@monteore/service';
import { Inject, Injectable } from '@nestjs/common';
import { Boards } from '../reading-boards/boards.js';
import { CORE } from '../tokens.js';

/** One reader of one board's changes. */
export interface Watcher {
  readonly packageId: string;
  /** The position it was last told. */
  readonly known: string | undefined;
  /** The board has come to another position. */
  changed(position: string): void;
  /** The watch is over: the process stops. */
  end(): void;
}

const LOOK_EVERY_MILLIS = 200;

/**
 * Looks at the positions of all watched boards together, whichever instance folded their events, and tells those who
 * know another one. Costs nothing while nobody watches.
 */
@Injectable()
export class BoardWatch {
  private readonly watchers = new Set<Watcher>();
  private timer: NodeJS.Timeout | undefined;
  private looking: Promise<void> = Promise.resolve();
  private stopped = false;

  constructor(
    @Inject(CORE) private readonly core: ServiceCore,
    @Inject(Boards) private readonly boards: Boards,
  ) {}

  get size(): number {
    return this.watchers.size;
  }

  /** Answers how to leave. */
  add(watcher: Watcher): () => void {
    if (this.stopped) {
      watcher.end();
      return () => {};
    }
    this.watchers.add(watcher);
    if (this.watchers.size === 1) this.schedule(0);
    return () => this.watchers.delete(watcher);
  }

  async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    await this.looking;
    for (const watcher of [...this.watchers]) watcher.end();
    this.watchers.clear();
  }

  private schedule(afterMillis: number): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.looking = this.look()
        .catch((error: unknown) => this.core.logger.warn({ err: error }, 'boards could not be watched'))
        .finally(() => {
          if (!this.stopped && this.watchers.size > 0) this.schedule(LOOK_EVERY_MILLIS);
        });
    }, afterMillis);
  }

  private async look(): Promise<void> {
    const watchers = [...this.watchers];
    const positions = await this.boards.positions([...new Set(watchers.map(({ packageId }) => packageId))]);
    for (const watcher of watchers) {
      const position = positions.get(watcher.packageId);
      if (position !== undefined && position !== watcher.known) watcher.changed(position);
    }
  }
}
