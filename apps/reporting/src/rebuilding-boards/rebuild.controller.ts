import { RefusalError, refuse } from '@monteore/kernel';
import { Allow, type ServiceCore } from '@monteore/service';
import { Controller, Get, HttpCode, Inject, Post } from '@nestjs/common';
import { CORE } from '../tokens.js';
import { BoardRebuilds } from './board-rebuilds.js';
import { rebuildState } from './rebuilds-table.js';

/** The operator's rebuild of the boards, beside those that serve. */
@Controller('v1/read-models/boards/rebuild')
export class RebuildController {
  constructor(
    @Inject(CORE) private readonly core: ServiceCore,
    @Inject(BoardRebuilds) private readonly rebuilds: BoardRebuilds,
  ) {}

  /** How the last one stands, whichever instance does it. */
  @Get()
  @Allow('service:operate', 'administrator')
  show() {
    return rebuildState(this.core.database);
  }

  @Post()
  @HttpCode(202)
  @Allow('service:operate', 'administrator')
  async begin() {
    if (!(await this.rebuilds.begin())) {
      throw new RefusalError(
        refuse(
          409,
          'reporting.rebuild-running',
          'A rebuild runs already',
          'The boards are being rebuilt: wait until that has ended.',
        ),
      );
    }
    return rebuildState(this.core.database);
  }
}
