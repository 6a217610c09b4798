import { setTimeout as pause } from 'node:timers/promises';
import {
  type Messaging,
  ReleasedMeanwhileError,
  Replay,
  type Taken,
  takenBy,
  withoutEffect,
} from '@monteore/messaging';
import { BOARD_TOPICS, isFolded } from '../folding-boards/handlers.js';
import { BOARD_TABLES } from '../folding-boards/tables.js';
import { OwnerConnection } from './owner-connection.js';
import { RebuildNotes, rebuildLock } from './rebuilds-table.js';
import { Shadow } from './shadow.js';

export interface RebuildOptions {
  /** Of the role that owns the tables. */
  readonly ownerUrl: string;
  /** The service's schema. */
  readonly schema: string;
  /** The role that the service runs as, when it is not the owner. */
  readonly runtimeRole?: string;
  readonly messaging: Messaging;
  /** Ends it: the boards that are there go on serving. */
  readonly signal?: AbortSignal;
  /** Called after each chunk and before the swap. */
  readonly onProgress?: (readMessages: bigint) => Promise<void>;
}

/** So few messages are folded while the consumer waits. */
const SMALL_REST = 1000n;
const RELEASES_AT_MOST = 5;
/** Longer than Postgres takes to send its own cleaning away from a table; readers that come meanwhile wait as long. */
const LOCK_MILLISECONDS = 2000;
const PAUSE_AFTER_LOCK_MILLISECONDS = 1000;

/**
 * Folds the boards anew from the first message on, into tables beside those that go on serving and being written, and
 * puts them in their place in one transaction in which the consumer waits. Whenever it dies, the boards that were
 * there serve, and the next one begins from the start.
 */
export class BoardRebuild {
  private readonly shadow: Shadow;
  private readonly notes: RebuildNotes;

  private constructor(
    private readonly owner: OwnerConnection,
    private readonly options: RebuildOptions,
  ) {
    this.shadow = new Shadow(owner, `${options.schema}_shadow`);
    this.notes = new RebuildNotes(owner, options.schema);
  }

  /** Null while another one runs, wherever it does. Whoever gets one calls `run`. */
  static async open(options: RebuildOptions): Promise<BoardRebuild | null> {
    const owner = await OwnerConnection.open(options.ownerUrl);
    try {
      if (await owner.tryLock(rebuildLock(options.schema))) {
        const rebuild = new BoardRebuild(owner, options);
        await rebuild.notes.begin();
        return rebuild;
      }
    } catch (error) {
      await owner.close();
      throw error;
    }
    await owner.close();
    return null;
  }

  /** Resolves with the number of messages read when the new boards serve. Throws what kept them from it. */
  async run(): Promise<bigint> {
    try {
      return await this.untilNothingIsReleased();
    } catch (error) {
      await this.notes.failed((error as Error).message).catch(() => {});
      await this.shadow.drop().catch(() => {});
      throw error;
    } finally {
      await this.owner.close();
    }
  }

  private async untilNothingIsReleased(): Promise<bigint> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.foldAndSwap();
      } catch (error) {
        if (!(error instanceof ReleasedMeanwhileError) || attempt >= RELEASES_AT_MOST) throw error;
      }
    }
  }

  private async foldAndSwap(): Promise<bigint> {
    await this.shadow.make();
    await this.noteEveryPartition();
    let taken = await this.taken();
    const replay = this.replay((read) => this.progress(read, replay.behind(taken)));
    for (;;) {
      await this.catchUp(replay, taken);
      taken = await this.taken();
      if (replay.behind(taken) > SMALL_REST) continue;
      await this.shadow.analyse();
      await this.progress(replay.read, replay.behind(taken));
      if (await this.swap(replay)) break;
      await pause(PAUSE_AFTER_LOCK_MILLISECONDS, undefined, { signal: this.options.signal });
    }
    await this.shadow.drop();
    return replay.read;
  }

  private replay(onChunk: (readMessages: bigint) => Promise<void>): Replay {
    const { messaging, schema, signal } = this.options;
    const replay: Replay = new Replay({
      subscriber: messaging,
      group: `monteore.${schema}.rebuild`,
      fold: (topic, messages) => this.shadow.fold(topic, messages, () => onChunk(replay.read)),
      ...(signal === undefined ? {} : { signal }),
    });
    return replay;
  }

  private taken(options?: { readonly lock: boolean }): Promise<Taken> {
    return takenBy(this.owner, this.options.schema, BOARD_TOPICS, options);
  }

  private async catchUp(replay: Replay, taken: Taken): Promise<void> {
    await replay.catchUp(taken);
    await this.shadow.flush();
  }

  private async progress(read: bigint, behind: bigint): Promise<void> {
    await this.notes.progress(read, read + behind);
    await this.options.onProgress?.(read);
    this.options.signal?.throwIfAborted();
  }

  /** A partition that the consumer has not come to yet has no offset that could be locked. */
  private async noteEveryPartition(): Promise<void> {
    for (const topic of BOARD_TOPICS) {
      const ends = await this.options.messaging.endOffsets(topic);
      await this.owner.query(
        `INSERT INTO ${this.options.schema}.consumer_offsets (topic, partition, next_offset)
         SELECT $1, partition, 0 FROM unnest($2::integer[]) AS partition ON CONFLICT DO NOTHING`,
        [topic, ends.map(({ partition }) => partition)],
      );
    }
  }

  /**
   * Folds the rest while the consumer waits, then exchanges the tables. False when somebody reads them for too long:
   * nothing has happened then but that the rest is folded.
   */
  private swap(replay: Replay): Promise<boolean> {
    return this.owner.transaction(async () => {
      await this.catchUp(replay, await this.taken({ lock: true }));
      if (!(await this.lockTables())) return false;
      // A parked key may have been released until its tables were locked; nothing of it can come from here on.
      replay.requireUpToDate(await withoutEffect(this.owner, this.options.schema, BOARD_TOPICS));
      await this.exchange();
      await this.forgetHandledTypes();
      await this.notes.swapped(replay.read);
      return true;
    });
  }

  private async lockTables(): Promise<boolean> {
    const { schema } = this.options;
    await this.owner.script(`SAVEPOINT folded; SET LOCAL lock_timeout TO ${LOCK_MILLISECONDS}`);
    try {
      await this.owner.script(
        `LOCK TABLE ${BOARD_TABLES.map((table) => `${schema}.${table}`).join(', ')} IN ACCESS EXCLUSIVE MODE`,
      );
      return true;
    } catch (error) {
      if (!NOT_AVAILABLE.has(String((error as { code?: unknown }).code))) throw error;
      await this.owner.script('ROLLBACK TO SAVEPOINT folded');
      return false;
    }
  }

  private async exchange(): Promise<void> {
    const { schema, runtimeRole } = this.options;
    for (const table of BOARD_TABLES) {
      await this.owner.script(`
        DROP TABLE ${schema}.${table};
        ALTER TABLE ${this.shadow.schema}.${table} SET SCHEMA ${schema};
        ${runtimeRole === undefined ? '' : `GRANT SELECT, INSERT, UPDATE, DELETE ON ${schema}.${table} TO ${runtimeRole};`}`);
    }
  }

  /** What was passed over when no build knew it is in the new tables. */
  private async forgetHandledTypes(): Promise<void> {
    const { schema } = this.options;
    const noted = await this.owner.query<NotedType>(`SELECT topic, type FROM ${schema}.ignored_types`);
    for (const { topic, type } of noted.filter((note) => isFolded(note.topic, note.type)))
      await this.owner.query(`DELETE FROM ${schema}.ignored_types WHERE topic = $1 AND type = $2`, [
        topic,
        type,
      ]);
  }
}

/** A type that the consumer has passed over, because nothing handled it. */
export interface NotedType {
  readonly topic: string;
  readonly type: string;
}

/** SQL states of a lock that could not be had: in time, or without a deadlock. */
const NOT_AVAILABLE = new Set(['55P03', '40P01']);
