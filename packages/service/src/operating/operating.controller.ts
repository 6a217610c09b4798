import { RefusalError, refuse } from '@monteore/kernel';
import { Body, Controller, Get, HttpCode, Inject, Post } from '@nestjs/common';
import { z } from 'zod';
import { Allow } from '../http/auth.guard.js';
import { lagOf, ServiceParts } from './lag.js';

const zRepublish = z.object({
  from: z.string('the position as a text').regex(/^\d{1,18}$/, 'a position of the event store: digits only'),
});

/** What an operator asks of every service: how far behind it is, and to publish once more. */
@Controller('v1')
export class OperatingController {
  constructor(@Inject(ServiceParts) private readonly parts: ServiceParts) {}

  @Get('lag')
  @Allow('service:operate', 'administrator')
  lag() {
    return lagOf(this.parts.current);
  }

  /** The relay publishes its events from a position on once more; consumers pass over what they have had. */
  @Post('relay/republish')
  @HttpCode(202)
  @Allow('service:operate', 'administrator')
  async republish(@Body({ schema: zRepublish }) { from }: z.output<typeof zRepublish>) {
    const { relay } = this.parts.current;
    const before = await relay.republishFrom(BigInt(from));
    if (before === null) {
      const checkpoint = await relay.checkpoint();
      throw new RefusalError(
        refuse(
          409,
          'service.beyond-checkpoint',
          'Not published so far',
          `Position ${from} is beyond ${checkpoint}, up to which events were published: there is nothing to repeat.`,
        ),
      );
    }
    return { from, checkpoint: before.toString() };
  }
}
