import { takeInChargeDeadline } from '@monteore/calendar';
import { zDeadlineQuery } from '@monteore/contracts';
import { Allow, type Caller, CallerOf, CONTACTS, type ServiceCore, TEAM } from '@monteore/service';
import { Controller, Get, Inject, Query } from '@nestjs/common';
import type { z } from 'zod';
import { closingDaysOf } from '../request/numbers.js';
import { RequestDesk } from '../request/request-desk.js';
import { CORE } from '../tokens.js';

/** R9: until when a request received at a moment is taken in charge, and the days that were counted. */
@Controller('v1/take-in-charge-deadline')
export class DeadlineController {
  constructor(
    @Inject(CORE) private readonly core: ServiceCore,
    @Inject(RequestDesk) private readonly desk: RequestDesk,
  ) {}

  @Get()
  @Allow('intake:read', ...TEAM, 'auditor', ...CONTACTS)
  async tell(
    @Query({ schema: zDeadlineQuery }) { receivedAt, packageId }: z.output<typeof zDeadlineQuery>,
    @CallerOf() { principal }: Caller,
  ) {
    if (packageId !== undefined) await this.desk.packageOf(principal, packageId);
    const closingDays = await closingDaysOf(this.core.database, packageId);
    const deadline = takeInChargeDeadline(new Date(receivedAt).toISOString(), closingDays);
    const { takeInChargeBy, takeInChargeOn, countedFrom, workingDays } = deadline;
    return { takeInChargeBy, takeInChargeOn, countedFrom, workingDays };
  }
}
