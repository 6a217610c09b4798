import { PassThrough } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import type { ServiceCore } from '@monteore/service';
import { writeStatement } from '@monteore/workbook';
import { Inject, Injectable } from '@nestjs/common';
import { fileNameOf } from '../exporting-boards/file-name.js';
import { StatementSources } from '../exporting-boards/statement-source.js';
import { BoardDesk } from '../reading-boards/board-desk.js';
import { Boards } from '../reading-boards/boards.js';
import { CORE } from '../tokens.js';
import { StatementStreams } from './statement-stream.js';

/**
 * R14: makes the file of a closed package, keeps it by its SHA-256, then records that it is kept. A crash in between
 * leaves at most a file that nobody names; the next look does it again, and what is recorded once never changes.
 */
@Injectable()
export class StatementMaker {
  constructor(
    @Inject(CORE) private readonly core: ServiceCore,
    @Inject(Boards) private readonly boards: Boards,
    @Inject(BoardDesk) private readonly desk: BoardDesk,
    @Inject(StatementSources) private readonly sources: StatementSources,
    @Inject(StatementStreams) private readonly streams: StatementStreams,
  ) {}

  /** Does nothing while one of the two last words is missing: it schedules a look of its own when it comes. */
  async makeIfClosed(packageId: string): Promise<void> {
    const found = await this.boards.package(packageId);
    if (found?.closed_at == null || found.closed_on === null || found.activities_closed !== true) return;
    if (await this.streams.isMade(packageId)) return;
    const language = await this.desk.languageOfClient(found.client_id);
    const source = await this.sources.open(packageId, language, found.closed_at);
    const out = new PassThrough();
    const [bytes] = await Promise.all([
      buffer(out),
      writeStatement(out, language, source.head, source.activities, source.movements()),
    ]);
    const sha256 = await this.core.blobs.put(bytes);
    await this.streams.record(
      {
        packageId,
        clientId: found.client_id,
        sha256,
        sizeBytes: bytes.byteLength,
        fileName: fileNameOf(found.name, found.closed_on),
      },
      found.closed_on,
    );
  }
}
