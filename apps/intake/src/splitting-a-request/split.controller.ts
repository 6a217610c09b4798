import { zId, zSplitRequest } from '@monteore/contracts';
import { derivedId, isRefusal, RefusalError, refuse } from '@monteore/kernel';
import { Allow, type Caller, CallerOf, type ServiceCore, TEAM } from '@monteore/service';
import { Body, Controller, HttpCode, Inject, Param, Post, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import type { z } from 'zod';
import { detectUrgency } from '../reading-mail/index.js';
import { keepContent, loadContent, type RequestContent } from '../request/content.js';
import { type SplitPart, split } from '../request/decide.js';
import { closingDaysOf, nextRequestNumber } from '../request/numbers.js';
import { RequestDesk } from '../request/request-desk.js';
import { requestEventOf } from '../request/streams.js';
import { CORE } from '../tokens.js';

type Split = z.output<typeof zSplitRequest>;

/** R8: a mail that held several requests becomes several, each with the mail and the deadline of its receipt. */
@Controller('v1/requests/:requestId/split')
export class SplitController {
  constructor(
    @Inject(CORE) private readonly core: ServiceCore,
    @Inject(RequestDesk) private readonly desk: RequestDesk,
  ) {}

  @Post()
  @HttpCode(200)
  @Allow('intake:write', ...TEAM)
  async split(
    @Param('requestId', { schema: zId }) requestId: string,
    @Body({ schema: zSplitRequest }) body: Split,
    @CallerOf() caller: Caller,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const { request } = await this.desk.see(caller.principal, requestId);
    const original = await loadContent(this.core.blobs, request.contentRef);
    for (const [index, part] of body.parts.entries()) refuseWordsNotWritten(original, part, index);
    const parts: SplitPart[] = [];
    for (const [index, part] of body.parts.entries()) {
      parts.push(await this.keepPart(original, part, derivedId('part', caller.commandId, String(index))));
    }
    const closingDays = await closingDaysOf(this.core.database, request.snapshot.packageId);
    const { events } = await this.desk.command(requestId, caller, body, reply, (current) => {
      const decided = split(current, parts, closingDays);
      return isRefusal(decided) ? decided : { events: decided.events, created: decided.received };
    });
    const done = events.map(requestEventOf).find((event) => event.type === 'RequestSplit');
    return { requestIds: done?.data.partIds ?? [] };
  }

  /** R8: a part is urgent only if its own text says so or the person marked the words. */
  private async keepPart(
    original: RequestContent,
    { subject, text, urgentWords }: Split['parts'][number],
    requestId: string,
  ): Promise<SplitPart> {
    const own = detectUrgency(subject, text);
    const evidence = [...new Set([...own.evidence, ...(urgentWords === undefined ? [] : [urgentWords])])];
    const urgent = evidence.length > 0;
    const contentRef = await keepContent(this.core.blobs, {
      ...original,
      subject,
      text,
      urgent,
      urgencyEvidence: evidence,
      possiblySeveral: false,
      severalEvidence: [],
    });
    return { requestId, number: await nextRequestNumber(this.core.database), urgent, contentRef };
  }
}

const plain = (text: string): string => text.replace(/\s+/g, ' ').trim().toLowerCase();

/** Urgency is the client's word (R2): what a person marks has to stand in what the client wrote. */
function refuseWordsNotWritten(
  { subject, text }: RequestContent,
  { urgentWords }: Split['parts'][number],
  index: number,
): void {
  if (urgentWords === undefined || plain(`${subject}\n${text}`).includes(plain(urgentWords))) return;
  const pointer = `/parts/${index}/urgentWords`;
  const detail = 'these words do not stand in the original request';
  throw new RefusalError(
    refuse(
      422,
      'intake.words-not-written',
      'Urgency must be said by the client',
      `${pointer}: ${detail}: mark words that the client wrote.`,
      { errors: [{ pointer, detail }] },
    ),
  );
}
