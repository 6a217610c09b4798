import { Bell } from '@monteore/kernel';
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

/** What another instance has folded is seen so late. */
const LOOK_EVERY_MILLIS = 200;

/**
 * Looks at the positions of all watched boards together, at once when this instance has folded something and else by
 * the clock, and tells those who know another one. Costs nothing while nobody watches.
 */
@Injectable()
export class BoardWatch {
  private readonly watchers = new Set<Watcher>();
  private readonly bell = new Bell();
  private looking: Promise<void> | null = null;
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
    this.bell.ring();
    this.looking ??= this.keepLooking();
    return () => this.watchers.delete(watcher);
  }

  /** To be told whenever boards were folded here. */
  folded(): void {
    this.bell.ring();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    this.bell.ring();
    await this.looking;
    for (const watcher of [...this.watchers]) watcher.end();
    this.watchers.clear();
  }

  /** Never rejects. */
  private async keepLooking(): Promise<void> {
    while (!this.stopped && this.watchers.size > 0) {
      await this.bell.wait(LOOK_EVERY_MILLIS);
      if (this.stopped) break;
      await this.look().catch((error: unknown) =>
        this.core.logger.warn({ err: error }, 'boards could not be watched'),
      );
    }
    this.looking = null;
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
