import type { ServiceCore } from '@monteore/service';
import { Inject, Injectable } from '@nestjs/common';
import { isFolded } from '../folding-boards/handlers.js';
import { CORE } from '../tokens.js';
import { BoardRebuild, type NotedType } from './board-rebuild.js';

const LOOK_EVERY_MILLIS = 30_000;

/**
 * The rebuilds of this instance: the one that an operator asks for, and the one that a build does by itself when it
 * handles a type that was passed over before. It goes on looking, because while releases change an instance of the
 * one before may still pass it over.
 */
@Injectable()
export class BoardRebuilds {
  private readonly stopping = new AbortController();
  private running: Promise<void> = Promise.resolve();
  private looking: Promise<void> = Promise.resolve();
  private timer: NodeJS.Timeout | undefined;

  constructor(@Inject(CORE) private readonly core: ServiceCore) {}

  start(): void {
    this.looking = this.look()
      .catch((error: unknown) => this.core.logger.warn({ err: error }, 'noted types could not be looked at'))
      .finally(() => {
        if (!this.stopping.signal.aborted)
          this.timer = setTimeout(() => this.start(), LOOK_EVERY_MILLIS).unref();
      });
  }

  /** What is half done is given up; the boards that are there go on serving. */
  async stop(): Promise<void> {
    this.stopping.abort(new Error('the service stops'));
    clearTimeout(this.timer);
    await this.looking;
    await this.running;
  }

  /** False while a rebuild runs here or elsewhere; otherwise one has begun. */
  async begin(): Promise<boolean> {
    const { settings, database, messaging, logger } = this.core;
    const rebuild = await BoardRebuild.open({
      ownerUrl: settings.ownerDatabaseUrl,
      schema: database.schema,
      messaging,
      signal: this.stopping.signal,
      ...(settings.runtimeRole === undefined ? {} : { runtimeRole: settings.runtimeRole }),
    });
    if (rebuild === null) return false;
    this.running = rebuild.run().then(
      (messages) => logger.info({ messages: Number(messages) }, 'the boards were folded anew'),
      (error: unknown) => logger.error({ err: error }, 'the boards were not folded anew'),
    );
    return true;
  }

  private async look(): Promise<void> {
    const noted = await this.core.database.query<NotedType>('SELECT topic, type FROM ignored_types');
    const handled = noted.filter(({ topic, type }) => isFolded(topic, type)).map(({ type }) => type);
    if (handled.length > 0 && (await this.begin()))
      this.core.logger.info({ types: handled }, 'types that were passed over are handled now: folding anew');
  }
}
