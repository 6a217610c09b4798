import { PassThrough } from 'node:stream';
import { localDateOf } from '@monteore/calendar';
import { type Language, UnavailableError } from '@monteore/kernel';
import { notFound, type ServiceCore } from '@monteore/service';
import { writeStatement } from '@monteore/workbook';
import { Inject, Injectable } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { KeptStatements } from '../making-the-closing-statement/kept-statements.js';
import { Boards } from '../reading-boards/boards.js';
import { CORE } from '../tokens.js';
import { fileNameOf } from './file-name.js';
import { StatementSources } from './statement-source.js';

const XLSX = 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet';

/** R14: the spreadsheet of a board: of an open one as it stands, of a closed one the file that was kept. */
@Injectable()
export class BoardExports {
  constructor(
    @Inject(CORE) private readonly core: ServiceCore,
    @Inject(Boards) private readonly boards: Boards,
    @Inject(KeptStatements) private readonly kept: KeptStatements,
    @Inject(StatementSources) private readonly sources: StatementSources,
  ) {}

  /** Answers with the file. The caller has checked who may see it. Throws 404, and 503 while the file is not there. */
  async send(reply: FastifyReply, packageId: string, languageFor: (clientId: string) => Promise<Language>) {
    const found = await this.boards.package(packageId);
    if (found === null) throw notFound('reporting', 'board');
    if (found.status === 'closed') return this.sendKept(reply, packageId);
    const generatedAt = this.core.clock.now();
    const language = await languageFor(found.client_id);
    const source = await this.sources.open(packageId, language, generatedAt);
    const out = new PassThrough();
    writeStatement(out, language, source.head, source.activities, source.movements()).catch(
      (error: unknown) => this.core.logger.warn({ err: error, packageId }, 'a spreadsheet was not finished'),
    );
    return this.asFile(reply, fileNameOf(found.name, localDateOf(generatedAt))).send(out);
  }

  private async sendKept(reply: FastifyReply, packageId: string) {
    const statement = await this.kept.find(packageId);
    const bytes = statement === null ? null : await this.core.blobs.get(statement.sha256);
    if (statement === null || bytes === null) {
      throw new UnavailableError(
        'reporting.statement-not-yet-made',
        'The package has just been closed and its spreadsheet is being made: try again in a moment.',
        2,
      );
    }
    return this.asFile(reply, statement.fileName)
      .header('etag', `"${statement.sha256}"`)
      .header('content-length', String(statement.sizeBytes))
      .send(bytes);
  }

  private asFile(reply: FastifyReply, fileName: string): FastifyReply {
    return reply
      .header('content-type', XLSX)
      .header('content-disposition', `attachment; filename="${fileName}"`)
      .header('cache-control', 'private, no-cache')
      .header('x-content-type-options', 'nosniff');
  }
}
