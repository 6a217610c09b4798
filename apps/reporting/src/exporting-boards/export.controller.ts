import { zId } from '@monteore/contracts';
import { Allow, type Caller, CallerOf, CONTACTS, TEAM } from '@monteore/service';
import { Controller, Get, Inject, Param, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { BoardDesk } from '../reading-boards/board-desk.js';
import { BoardExports } from './board-exports.js';

@Controller('v1/boards/:packageId/export.xlsx')
export class ExportController {
  constructor(
    @Inject(BoardDesk) private readonly desk: BoardDesk,
    @Inject(BoardExports) private readonly exports: BoardExports,
  ) {}

  @Get()
  @Allow('reporting:read', ...TEAM, 'auditor', ...CONTACTS)
  async export(
    @Param('packageId', { schema: zId }) packageId: string,
    @CallerOf() { principal }: Caller,
    @Res() reply: FastifyReply,
  ) {
    await this.desk.see(principal, packageId);
    await this.exports.send(reply, packageId, (clientId) => this.desk.languageFor(principal, clientId));
  }
}
