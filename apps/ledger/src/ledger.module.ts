import type { ServiceCore } from '@monteore/service';
import { type DynamicModule, Module } from '@nestjs/common';
import { CqrsModule } from '@nestjs/cqrs';
import { ClosureController } from './closing-a-package/closure.controller.js';
import { Rollover } from './closing-a-package/rollover.js';
import { OverrunLinksController } from './deciding-overruns/overrun-links.controller.js';
import { OverrunsController } from './deciding-overruns/overruns.controller.js';
import { PackagesController } from './explaining-a-balance/packages.controller.js';
import { KnownActivities } from './following-activities/known-activities.js';
import { Reactions } from './following-activities/reactions.js';
import { WorkEntriesController } from './logging-work/work-entries.controller.js';
import { OpenPackageController } from './opening-a-package/open-package.controller.js';
import { DecidePackageHandler } from './package-stream/decide-package.js';
import { HoursController } from './package-stream/hours.controller.js';
import { PackageDesk } from './package-stream/package-desk.js';
import { PackageStreams } from './package-stream/package-streams.js';
import { ClientStreams } from './registering-clients/client-streams.js';
import { ClientsController } from './registering-clients/clients.controller.js';
import { CORE } from './tokens.js';

@Module({})
export class LedgerModule {
  static around(core: ServiceCore): DynamicModule {
    return {
      module: LedgerModule,
      imports: [CqrsModule.forRoot()],
      controllers: [
        ClientsController,
        OpenPackageController,
        PackagesController,
        HoursController,
        WorkEntriesController,
        OverrunsController,
        OverrunLinksController,
        ClosureController,
      ],
      providers: [
        { provide: CORE, useValue: core },
        { provide: PackageStreams, useValue: new PackageStreams(core) },
        { provide: ClientStreams, useValue: new ClientStreams(core) },
        { provide: KnownActivities, useValue: new KnownActivities(core.database) },
        DecidePackageHandler,
        PackageDesk,
        Rollover,
        Reactions,
      ],
    };
  }
}
