import type { ServiceDefinition } from '@monteore/service';
import { boardHandlers, STATEMENT_LOOKS } from './folding-boards/handlers.js';
import { boardTables, statementTables } from './folding-boards/tables.js';
import { projectStatement } from './making-the-closing-statement/kept-statements.js';
import { StatementMaker } from './making-the-closing-statement/statement-maker.js';
import { publishStatement } from './making-the-closing-statement/statement-stream.js';
import { BoardRebuilds } from './rebuilding-boards/board-rebuilds.js';
import { rebuildsTable } from './rebuilding-boards/rebuilds-table.js';
import { ReportingModule } from './reporting.module.js';
import { BoardWatch } from './watching-boards/board-watch.js';

/** Reporting: boards, deadlines, spreadsheets. Its one own fact is that a closing statement was made. */
export const reportingService: ServiceDefinition = {
  name: 'reporting',
  migrations: [boardTables, statementTables, rebuildsTable],
  module: (core) => ReportingModule.around(core),
  publish: publishStatement,
  handlers: () => boardHandlers,
  onHandled: (app) => app.get(BoardWatch).folded(),
  projection: () => ({ project: projectStatement }),
  due: (_core, app) => {
    const look = ({ entityId }: { readonly entityId: string }) =>
      app.get(StatementMaker).makeIfClosed(entityId);
    return { [STATEMENT_LOOKS.PackageClosed]: look, [STATEMENT_LOOKS.ActivitiesClosed]: look };
  },
  startExtras: async (_core, app) => {
    const [rebuilds, watch] = [app.get(BoardRebuilds), app.get(BoardWatch)];
    rebuilds.start();
    return {
      stop: async () => {
        await rebuilds.stop();
        await watch.stop();
      },
    };
  },
};
