import { RefusalError, refuse } from '@monteore/kernel';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import { sendProblem } from '../http/problem.filter.js';
import { closedLinkPage } from '../pages/closed-link-page.js';
import { sendPage, wantsPage } from '../pages/page.js';

/** Answers to a link of a mail: whatever goes wrong is a page for people and a problem for programs. */
export async function answerToLink(
  request: FastifyRequest,
  reply: FastifyReply,
  logger: Logger,
  work: () => Promise<void>,
): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!wantsPage(request.headers.accept)) {
      sendProblem(reply, request, error, logger);
      return;
    }
    const status = error instanceof RefusalError ? error.refusal.status : 503;
    if (!(error instanceof RefusalError)) logger.error({ err: error }, 'a page of a link failed');
    sendPage(reply, status, closedLinkPage(status));
  }
}

/** Forged, expired, unknown and taken away look alike (R5). */
export const linkOpensNothing = (service: string): RefusalError =>
  new RefusalError(
    refuse(
      404,
      `${service}.link-unknown`,
      'This link opens nothing',
      'The link is not valid, or not valid any more: ask the referent of your package for a new one.',
    ),
  );
