import { UnavailableError } from '@monteore/kernel';
import type { Inbox } from '@monteore/messaging';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import type { OwnProjection } from '../database/own-projection.js';
import type { ServiceTransaction } from '../database/service-database.js';
import { decodePosition, type Freshness, POSITION_HEADER } from './command-context.js';
import { sendProblem } from './problem.filter.js';

/** Monteore-Position: a call that carries one sees at least that state, or 503 after a bounded wait (api.md, Freshness). */
export function guardFreshness(
  fastify: FastifyInstance,
  core: { readonly source: string; readonly logger: Logger },
  inbox: Inbox<ServiceTransaction>,
  projection: OwnProjection | null,
  followsItself: boolean,
): void {
  const reached = async (wanted: Freshness): Promise<boolean> => {
    if (wanted.source !== core.source) return inbox.waitFor(wanted, 2000);
    if (followsItself && !(await inbox.waitFor(wanted, 2000))) return false;
    const until = performance.now() + 2000;
    while (projection !== null && (await projection.position()) < wanted.position) {
      if (performance.now() > until) return false;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    return true;
  };
  fastify.addHook('preHandler', async (request: FastifyRequest, reply: FastifyReply) => {
    const header = request.headers[POSITION_HEADER];
    if (header === undefined) return;
    try {
      const wanted = decodePosition(String(header));
      if (await reached(wanted)) return;
      throw new UnavailableError('service.not-that-fresh-yet', 'This service has not come that far yet.', 1);
    } catch (error) {
      sendProblem(reply, request, error, core.logger);
      return reply;
    }
  });
}
