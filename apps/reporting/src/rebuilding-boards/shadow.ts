import type { Message } from '@monteore/messaging';
import { foldMessage } from '../folding-boards/handlers.js';
import { MergedRows } from '../folding-boards/merged-rows.js';
import { BOARD_MIGRATIONS, BOARD_TABLES } from '../folding-boards/tables.js';
import type { OwnerConnection } from './owner-connection.js';

/** Changes that are kept back until they are written together. */
const CHUNK_CHANGES = 8000;

/** The tables of the boards once more, empty at first, in a schema of their own beside the ones that serve. */
export class Shadow {
  private merged = new MergedRows();
  private writing: Promise<void> = Promise.resolve();

  constructor(
    private readonly owner: OwnerConnection,
    readonly schema: string,
  ) {}

  /** As this build would make them, in the place of what a run that died may have left. */
  async make(): Promise<void> {
    this.merged = new MergedRows();
    await this.writing.catch(() => {});
    this.writing = Promise.resolve();
    await this.drop();
    await this.owner.script(`CREATE SCHEMA ${this.schema}; SET search_path TO ${this.schema}`);
    for (const { sql } of BOARD_MIGRATIONS) await this.owner.script(sql);
    // What a crash of the server takes from a shadow is no loss: the run that fills it ends with it.
    await this.owner.script('SET synchronous_commit TO off');
  }

  /** So that nobody plans as if the tables were empty; the server looks more closely by itself, a little later. */
  async analyse(): Promise<void> {
    await this.owner.script(`SET default_statistics_target TO 10; ANALYZE ${BOARD_TABLES.join(', ')}`);
  }

  async drop(): Promise<void> {
    await this.owner.script(
      `SET client_min_messages TO warning; DROP SCHEMA IF EXISTS ${this.schema} CASCADE; RESET search_path`,
    );
  }

  /**
   * A chunk that is full is written while the next one is read, and what is wrong with it is thrown with that. Between
   * two chunks the connection is free for `onChunk`, which would otherwise wait for the whole of one.
   */
  async fold(
    topic: string,
    messages: readonly Message[],
    onChunk: () => void | Promise<void>,
  ): Promise<void> {
    for (const message of messages) for (const change of foldMessage(topic, message)) this.merged.add(change);
    if (this.merged.size < CHUNK_CHANGES) return;
    await this.writing;
    await onChunk();
    this.writing = this.write();
    this.writing.catch(() => {});
  }

  /** Resolves when all of it is written. */
  async flush(): Promise<void> {
    await this.writing;
    await this.write();
  }

  private async write(): Promise<void> {
    const { merged } = this;
    this.merged = new MergedRows();
    for (const { text, parameters } of merged.statements()) await this.owner.query(text, parameters);
  }
}
