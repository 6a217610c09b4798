import type { ServiceCore } from '@monteore/service';
import { type DynamicModule, Module } from '@nestjs/common';
import { PeopleController } from './inviting-people/people.controller.js';
import { PersonStreams } from './inviting-people/person-streams.js';
import { JwksController } from './publishing-keys/jwks.controller.js';
import { CORE } from './tokens.js';

@Module({})
export class IdentityModule {
  static around(core: ServiceCore): DynamicModule {
    return {
      module: IdentityModule,
      controllers: [PeopleController, JwksController],
      providers: [
        { provide: CORE, useValue: core },
        { provide: PersonStreams, useValue: new PersonStreams(core) },
      ],
    };
  }
}
