import type { ServiceCore } from '@monteore/service';
import { type DynamicModule, Module } from '@nestjs/common';
import { BoardExports } from './exporting-boards/board-exports.js';
import { ExportController } from './exporting-boards/export.controller.js';
import { StatementSources } from './exporting-boards/statement-source.js';
import { DeadlinesController } from './listing-deadlines/deadlines.controller.js';
import { KeptStatements } from './making-the-closing-statement/kept-statements.js';
import { StatementMaker } from './making-the-closing-statement/statement-maker.js';
import { StatementStreams } from './making-the-closing-statement/statement-stream.js';
import { BoardLinksController } from './opening-board-links/board-links.controller.js';
import { BoardDesk } from './reading-boards/board-desk.js';
import { BoardsController } from './reading-boards/boards.controller.js';
import { Boards } from './reading-boards/boards.js';
import { BoardRebuilds } from './rebuilding-boards/board-rebuilds.js';
import { RebuildController } from './rebuilding-boards/rebuild.controller.js';
import { CORE } from './tokens.js';
import { BoardEventsController } from './watching-boards/board-events.controller.js';
import { BoardWatch } from './watching-boards/board-watch.js';

@Module({})
export class ReportingModule {
  static around(core: ServiceCore): DynamicModule {
    return {
      module: ReportingModule,
      controllers: [
        BoardsController,
        ExportController,
        BoardEventsController,
        DeadlinesController,
        BoardLinksController,
        RebuildController,
      ],
      providers: [
        { provide: CORE, useValue: core },
        { provide: Boards, useValue: new Boards(core.database) },
        { provide: KeptStatements, useValue: new KeptStatements(core.database) },
        { provide: StatementStreams, useValue: new StatementStreams(core) },
        BoardDesk,
        BoardWatch,
        BoardRebuilds,
        BoardExports,
        StatementSources,
        StatementMaker,
      ],
    };
  }
}
