import type { ServiceCore } from '@monteore/service';
import { type DynamicModule, Module } from '@nestjs/common';
import { CqrsModule } from '@nestjs/cqrs';
import { BoardDesk } from './board-stream/board-desk.js';
import { BoardStreams } from './board-stream/board-streams.js';
import { DecideBoardHandler } from './board-stream/decide-board.js';
import { DecisionsController } from './deciding-estimates/decisions.controller.js';
import { DecisionLinksController } from './decision-links/decision-links.controller.js';
import { LedgerCopy } from './following-the-ledger/ledger-copy.js';
import { Reactions } from './following-the-ledger/reactions.js';
import { ProposeActivityController } from './proposing-activities/propose-activity.controller.js';
import { ReplicaController } from './replicating-work/replica.controller.js';
import { ActivitiesController } from './showing-activities/activities.controller.js';
import { ActivityViews } from './showing-activities/activity-views.js';
import { EstimatesController } from './submitting-estimates/estimates.controller.js';
import { CORE } from './tokens.js';
import { WorkController } from './working-on-activities/work.controller.js';

@Module({})
export class EstimationModule {
  static around(core: ServiceCore): DynamicModule {
    return {
      module: EstimationModule,
      imports: [CqrsModule.forRoot()],
      controllers: [
        ActivitiesController,
        ProposeActivityController,
        EstimatesController,
        DecisionsController,
        DecisionLinksController,
        WorkController,
        ReplicaController,
      ],
      providers: [
        { provide: CORE, useValue: core },
        { provide: BoardStreams, useValue: new BoardStreams(core) },
        { provide: LedgerCopy, useValue: new LedgerCopy(core.database) },
        ActivityViews,
        BoardDesk,
        DecideBoardHandler,
        Reactions,
      ],
    };
  }
}
